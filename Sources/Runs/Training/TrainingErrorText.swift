internal import Learning
internal import Reporting
internal import Transformers

extension TrainingError {
  /// The exit status of a command that ends with this error.
  var exitStatus: CommandStatus {
    switch self {
    case .heldOut, .configuration, .otherSettings, .masking, .wrongTask, .tooFewTexts, .nothingLeft:
      .usage
    case .stopped, .stoppedSweep: .stoppedEarly
    case .learning(.nonFiniteParameters): .stoppedEarly
    case .learning(.nonFiniteLoss), .learning(.nonFiniteGradient), .learning(.nonFiniteStates):
      .stoppedEarly
    case .poems, .vocabulary, .text, .learning, .checkpoint, .settings, .pretrained: .badData
    }
  }

  /// The error as a person reads it.
  func message(in language: ReportLanguage) -> String {
    switch self {
    case .poems(let error): language.pick(error.english, error.japanese)
    case .vocabulary(let error): language.pick(error.english, error.japanese)
    case .text(let error): language.pick(error.english, error.japanese)
    case .masking(let error): language.pick(error.english, error.japanese)
    case .checkpoint(let error): language.pick(error.english, error.japanese)
    case .heldOut(let count, let poems):
      language.pick(
        "\(count) poems cannot be held out of \(poems): at least one must be left to learn from",
        "\(poems) 首のうち \(count) 首を除くことはできません。少なくとも 1 首は学習に必要です")
    case .configuration(let problem): problem.message(in: language)
    case .learning(let error): error.message(in: language)
    case .settings(let detail):
      language.pick(
        "the settings inside the checkpoint are not those of a Transformer: \(detail)",
        "チェックポイントの設定が Transformer のものではありません: \(detail)")
    case .otherSettings(let name, let stored, let given):
      language.pick(
        "the checkpoint was made with another \(name): \(stored) there, \(given) here; a run is "
          + "continued with the settings it began with",
        "チェックポイントの \(name) が異なります（保存: \(stored)、指定: \(given)）。"
          + "続きから学習するときは、はじめと同じ設定にしてください")
    case .wrongTask(let expected, let found):
      language.pick(
        "the checkpoint was trained on the task \(found.rawValue), not on "
          + expected.map(\.rawValue).joined(separator: " or "),
        "チェックポイントは課題 \(found.rawValue) のものです（必要: "
          + expected.map(\.rawValue).joined(separator: "、") + "）")
    case .pretrained(let english, let japanese): language.pick(english, japanese)
    case .stopped(let passes, let total):
      language.pick(
        "stopped on request after \(passes) of \(total) passes",
        "求めに応じて、\(total) エポックのうち \(passes) エポックで止めました")
    case .stoppedSweep(let runs, let total):
      language.pick(
        "stopped on request after \(runs) of \(total) training runs; a sweep keeps nothing before "
          + "its end",
        "求めに応じて、\(total) 回の学習のうち \(runs) 回で止めました。途中の結果は残りません")
    case .nothingLeft(let made, let asked):
      language.pick(
        "the checkpoint has made \(made) passes, so --epochs \(asked) leaves nothing to do",
        "チェックポイントはすでに \(made) エポック学習しています。--epochs \(asked) ではすることがありません")
    case .tooFewTexts(let count, let needed):
      language.pick(
        "\(count) texts are too few: \(needed) or more are needed",
        "文が \(count) 個では足りません。\(needed) 個以上必要です")
    }
  }
}

extension LearningError {
  fileprivate func message(in language: ReportLanguage) -> String {
    switch self {
    case .missingParameter(let name):
      language.pick(
        "the checkpoint has no parameter '\(name)'",
        "チェックポイントにパラメータ '\(name)' がありません")
    case .parameterShape(let name, let expected, let found):
      language.pick(
        "the parameter '\(name)' has the shape \(Self.text(found)), not \(Self.text(expected))",
        "パラメータ '\(name)' の形は \(Self.text(found)) ですが、\(Self.text(expected)) が必要です")
    case .nonFiniteLoss(let step, let loss):
      language.pick(
        "the loss became \(loss) in step \(step); use a smaller --learning-rate, or --clip 1",
        "\(step) ステップ目で損失が \(loss) になりました。"
          + "--learning-rate を小さくするか、--clip 1 を付けてください")
    case .nonFiniteGradient(let step, let parameter):
      language.pick(
        "the gradient of '\(parameter)' did not stay finite in step \(step); use a smaller "
          + "--learning-rate, or --clip 1",
        "\(step) ステップ目で '\(parameter)' の勾配が有限でなくなりました。"
          + "--learning-rate を小さくするか、--clip 1 を付けてください")
    case .nonFiniteParameters(let step):
      language.pick(
        "parameters did not stay finite in step \(step); nothing is kept of it: use a smaller "
          + "--learning-rate, or --clip 1",
        "\(step) ステップ目でパラメータが有限でなくなったため、保存しませんでした。"
          + "--learning-rate を小さくするか、--clip 1 を付けてください")
    case .nonFiniteStates(let step, let relaxation):
      language.pick(
        "the state units did not stay finite in step \(step), relaxation \(relaxation); use a "
          + "smaller --relaxation-rate",
        "\(step) ステップ目の緩和 \(relaxation) 回目で状態ユニットが有限でなくなりました。"
          + "--relaxation-rate を小さくしてください")
    }
  }

  private static func text(_ dimensions: [Int]) -> String {
    dimensions.map(String.init).joined(separator: " × ")
  }
}

extension ConfigurationProblem {
  fileprivate func message(in language: ReportLanguage) -> String {
    switch self {
    case .notPositive(let name, let value):
      language.pick("\(name) cannot be \(value)", "\(name) を \(value) にはできません")
    case .headsDoNotDivideWidth(let heads, let width):
      language.pick(
        "a width of \(width) cannot be cut into \(heads) equal heads",
        "幅 \(width) を \(heads) 個のヘッドに等分できません")
    case .epsilon(let value):
      language.pick("epsilon cannot be \(value)", "epsilon を \(value) にはできません")
    case .dropout(let value):
      language.pick(
        "dropout must be at least 0 and below 1, not \(value)",
        "ドロップアウトは 0 以上 1 未満です（\(value) は使えません）")
    case .notWithPredictiveCoding(let dropout):
      dropout
        ? language.pick(
          "--dropout has no place in predictive coding: leave it out, or use --learning "
            + "backpropagation",
          "予測符号化では --dropout は使えません。外すか、--learning backpropagation にしてください")
        : language.pick(
          "--freeze has no place in predictive coding: leave it out, or use --learning "
            + "backpropagation",
          "予測符号化では --freeze は使えません。外すか、--learning backpropagation にしてください")
    }
  }
}
