internal import Foundation
package import Reporting
package import TensorCore
package import Transformers

/// How alike texts are by their vectors.
package struct SimilarityResult: Sendable {
  /// The texts, and who made them where that must be said.
  package let texts: [String], attribution: String?
  /// The seed of the map.
  package let seed: UInt64
  /// The encoder; nil for vectors of character n-grams.
  package internal(set) var choice: EncoderChoice?
  /// What the encoder was trained to do, where it was trained here.
  package internal(set) var task: TrainingTask?
  /// The texts that were cut to the length an encoder takes; numbers begin with one.
  package internal(set) var cutTexts: [Int] = []
  /// The number of tokens that the encoder takes.
  package internal(set) var sentenceLength = 0
  /// Whether the texts are in a script in which the encoder knows no words.
  package internal(set) var isForeign = false
  /// The share of the tokens that the encoder does not know.
  package internal(set) var unknownShare = 0.0
  /// One vector per text `[n × d]`.
  package internal(set) var vectors = Tensor<Double>(repeating: 0, shape: .matrix(0, 0))
  /// The cosines between them `[n × n]`.
  package internal(set) var cosines = Tensor<Double>(repeating: 1, shape: .matrix(0, 0))
  /// The map; nil for fewer than three texts.
  package internal(set) var map: NeighborEmbedding?

  init(texts: [String], attribution: String?, seed: UInt64) {
    self.texts = texts
    self.attribution = attribution
    self.seed = seed
  }

  /// The other text whose vector is closest; the first of equals.
  package func nearest(to index: Int) -> SentenceVectors.Neighbor {
    let width = vectors.columns
    let vector = Array(vectors.values[(index * width)..<((index + 1) * width)])
    let found = SentenceVectors.nearest(to: vector, in: vectors, count: 1, excluding: index)
    guard let nearest = found.first else { preconditionFailure("a single text") }
    return nearest
  }

  // MARK: Text

  /// How the vectors were made.
  package func method(in language: ReportLanguage) -> String {
    guard let choice else {
      return language.pick(
        "character n-gram vectors, no trained encoder", "文字 n-gram ベクトル（学習なし）")
    }
    return choice.name(task: task)
  }

  /// What a reader should know before trusting the numbers.
  package func notes(in language: ReportLanguage) -> [String] {
    var notes: [String] = []
    if unknownShare > UnknownTokens.tolerable {
      notes.append(UnknownTokens.note(unknownShare, language))
    } else if isForeign {
      notes.append(UnknownTokens.foreignNote(language))
    }
    if !cutTexts.isEmpty {
      let numbers = cutTexts.map(String.init).joined(separator: ", ")
      notes.append(
        language.pick(
          "longer than the encoder's \(sentenceLength) tokens and cut: text \(numbers)",
          "エンコーダの上限 \(sentenceLength) トークンを超えるため切り詰めた文: \(numbers)"))
    }
    if map == nil {
      notes.append(
        language.pick(
          "no map: it takes \(SimilarityRequest.fewestForMap) texts or more",
          "地図なし: 文が \(SimilarityRequest.fewestForMap) 個以上必要です"))
    }
    return notes
  }

  /// The most texts whose similarities are all printed.
  private static let mostPrinted = 12

  /// The result as a person reads it.
  package func report(in language: ReportLanguage, style: TerminalStyle) -> String {
    var text = style.bold(language.pick("Similarity", "類似度") + "  " + method(in: language)) + "\n"
    if let attribution { text += attribution + "\n" }
    text += "\n" + table(in: language).text(style: style, language: language)
    if texts.count <= Self.mostPrinted {
      text += "\n" + matrix(in: language).text(style: style, language: language)
    } else {
      text += language.pick(
        "\nThe cosines of all pairs: --output FILE\n", "\nすべての組のコサインは --output FILE へ\n")
    }
    return text
  }

  /// Every text with its closest neighbor.
  private func table(in language: ReportLanguage) -> TextTable {
    let neighbors = texts.indices.map(nearest)
    return TextTable(columns: [
      TextTable.Column("", texts.indices.map { .integer($0 + 1) }),
      TextTable.Column(language.pick("text", "文"), texts: texts),
      TextTable.Column(
        language.pick("nearest", "最も近い文"), neighbors.map { .integer($0.index + 1) }),
      TextTable.Column(
        language.pick("cosine", "コサイン"),
        neighbors.map { .text(Self.decimals($0.cosine)) }, alignment: .right),
      TextTable.Column(
        language.pick("(1 + cosine) / 2", "(1 + コサイン) / 2"),
        neighbors.map { .text(Self.decimals($0.similarity)) }, alignment: .right),
    ])
  }

  private func matrix(in language: ReportLanguage) -> TextTable {
    var columns = [TextTable.Column("", texts.indices.map { .integer($0 + 1) })]
    for other in texts.indices {
      columns.append(
        TextTable.Column(
          String(other + 1),
          texts.indices.map { .text(Self.decimals(cosines[$0, other])) }, alignment: .right))
    }
    return TextTable(title: language.pick("Cosine similarity", "コサイン類似度"), columns: columns)
  }

  private static func decimals(_ value: Double) -> String {
    let text = String(format: "%.3f", value)
    return text == "-0.000" ? "0.000" : text
  }

  // MARK: Files

  /// The map beside the similarities; nil without a map.
  package func figure(in language: ReportLanguage) -> Figure? {
    guard let map else { return nil }
    let made =
      choice?.shortName(task: task) ?? method(in: language)
    let title = language.pick("Similarity of texts", "文の類似度") + ": " + made
    let names = texts.map { $0.split(whereSeparator: \.isNewline).joined(separator: " ") }
    return VectorMapFigure(
      title: title, names: names, places: map.coordinates, similarities: cosines,
      footnote: attribution ?? ""
    ).figure(language: language)
  }

  /// Everything, for a result file.
  package var tree: ResultTree {
    let neighbors = texts.indices.map(nearest)
    var tree: ResultTree = [
      "encoder": choice?.tree(task: task) ?? ["kind": "characterGrams"],
      "version": .string(OdorokiVersion.current), "texts": .strings(texts),
    ]
    if let attribution { tree["attribution"] = .string(attribution) }
    tree["cosines"] = .tensor(cosines)
    tree["similarities"] = .tensor(
      Tensor(shape: cosines.shape, values: cosines.values.map { (1 + $0) / 2 }))
    tree["nearest"] = [
      "number": .array(neighbors.map { .integer($0.index + 1) }),
      "cosine": .vector(neighbors.map(\.cosine)),
    ]
    if let map {
      tree["map"] = [
        "seed": .integer(Int(clamping: seed)), "perplexity": .number(map.perplexity),
        "divergence": .number(map.progress.last?.divergence ?? .nan),
        "places": .tensor(map.coordinates),
      ]
    }
    if choice != nil { tree["unknownShare"] = .number(unknownShare) }
    tree["vectors"] = .tensor(vectors)
    let notes = notes(in: .english)
    if !notes.isEmpty { tree["notes"] = .strings(notes) }
    return tree
  }

  /// One line per text: the content of a CSV file.
  package var csv: String {
    var text = "number,text,nearest,cosine,x,y"
    text += texts.indices.map { ",cosine.\($0 + 1)" }.joined() + "\n"
    for (index, name) in texts.enumerated() {
      let nearest = nearest(to: index)
      text += "\(index + 1),\(CSVText.field(name)),\(nearest.index + 1),\(nearest.cosine)"
      if let places = map?.coordinates {
        text += ",\(places[index, 0]),\(places[index, 1])"
      } else {
        text += ",,"
      }
      text += texts.indices.map { ",\(cosines[index, $0])" }.joined() + "\n"
    }
    return text
  }

  /// Writes the result in the format that the name of the file asks for.
  ///
  /// - Throws: `ReportingError`.
  package func write(to path: String) throws(ReportingError) {
    try CSVText.write(tree, csv: csv, to: path)
  }
}
