internal import ODEEngine
internal import TensorCore

extension ProcessError {
  /// What happened, and what can be done, in English.
  public var english: String {
    switch self {
    case .precision(let level, let error):
      "the process cannot draw fluctuations of level \(level): \(error.render(language: "en")). "
        + "Check the precisions of the process."
    case .integration(let error):
      "the process stopped: \(error.english)"
    case .nonFinite(let level, let variable, let sample, let time):
      "\(variable) of level \(level) of the process is not a finite number at sample \(sample) "
        + "(time \(plain(time))). Check the equations for growth without bound, division by zero "
        + "and logarithms or roots of negative numbers."
    }
  }

  /// What happened, and what can be done, in Japanese.
  public var japanese: String {
    switch self {
    case .precision(let level, let error):
      "生成過程の階層 \(level) の揺らぎを作れません。\(error.render(language: "ja"))"
        + "生成過程の精度を確かめてください。"
    case .integration(let error):
      "生成過程が止まりました。\(error.japanese)"
    case .nonFinite(let level, let variable, let sample, let time):
      "標本 \(sample)（時刻 \(plain(time))）で、生成過程の階層 \(level) の \(variable) が有限の数では"
        + "なくなりました。際限のない増大、零による除算、負の数の対数や平方根がないか、式を確かめてください。"
    }
  }

  /// A time without a needless fraction.
  private func plain(_ value: Double) -> String {
    let rounded = (value * 1e6).rounded() / 1e6
    let text = "\(rounded)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
