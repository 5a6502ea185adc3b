internal import AttentionBridge
internal import ModelFiles
internal import ODEEngine
internal import Recognition
internal import Reporting
internal import TensorCore

extension BridgeError {
  /// The exit status of a command that ends with this error.
  var exitStatus: CommandStatus {
    switch self {
    case .missingFile, .modelFile, .arrays: .badData
    case .unsuitableModel(.emptyText): .usage
    case .unsuitableModel: .badData
    case .training(let error): error.exitStatus
    case .integration, .recognition, .linearAlgebra, .notFinite, .stopped: .stoppedEarly
    }
  }

  /// The error as a person reads it, without a full stop.
  func message(in language: ReportLanguage) -> String {
    switch self {
    case .missingFile(let name):
      language.pick(
        "'\(name)', which ships with the models, was not found; set ODOROKI_MODELS to the folder "
          + "that holds it",
        "モデルに付属するファイル '\(name)' が見つかりません。置き場所のフォルダを ODOROKI_MODELS に"
          + "設定してください")
    case .modelFile(let error): error.render(language: language.diagnostic)
    case .integration(let error): language.pick(error.english, error.japanese)
    case .recognition(let error): language.pick(error.english, error.japanese)
    case .linearAlgebra(let error): error.render(language: language.rawValue)
    case .training(let error): error.message(in: language)
    case .arrays(let problem): problem.message(in: language)
    case .unsuitableModel(.emptyText):
      language.pick("the text is empty", "文が空です")
    case .unsuitableModel(.kind(let expected)):
      language.pick(
        "the model cannot be examined: \(expected) is needed",
        "このモデルは調べられません。\(expected) が必要です")
    case .notFinite(let what):
      language.pick("\(what) is not finite", "\(what) が有限の数になりません")
    case .stopped:
      language.pick(
        "stopped on request", "求めに応じて止めました")
    }
  }
}

extension BridgeError.ArrayProblem {
  func message(in language: ReportLanguage) -> String {
    switch self {
    case .file(let error): error.render(language: language.diagnostic)
    case .rowCounts(let first, let second):
      language.pick(
        "the two arrays have \(first) and \(second) rows; every row is one sample of both",
        "2 つの配列の行数が \(first) と \(second) で異なります。1 行は両者に共通の 1 標本です")
    case .tooFewRows(let count, let needed):
      language.pick(
        "\(count) rows are too few; at least \(needed) are needed",
        "\(count) 行では足りません。\(needed) 行以上必要です")
    case .notFinite(let path, let row, let column):
      language.pick(
        "\(path): the value in row \(row), column \(column) is not a finite number",
        "\(path): \(row) 行 \(column) 列の値が有限の数ではありません")
    case .constant(let path):
      language.pick(
        "\(path): all rows are the same, so there is nothing to compare",
        "\(path): すべての行が同じなので、比べるものがありません")
    }
  }
}
