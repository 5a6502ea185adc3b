public import DynamicModels
public import TensorCore

/// Why models cannot be compared, or why one of them is left out.
public enum ComparisonError: Error, Sendable, Equatable {
  /// How the data of two models differ.
  public enum DataDifference: Sendable, Equatable {
    /// One names data, the other none.
    case absent
    /// Numbers of samples.
    case samples(Int, Int)
    /// Distances between samples, where they are simulated.
    case sampleSteps(Double, Double)
    /// Names of the channels.
    case channels([String], [String])
    /// The first value that differs.
    case value(channel: String, sample: Int)
  }

  /// A single model, without a reduction of it.
  case nothingToCompare
  /// The scheme gives no evidence of a whole record.
  case noEvidence(InversionSettings.Scheme)
  /// The models do not have the same data.
  case differentData(model: String, other: String, DataDifference)
  /// As many prior probabilities are needed as there are rows.
  case priorCount(found: Int, rows: [String])
  /// A reduction is not NAME or NAME=VALUE.
  case invalidReduction(String)
  /// No model has an unknown parameter of this name.
  case unknownParameter(name: String, suggestion: String?, known: [String])
  /// The posterior of the full model does not carry a reduction.
  case reduction(model: String, parameter: String, LinearAlgebraError)
  /// The inversion left no posterior covariance of the parameters.
  case noPosterior(model: String)
  /// Some of the models have no evidence; the others stand.
  case failedModels(Int, of: Int)

  /// The exit status of a command that ends with this error.
  var exitStatus: CommandStatus {
    switch self {
    case .nothingToCompare, .noEvidence, .priorCount, .invalidReduction, .unknownParameter: .usage
    case .differentData: .badData
    case .reduction, .noPosterior, .failedModels: .stoppedEarly
    }
  }

  /// What is wrong, in English.
  var english: String {
    switch self {
    case .nothingToCompare:
      "one model alone: name a second one, or a parameter with --without NAME"
    case .noEvidence(let scheme):
      "the scheme \(scheme.rawValue) gives no evidence of a whole record; use --scheme "
        + Self.schemes
    case .differentData(let model, let other, let difference):
      "\(model) and \(other) do not have the same data: \(difference.english); "
        + "compare on one file with --data FILE"
    case .priorCount(let found, let rows):
      "--prior has \(found) \(found == 1 ? "probability" : "probabilities") for \(rows.count) "
        + "rows: \(rows.joined(separator: ", "))"
    case .invalidReduction(let text):
      "--without takes NAME or NAME=VALUE, not '\(text)'"
    case .unknownParameter(let name, let suggestion, let known):
      "no model has an unknown parameter '\(name)'"
        + (suggestion.map { "; did you mean '\($0)'?" } ?? "")
        + (known.isEmpty
          ? "\n  none has any: a parameter is unknown with {value: …, priorVariance: …}"
          : "\n  unknown: \(known.joined(separator: ", "))")
    case .reduction(let model, let parameter, let error):
      "\(model) without \(parameter): \(error.render(language: "en"))"
    case .noPosterior(let model):
      "the inversion of \(model) left no posterior covariance of its parameters"
    case .failedModels(let failed, let count):
      "\(failed) of \(count) rows have no evidence; the others stand"
    }
  }

  /// What is wrong, in Japanese.
  var japanese: String {
    switch self {
    case .nothingToCompare:
      "モデルが 1 つだけです。もう 1 つ挙げるか、--without 名前 でパラメータを指定してください"
    case .noEvidence(let scheme):
      "計算方式 \(scheme.rawValue) は記録全体の証拠を与えません。--scheme "
        + "\(Self.schemes) のどれかを使ってください"
    case .differentData(let model, let other, let difference):
      "\(model) と \(other) のデータが同じではありません。\(difference.japanese)。"
        + "--data ファイル で同じデータを与えてください"
    case .priorCount(let found, let rows):
      "--prior の確率は \(found) 個ですが、行は \(rows.count) 個あります: "
        + rows.joined(separator: "、")
    case .invalidReduction(let text):
      "--without には 名前 か 名前=値 を書きます（'\(text)' は読めません）"
    case .unknownParameter(let name, let suggestion, let known):
      "未知パラメータ '\(name)' を持つモデルはありません"
        + (suggestion.map { "。'\($0)' でしょうか?" } ?? "")
        + (known.isEmpty
          ? "\n  未知パラメータは 1 つもありません。{value: …, priorVariance: …} と書くと未知になります"
          : "\n  未知パラメータ: \(known.joined(separator: ", "))")
    case .reduction(let model, let parameter, let error):
      "\(model) から \(parameter) を除いたモデル: \(error.render(language: "ja"))"
    case .noPosterior(let model):
      "\(model) の逆推定は、パラメータの事後共分散を残しませんでした"
    case .failedModels(let failed, let count):
      "\(count) 行のうち \(failed) 行には証拠がありません。ほかの行は有効です"
    }
  }

  private static var schemes: String {
    InversionSettings.Scheme.allCases.filter(\.hasEvidence).map(\.rawValue)
      .joined(separator: " | ")
  }
}

extension ComparisonError.DataDifference {
  var english: String {
    switch self {
    case .absent: "only one of them names data"
    case .samples(let a, let b): "\(a) samples and \(b)"
    case .sampleSteps(let a, let b): "a sample every \(plain(a)) time units and every \(plain(b))"
    case .channels(let a, let b):
      "channels \(a.joined(separator: ", ")) and \(b.joined(separator: ", "))"
    case .value(let channel, let sample): "\(channel) differs at sample \(sample)"
    }
  }

  var japanese: String {
    switch self {
    case .absent: "データを指定しているのは片方だけです"
    case .samples(let a, let b): "標本の数が \(a) と \(b) です"
    case .sampleSteps(let a, let b): "標本の間隔が \(plain(a)) と \(plain(b)) です"
    case .channels(let a, let b):
      "チャネルが \(a.joined(separator: ", ")) と \(b.joined(separator: ", ")) です"
    case .value(let channel, let sample): "標本 \(sample) の \(channel) が異なります"
    }
  }
}
