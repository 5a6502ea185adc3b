internal import Foundation
internal import Reporting
internal import Transformers

extension EncoderChoice {
  /// Its path with what it was trained to do.
  func name(task: TrainingTask?) -> String {
    switch self {
    case .checkpoint(let path): path + (task.map { " (\($0.rawValue))" } ?? "")
    case .weights(let folder): folder
    }
  }

  /// The same with the last parts of its path only, for headings of figures.
  func shortName(task: TrainingTask?) -> String {
    func last(_ path: String) -> String {
      path.split(separator: "/").suffix(2).joined(separator: "/")
    }
    return switch self {
    case .checkpoint(let path): EncoderChoice.checkpoint(path: last(path)).name(task: task)
    case .weights(let folder): last(folder)
    }
  }

  /// Its kind, path and task, for a result file.
  func tree(task: TrainingTask?) -> ResultTree {
    switch self {
    case .checkpoint(let path):
      [
        "kind": "checkpoint", "path": .string(path),
        "task": task.map { .string($0.rawValue) } ?? .null,
      ]
    case .weights(let folder): ["kind": "weights", "path": .string(folder)]
    }
  }
}

/// Texts in words that a model does not know.
enum UnknownTokens {
  /// The share up to which similarities keep their meaning.
  static let tolerable = 1.0 / 3

  /// Whether texts hold Japanese letters (kana) while a vocabulary of words in Latin letters has not
  /// one word in kana: an encoder for English reads Japanese letter by letter, without a notion of it.
  static func areForeign(_ texts: [String], to vocabulary: Vocabulary) -> Bool {
    func isKana(_ scalar: Unicode.Scalar) -> Bool { (0x3041...0x30ff).contains(scalar.value) }
    let scalars = texts.joined().unicodeScalars
    guard scalars.count(where: isKana) * 5 > scalars.count else { return false }
    var latin = 0
    for token in vocabulary.tokens {
      if token.unicodeScalars.count(where: isKana) > 1 { return false }
      if token.utf8.count(where: { (0x61...0x7a).contains($0) }) > 1 { latin += 1 }
    }
    return latin > 1000
  }

  static func foreignNote(_ language: ReportLanguage) -> String {
    language.pick(
      "the model's vocabulary has no Japanese words, only single letters: what it says about "
        + "these texts means little",
      "モデルの語彙に日本語の単語がなく、1 文字ずつしか読めません。結果はあまり当てになりません")
  }

  static func note(_ share: Double, _ language: ReportLanguage) -> String {
    let percent = String(format: "%.0f %%", 100 * share)
    return language.pick(
      "\(percent) of the tokens are not in the model's vocabulary and all look alike to it: what "
        + "it says about these texts means little",
      "トークンの \(percent) がモデルの語彙にありません。それらはモデルには区別がつかないため、"
        + "結果はあまり当てになりません")
  }
}

/// Files of comma-separated values that hold texts.
enum CSVText {
  /// A field, in quotation marks where its content demands it.
  static func field(_ text: String) -> String {
    let isSpecial = text.unicodeScalars.contains { ",\"\n\r".unicodeScalars.contains($0) }
    let isPadded = text.first == " " || text.last == " "
    guard isSpecial || isPadded else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  /// Writes a result as a tree or as comma-separated values.
  static func write(
    _ tree: @autoclosure () -> ResultTree, csv: @autoclosure () -> String, to path: String
  ) throws(ReportingError) {
    if try ResultFormat(path: path) == .csv {
      try AtomicFile.write(csv(), to: path)
    } else {
      try ResultFile.write(tree(), table: ColumnTable(), to: path)
    }
  }
}
