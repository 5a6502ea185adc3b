internal import ModelFiles
internal import Reporting
internal import TensorCore

extension RepresentationReport {
  /// The figure: both sides over the song, then how alike they are.
  package var figure: LocalizedFigure {
    LocalizedFigure { language in
      let likeness = [
        map(
          analysis.alignment, language,
          title: language.pick("Linear CKA", "線形 CKA")),
        map(
          analysis.similarity, language,
          title: language.pick("Representational similarity", "表現類似度（RSA）")),
        encoding(language),
      ]
      let rows = traces(language) + [likeness]
      return Figure(
        title: title(language), rows: rows, height: rows.count > 1 ? 1100 : 600,
        language: language, rowWeights: rows.count > 1 ? [1, 1, 1.7] : [])
    }
  }

  private func title(_ language: ReportLanguage) -> String {
    material.traces == nil
      ? language.pick("How alike are two representations?", "2 つの表現はどれほど似ているか")
      : language.pick(
        "One song, heard by a dynamic model and by a Transformer",
        "1 つの歌を動的モデルと Transformer が聞く")
  }

  /// Free energy and error units beside surprisal, over the song.
  private func traces(_ language: ReportLanguage) -> [[Panel]] {
    guard let traces = material.traces else { return [] }
    let x = traces.surprisals.indices.map { Double($0 + 1) }
    let score = language.pick("z-score", "z 得点")
    func standard(_ values: [Double]) -> [Double] { SampleCorrelation.standardized(values) }
    let surprisal = Series.line(
      language.pick("surprisal", "驚き"), role: .surprise, x: x, y: standard(traces.surprisals),
      width: 2, dash: .solid)
    let free = Series.line(
      language.pick("free energy F", "自由エネルギー F"), role: .freeEnergy, x: x,
      y: standard(traces.freeEnergy), width: 2)
    let errors = traces.errorNorms.prefix(2).enumerated().map { index, norms in
      Series.line(
        language.pick("level \(index + 1)", "階層 \(index + 1)"), role: .error,
        variant: index, x: x, y: standard(norms), width: 2)
    }
    let range = 0...Double(x.count + 1)
    return [
      [
        Panel(
          title: language.pick(
            "Surprisal of the Transformer and free energy of the dynamic model",
            "Transformer の驚きと動的モデルの自由エネルギー"),
          yLabel: score, series: [free, surprisal], xRange: range)
      ],
      [
        Panel(
          title: language.pick(
            "Size of the error units ξ of the dynamic model", "動的モデルの誤差ユニット ξ の大きさ"),
          xLabel: language.pick("token of the held-out song", "未学習の歌のトークン"), yLabel: score,
          series: Array(errors.reversed()), xRange: range)
      ],
    ]
  }

  /// Layers by levels, the upper end of the shifted controls last.
  private func map(
    _ likeness: RepresentationAnalysis.Likeness, _ language: ReportLanguage, title: String
  ) -> Panel {
    let values = likeness.values + [likeness.best.map(\.upper)]
    let names =
      encoded.map { language.pick($0.english, $0.japanese) }
      + [language.pick("shift limit", "シフトの上限")]
    let lowest = values.flatMap { $0 }.reduce(0, min)
    let largest = max(0.1, values.flatMap { $0 }.map(abs).reduce(0, max))
    return Panel(
      title: title,
      xLabel: language.pick("level of the dynamic model", "動的モデルの階層"),
      series: [
        .heatMap(
          HeatMap(
            categories: Tensor(rows: values),
            range: lowest < 0
              ? -largest...largest : 0...largest,
            palette: lowest < 0 ? .signed : .amount(.attention), showsValues: true))
      ], legend: .none,
      categories: material.levels.map { language.pick($0.name.english, $0.name.japanese) },
      yCategories: names)
  }

  /// 2-vs-2 accuracy with the range of the shifted controls.
  private func encoding(_ language: ReportLanguage) -> Panel {
    let all = analysis.accuracy + (analysis.ceiling.map { [$0] } ?? [])
    let names =
      encoded.map { language.pick($0.english, $0.japanese) }
      + (analysis.ceiling == nil ? [] : ["ξ"])
    let x = all.indices.map { Double($0 + 1) }
    let layers = analysis.accuracy.count
    var series: [Series] = [
      .intervals(
        language.pick("95 % of shifts", "シフトの 95 %"), role: .neutral(6), x: x,
        lower: all.map(\.lower), upper: all.map(\.upper), width: 5),
      .points(
        language.pick("from layers", "層から"), role: .attention, x: Array(x.prefix(layers)),
        y: all.prefix(layers).map(\.value), size: 16),
    ]
    if let ceiling = analysis.ceiling {
      series.append(
        .points(
          language.pick("from ξ itself", "ξ 自身から"), role: .error, x: [Double(layers + 1)],
          y: [ceiling.value], size: 16))
    }
    let lowest = all.map(\.lower).reduce(0.4, min)
    return Panel(
      title: language.pick("2-vs-2 accuracy of encoding", "符号化の 2 対 2 正答率"),
      yLabel: language.pick("share of pairs", "正答した対の割合"), series: series,
      xRange: 0.5...(Double(all.count) + 0.5), yRange: (lowest - 0.05)...1.05,
      legend: .insideLeft, rules: [.horizontal(0.5)], categories: names,
      turnsLongCategories: true)
  }
}
