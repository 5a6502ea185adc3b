public import TensorCore

/// Attention maps of one sentence: which tokens every token attends to.
///
/// Rows of the figure are blocks and columns are heads as long as there are at most 16 maps (with
/// more than four heads, those of one block take several rows); otherwise every block shows the
/// mean over its heads.
public struct AttentionFigure: Sendable, Equatable {
  /// Which tokens are compared.
  public enum Kind: Sendable, Equatable {
    /// The tokens of one sentence with each other.
    case own
    /// The tokens of an output with those of the source.
    case cross
  }

  /// The sentence, or what else the heading should say.
  public var sentence: String
  /// The tokens that attend, from top to bottom.
  public var queries: [String]
  /// The tokens that are attended to, from left to right.
  public var keys: [String]
  /// The attention weights [queries × keys] of every head of every block.
  public var weights: [[Tensor<Double>]]
  /// Which tokens are compared.
  public var kind: Kind
  /// The number of the first block that is shown.
  public var firstBlock: Int

  /// The most maps of single heads that one figure shows.
  public static let mostMaps = 16
  private static let columns = 4

  /// Creates a figure; maps of another shape than [queries × keys], or blocks of unequal numbers of
  /// heads, are a caller's bug.
  public init(
    sentence: String, queries: [String], keys: [String], weights: [[Tensor<Double>]],
    kind: Kind = .own, firstBlock: Int = 1
  ) {
    let shape = Shape.matrix(queries.count, keys.count)
    for map in weights.joined() {
      precondition(map.shape == shape, "attention map of \(shape) tokens has shape \(map.shape)")
    }
    precondition(
      weights.allSatisfy { !$0.isEmpty && $0.count == weights[0].count },
      "blocks of \(weights.map(\.count)) heads")
    self.sentence = sentence
    self.queries = queries
    self.keys = keys
    self.weights = weights
    self.kind = kind
    self.firstBlock = firstBlock
  }

  /// Whether single heads give way to the mean of each block.
  public var showsMeans: Bool {
    weights.count * (weights.first?.count ?? 0) > Self.mostMaps
  }

  /// The figure, with one color scale from 0 to 1 for all maps.
  public func figure(language: ReportLanguage, width: Int = 1600, height: Int = 1000) -> Figure {
    let words = Words(language: language)
    let blocks = weights.enumerated().map { block, heads in
      showsMeans
        ? [panel(words.mean(of: block + firstBlock), Self.mean(heads), words)]
        : heads.enumerated().map { head, map in
          panel(words.head(head + 1, of: block + firstBlock), map, words)
        }
    }
    // Heads of one block never share a row with those of another; single maps of blocks do.
    let groups = blocks.allSatisfy { $0.count == 1 } ? [blocks.flatMap { $0 }] : blocks
    // A few maps of long sentences take two rows, so that the names of their keys find room.
    let isWide = keys.count > 12 && groups.count == 1 && (groups.first?.count ?? 0) <= 4
    let columns = isWide ? 2 : Self.columns
    let rows = groups.flatMap { maps in
      // As many rows as needed, of as equal a length as possible.
      let count = max(1, (maps.count + columns - 1) / columns)
      let length = max(1, (maps.count + count - 1) / count)
      return stride(from: 0, to: maps.count, by: length).map {
        Array(maps[$0..<min($0 + length, maps.count)])
      }
    }
    return Figure(
      title: words.title(sentence, kind), rows: rows, width: width, height: height,
      language: language, layout: .grid,
      colorBar: Figure.ColorBar(range: 0...1, label: words.weight))
  }

  private func panel(_ title: String, _ map: Tensor<Double>, _ words: Words) -> Panel {
    Panel(
      title: title, xLabel: words.keys(kind), yLabel: words.queries(kind),
      series: [.heatMap(HeatMap(categories: map, range: 0...1, palette: .amount(.attention)))],
      legend: .none, categories: keys, yCategories: queries, turnsLongCategories: true)
  }

  private static func mean(_ maps: [Tensor<Double>]) -> Tensor<Double> {
    var sum = [Double](repeating: 0, count: maps[0].shape.count)
    for map in maps {
      for (index, value) in map.values.enumerated() { sum[index] += value }
    }
    return Tensor(shape: maps[0].shape, values: sum.map { $0 / Double(maps.count) })
  }

  private struct Words {
    let language: ReportLanguage

    func title(_ sentence: String, _ kind: Kind) -> String {
      let subject =
        switch kind {
        case .own: language.pick("Attention", "注意")
        case .cross: language.pick("Attention to the source", "原文への注意")
        }
      guard !sentence.isEmpty else { return subject }
      return language.pick("\(subject): \(sentence)", "\(subject)：\(sentence)")
    }

    func head(_ head: Int, of block: Int) -> String {
      language.pick("block \(block), head \(head)", "ブロック \(block)・ヘッド \(head)")
    }

    func mean(of block: Int) -> String {
      language.pick("block \(block), mean of its heads", "ブロック \(block)（全ヘッドの平均）")
    }

    func keys(_ kind: Kind) -> String {
      switch kind {
      case .own: language.pick("attended token (key)", "注意を向けられる語（キー）")
      case .cross: language.pick("source token (key)", "原文の語（キー）")
      }
    }

    func queries(_ kind: Kind) -> String {
      switch kind {
      case .own: language.pick("token (query)", "注意を向ける語（クエリ）")
      case .cross: language.pick("output token (query)", "出力の語（クエリ）")
      }
    }

    var weight: String { language.pick("attention weight", "注意の重み") }
  }
}
