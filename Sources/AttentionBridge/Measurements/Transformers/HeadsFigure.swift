package import ModelFiles
internal import Reporting
internal import TensorCore

/// The heads of a model: sharpness and precision beside those before training, and the Bayesian
/// surprise of every step.
package struct HeadsFigure {
  /// The heads after and before training.
  package let trained: [HeadReading], untrained: [HeadReading]
  /// The texts of the tokens that are read, and of those that the decoder has read.
  package let source: [String], target: [String]
  /// Whether the untrained model is the trained one's own start.
  let hasOwnStart: Bool

  /// The figure.
  package var figure: LocalizedFigure {
    let groups = heads
    let even = Self.steps(groups.map { $0.after.logCount })
    let sharper = groups.count { $0.after.entropy < $0.before.entropy }
    let isSharper = 2 * sharper > groups.count
    return LocalizedFigure { language in
      let names = groups.map { $0.name }
      let places = groups.indices.map { Double($0 + 1) }
      let start = HeadsComparison.startName(hasOwnStart)
      let before = language.pick(start.english, start.japanese)
      let after = language.pick("trained", hasOwnStart ? "学習後" : "学習済み")
      let axis =
        trained.count <= HeadsComparison.mostHeads
        ? language.pick(
          "head (E encoder, D decoder, X cross-attention)",
          "ヘッド（E エンコーダー、D デコーダー、X 交差注意）")
        : language.pick("layer (mean of its heads)", "層（ヘッドの平均）")
      let entropy = Panel(
        title: language.pick("Sharpness of the weights", "重みの鋭さ"),
        xLabel: axis,
        yLabel: language.pick("entropy (nats)", "エントロピー（ナット）"),
        series: [
          .line(
            language.pick("even spread", "均等な配分"), role: .truth, x: even.x, y: even.y,
            width: 4),
          .points(
            before, role: .neutral(6), x: places, y: groups.map { $0.before.entropy }, size: 16),
          .points(
            after, role: .attention, x: places, y: groups.map { $0.after.entropy }, size: 20),
        ], xRange: 0.5...(Double(groups.count) + 0.5), categories: names,
        turnsLongCategories: true)
      let precision = Panel(
        title: language.pick("Precision of the state unit", "状態ユニットの精度"),
        xLabel: axis,
        yLabel: language.pick("ln precision (nats)", "対数精度（ナット）"),
        series: [
          .points(
            before, role: .neutral(6), x: places, y: groups.map { $0.before.logPrecision },
            size: 16),
          .points(
            after, role: .state, x: places, y: groups.map { $0.after.logPrecision }, size: 20),
        ], xRange: 0.5...(Double(groups.count) + 0.5), categories: names,
        turnsLongCategories: true)
      return Figure(
        title: language.pick(
          isSharper
            ? "Training makes the heads of a Transformer sharper"
            : "Training does not make the heads of a Transformer sharper",
          isSharper
            ? "学習により Transformer のヘッドは鋭くなる"
            : "学習しても Transformer のヘッドは鋭くならない"),
        rows: [[entropy, precision], [steps(language)]], height: 1100, language: language)
    }
  }

  /// Bayesian surprise of every head at every step of the last stack.
  private func steps(_ language: ReportLanguage) -> Panel {
    let isDecoder = !target.isEmpty
    let shown = trained.filter { !isDecoder || $0.layer.hasPrefix("decoder.") }
      .prefix(HeadsComparison.mostHeads)
    let tokens = isDecoder ? target : source
    let values = shown.flatMap(\.surprises)
    return Panel(
      title: language.pick(
        "Bayesian surprise of each step (nats)",
        "各ステップのベイズ的驚き（ナット）"),
      xLabel: isDecoder
        ? language.pick("token that the decoder has just read", "デコーダーが読んだばかりの文字")
        : language.pick("token (query)", "文字（クエリ）"),
      yLabel: language.pick("head", "ヘッド"),
      series: [
        .heatMap(
          HeatMap(
            categories: Tensor(shape: .matrix(shown.count, tokens.count), values: values),
            range: 0...max(1e-3, values.max() ?? 1), palette: .amount(.attention)))
      ], legend: .none, categories: tokens, yCategories: shown.map(\.shortName))
  }

  /// A level line at every value, unbroken where neighbors are equal.
  private static func steps(_ values: [Double]) -> (x: [Double], y: [Double]) {
    var (x, y): ([Double], [Double]) = ([], [])
    for (index, value) in values.enumerated() {
      let place = Double(index + 1)
      // A value that is not finite leaves a gap.
      if index > 0 && abs(value - values[index - 1]) > 1e-9 {
        x.append(place - 0.5)
        y.append(.nan)
      }
      x += [place - 0.4, place + 0.4]
      y += [value, value]
    }
    return (x, y)
  }

  private typealias Group = (
    name: String, after: HeadReading.Means, before: HeadReading.Means
  )

  private var heads: [Group] {
    if trained.count <= HeadsComparison.mostHeads {
      return zip(trained, untrained).map { ($0.shortName, $0.means, $1.means) }
    }
    var layers: [String] = []
    for head in trained where layers.last != head.layer { layers.append(head.layer) }
    func mean(_ heads: [HeadReading]) -> HeadReading.Means {
      let all = heads.map(\.means)
      return HeadReading.Means(
        entropy: SampleCorrelation.mean(all.map(\.entropy)),
        logPrecision: SampleCorrelation.mean(all.map(\.logPrecision)),
        surprise: SampleCorrelation.mean(all.map(\.surprise)),
        logCount: SampleCorrelation.mean(all.map(\.logCount)))
    }
    return layers.enumerated().map { index, layer in
      (
        "\(index + 1)", mean(trained.filter { $0.layer == layer }),
        mean(untrained.filter { $0.layer == layer })
      )
    }
  }
}

extension HeadReading {
  /// Which stack: encoder, decoder, or cross-attention; and the number of its block from 1.
  private var place: (stack: Int, block: Int) {
    let parts = layer.split(separator: ".")
    let block = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + 1
    if layer.hasSuffix(".crossattention") { return (2, block) }
    return (layer.hasPrefix("decoder.") ? 1 : 0, block)
  }

  /// A label for axes, such as `E1.2` for the second head of the encoder's first block.
  package var shortName: String { "\(["E", "D", "X"][place.stack])\(place.block).\(head + 1)" }

  /// The layer's name for tables.
  package var layerName: LocalizedText {
    LocalizedText(
      english: ["encoder", "decoder", "cross-attention"][place.stack] + " \(place.block)",
      japanese: ["エンコーダー", "デコーダー", "交差注意"][place.stack] + " \(place.block)")
  }

  /// A name for tables.
  package var longName: LocalizedText {
    LocalizedText(
      english: "\(layerName.english), head \(head + 1)",
      japanese: "\(layerName.japanese)・ヘッド \(head + 1)")
  }
}

extension DeviationMeter {
  /// Takes over what another meter has seen.
  package mutating func add(_ other: DeviationMeter) {
    for _ in 0..<other.instances { record(other.value) }
  }
}
