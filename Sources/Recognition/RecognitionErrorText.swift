internal import DynamicModels
internal import ODEEngine
internal import TensorCore

extension RecognitionError {
  /// What happened, and what can be done, in English.
  public var english: String {
    switch self {
    case .linearAlgebra(let level, let error):
      "level \(level): \(error.render(language: "en")). "
        + "Check the precisions and prior covariances of this level."
    case .improperPosterior(let sample, let unit):
      "nothing in the data or the priors constrains \(unit) at sample \(sample), so that its "
        + "posterior has no finite variance. Give it a prior, or a precision above zero."
    case .integration(let sample, let error):
      "recognition stopped between samples \(sample) and \(sample + 1): \(error.english)"
    case .nonFiniteFreeEnergy(let sample, let time):
      "free energy is not a finite number at sample \(sample) (time \(plain(time))). "
        + "Check the equations near this state, or lower the tolerance."
    case .nonFinitePass(let iteration):
      "free energy is not a finite number after iteration \(iteration). The last accepted "
        + "estimate is kept; try tighter priors or fewer unknowns."
    case .divergence(let iteration, let sample, let unit):
      "iteration \(iteration) diverged at sample \(sample): \(unit) is not a finite number. "
        + "The last accepted estimate is kept; try tighter priors or a smaller gain."
    case .passAlgebra(let iteration, let sample, let error):
      "iteration \(iteration), sample \(sample): \(error.render(language: "en")). "
        + "Check the precisions and prior covariances."
    case .stopped:
      "stopped on request; what was estimated up to there stands."
    case .unsupported(let scheme, let what):
      "the scheme \(scheme.rawValue) cannot invert this model: \(what.english)."
    case .dataShape(let expected, let found):
      "the data have \(found) channels per sample, but the model predicts \(expected)."
    }
  }

  /// What happened, and what can be done, in Japanese.
  public var japanese: String {
    switch self {
    case .linearAlgebra(let level, let error):
      "階層 \(level): \(error.render(language: "ja"))この階層の精度と事前共分散を確かめてください。"
    case .improperPosterior(let sample, let unit):
      "標本 \(sample) で \(unit) を制約するものがデータにも事前分布にもなく、事後分散が有限になりません。"
        + "事前分布か、0 より大きい精度を与えてください。"
    case .integration(let sample, let error):
      "標本 \(sample) と \(sample + 1) のあいだで認識が止まりました。\(error.japanese)"
    case .nonFiniteFreeEnergy(let sample, let time):
      "標本 \(sample)（時刻 \(plain(time))）で自由エネルギーが有限の数ではなくなりました。"
        + "この状態の付近の式を確かめるか、許容誤差を小さくしてください。"
    case .nonFinitePass(let iteration):
      "反復 \(iteration) のあと、自由エネルギーが有限の数ではなくなりました。最後に採用された推定値を残します。"
        + "事前分布を狭めるか、未知数を減らしてください。"
    case .divergence(let iteration, let sample, let unit):
      "反復 \(iteration) が標本 \(sample) で発散しました。\(unit) が有限の数ではありません。"
        + "最後に採用された推定値を残します。事前分布を狭めるか、ゲインを下げてください。"
    case .passAlgebra(let iteration, let sample, let error):
      "反復 \(iteration)、標本 \(sample): \(error.render(language: "ja"))"
        + "精度と事前共分散を確かめてください。"
    case .stopped:
      "求めに応じて止めました。そこまでの推定値は残ります。"
    case .unsupported(let scheme, let what):
      "スキーム \(scheme.rawValue) はこのモデルを逆推定できません。\(what.japanese)。"
    case .dataShape(let expected, let found):
      "データのチャネル数は \(found) ですが、モデルが予測するのは \(expected) チャネルです。"
    }
  }

  /// A time without a needless fraction.
  private func plain(_ value: Double) -> String {
    let rounded = (value * 1e6).rounded() / 1e6
    let text = "\(rounded)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension UnsupportedModel {
  /// What stands in the way, and what to use instead.
  var english: String {
    switch self {
    case .missingData:
      "cells of the data are missing (use --scheme dem, filter or kalman)"
    case .confounds: "it names confounds (use --scheme dem)"
    case .delays: "its data channels have delays (use --scheme recognition, dem or filter)"
    case .stateDependentPrecision:
      "a precision depends on states or causes (use --scheme recognition, dem or filter)"
    case .parameters: "it has unknown parameters (use --scheme dem or filter)"
    case .logPrecisions: "it has unknown log-precisions (use --scheme dem or filter)"
    case .flatPrecision:
      "a precision is not positive definite, so that there is no variance to filter with"
    }
  }

  var japanese: String {
    switch self {
    case .missingData:
      "データに欠測があります（--scheme dem、filter、kalman のどれかを使ってください）"
    case .confounds: "交絡変数が指定されています（--scheme dem を使ってください）"
    case .delays:
      "データのチャネルに遅れがあります（--scheme recognition、dem、filter のどれかを使ってください）"
    case .stateDependentPrecision:
      "精度が状態か原因に依存します（--scheme recognition、dem、filter のどれかを使ってください）"
    case .parameters: "未知パラメータがあります（--scheme dem か filter を使ってください）"
    case .logPrecisions: "未知の対数精度があります（--scheme dem か filter を使ってください）"
    case .flatPrecision: "精度行列が正定値でないため、フィルタに使う分散がありません"
    }
  }
}
