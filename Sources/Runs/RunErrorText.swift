internal import AttentionBridge
internal import DynamicModels
internal import ModelFiles
internal import ModelLanguage
internal import Recognition
public import Reporting
internal import Transformers

extension RunError {
  /// The error as a person reads it, with its final line end.
  ///
  /// Errors of files carry their own place and caret; all others begin with `error:`.
  public func text(in language: ReportLanguage) -> String {
    // Errors of files carry their own place.
    switch self {
    case .modelFile(let error), .bridge(.modelFile(let error)), .bridge(.arrays(.file(let error))):
      return error.render(language: language.diagnostic)
    default: break
    }
    return language.pick("error: ", "エラー: ") + message(in: language) + "\n"
  }

  /// The error on one line, for result files and rows of tables.
  func line(in language: ReportLanguage) -> String {
    message(in: language).split(separator: "\n").joined(separator: " ")
  }

  private func message(in language: ReportLanguage) -> String {
    switch self {
    case .unknownModel(let name, let suggestion, let known):
      return Self.unknownModel(name, suggestion, known, language)
    case .invalidOption(let name, let value):
      return language.pick(
        "\(name) cannot be \(value)", "\(name) を \(value) にはできません")
    case .modelFile(let error):
      return error.render(language: language.diagnostic)
    case .unusableOption(let option, let scheme):
      return language.pick(
        "\(option) has no use with --scheme \(scheme.rawValue); it belongs to recognition",
        "\(option) は --scheme \(scheme.rawValue) では使えません（recognition 用です）")
    case .missingData(let channel, let sample, let count, let scheme):
      return language.pick(
        "\(channel) is missing at sample \(sample)"
          + (count > 1 ? " (\(count) missing values in all)" : "")
          + "; the scheme \(scheme.rawValue) needs every value: use --scheme dem, filter or kalman",
        "標本 \(sample) の \(channel) が欠けています"
          + (count > 1 ? "（欠測は全部で \(count) 個）" : "")
          + "。計算方式 \(scheme.rawValue) にはすべての値が必要です。"
          + "--scheme dem、filter、kalman のどれかを使ってください")
    case .rowCount(let input, let rows, let samples):
      let english = input == .confounds ? "confounds" : "prior causes"
      let japanese = input == .confounds ? "交絡変数" : "原因の事前期待値"
      return language.pick(
        "the \(english) have \(rows) rows, the data \(samples) samples",
        "\(japanese)は \(rows) 行ですが、データは \(samples) 標本です")
    case .comparison(let error):
      return language.pick(error.english, error.japanese)
    case .process(let error):
      return language.pick(error.english, error.japanese)
    case .recognition(let error):
      return language.pick(error.english, error.japanese)
    case .training(let error): return error.message(in: language)
    case .vectors(let error): return error.message(in: language)
    case .bridge(let error): return error.message(in: language)
    case .unknownComparison(let name, let suggestion, let known):
      return language.pick(
        "the bridge has no comparison '\(name)'", "ブリッジに '\(name)' という比較はありません")
        + Self.choices(suggestion, known, language)
    case .reporting(let error):
      return error.text(in: language)
    case .stopped(let completed, let total):
      return language.pick(
        "stopped on request after \(completed) of \(total) samples; what is there is kept",
        "求めに応じて、\(total) 標本のうち \(completed) 標本で止めました。そこまでの結果は残っています")
    case .stoppedPasses(let completed, let limit):
      return language.pick(
        "stopped on request after \(completed) of at most \(limit) iterations; "
          + (completed == 0 ? "nothing was estimated yet" : "what is there is kept"),
        "求めに応じて、最大 \(limit) 回の反復のうち \(completed) 回で止めました。"
          + (completed == 0 ? "まだ何も推定していません" : "そこまでの結果は残っています"))
    }
  }

  private static func unknownModel(
    _ name: String, _ suggestion: String?, _ known: [String], _ language: ReportLanguage
  ) -> String {
    let text = language.pick(
      "there is no model '\(name)'", "モデル '\(name)' はありません")
    guard known.isEmpty else { return text + choices(suggestion, known, language) }
    return text
      + language.pick(
        "\n  no models were found: set ODOROKI_MODELS to the folder that holds them",
        "\n  モデルが 1 つも見つかりません。置き場所のフォルダを ODOROKI_MODELS に設定してください")
  }

  /// What could have been meant, and all there is.
  private static func choices(
    _ suggestion: String?, _ known: [String], _ language: ReportLanguage
  ) -> String {
    let list = known.joined(separator: ", ")
    return
      (suggestion.map {
        language.pick("; did you mean '\($0)'?", "。'\($0)' でしょうか?")
      } ?? "") + language.pick("\n  available: \(list)", "\n  使えるもの: \(list)")
  }
}

extension ReportLanguage {
  /// The same language for diagnostics of files.
  var diagnostic: DiagnosticLanguage {
    switch self {
    case .english: .english
    case .japanese: .japanese
    }
  }

  /// The language that the environment asks for: Japanese where its locale says so, else English.
  public init(environment: [String: String]) {
    let names = ["LC_ALL", "LC_MESSAGES", "LANG"]
    let locale = names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    self = locale.hasPrefix("ja") ? .japanese : .english
  }
}
