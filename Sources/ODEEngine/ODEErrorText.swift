extension ODEError {
  /// What happened, and what can be done, in English.
  public var english: String {
    switch self {
    case .nonFinite(let quantity, let point):
      let what =
        switch quantity {
        case .derivative: "the derivative"
        case .jacobian: "the Jacobian"
        case .state: "the state"
        }
      return "\(what)\(Self.of(point)) is not a finite number \(Self.at(point)). "
        + "Check the equations for division by zero, logarithms or roots of negative numbers and "
        + "for growth without bound near this state."
    case .stepUnderflow(let point, let minimum):
      let limit = minimum > 0 ? "the minimum step \(brief(minimum))" : "the resolution of time"
      return "the error\(Self.of(point)) cannot be kept within the tolerance by steps longer than "
        + "\(limit) \(Self.at(point)). Relax the tolerances or choose a stepper for stiff systems "
        + "(msbdf, bsimp, local-linear); if the solution itself diverges here, no stepper will pass."
    case .stepFailed(let point, let status):
      return "the stepper could not complete a step \(Self.at(point)) (status \(status)). "
        + "Choose another stepper or a smaller initial step."
    case .tooManySteps(let point, let limit, let target):
      return "\(limit) steps were not enough to reach time \(brief(target)): stopped "
        + "\(Self.at(point)). Raise the limit, relax the tolerances or choose a stepper for stiff "
        + "systems (msbdf, bsimp, local-linear)."
    case .interrupted(let point):
      return "the integration was stopped on request \(Self.at(point)). "
        + "What was computed up to this time is kept."
    case .system(let code, let time, let variable):
      let place = variable.map { " in \($0)" } ?? ""
      return "the equations could not be evaluated\(place) at time \(brief(time)): \(code). "
        + "Check the model near this time."
    case .jacobianMissing(let stepper):
      return "the stepper \(stepper.rawValue) needs a Jacobian and this system provides none. "
        + "Choose rk4, rkf45, rkck, rk8pd or msadams."
    case .invalidOption(let name, let value):
      return "the integration option \(name) cannot be \(brief(value)). Give a value in its range."
    case .invalidTime(let time):
      return "the integration cannot go to time \(brief(time)). Give a finite time."
    case .emptySystem:
      return "the system has no variables to integrate. "
        + "Give the model at least one state or parameter that moves."
    case .outOfMemory(let dimension):
      return "there is not enough memory to integrate \(dimension) variables. "
        + "Choose an explicit stepper or a smaller model."
    }
  }

  /// What happened, and what can be done, in Japanese.
  public var japanese: String {
    switch self {
    case .nonFinite(let quantity, let point):
      let what =
        switch quantity {
        case .derivative: "微分"
        case .jacobian: "ヤコビ行列"
        case .state: "状態"
        }
      return "\(Self.ja(point))、\(Self.no(point))\(what)が有限の数ではなくなりました。"
        + "この付近で零による除算、負の数の対数や平方根、際限のない増大がないか、式を確かめてください。"
    case .stepUnderflow(let point, let minimum):
      let limit = minimum > 0 ? "最小刻み幅 \(brief(minimum))" : "時刻の分解能"
      return "\(Self.ja(point))、\(Self.no(point))誤差を許容値に収めるには\(limit)より短い刻みが必要です。"
        + "許容誤差を緩めるか、硬い系に向く解法（msbdf、bsimp、local-linear）を選んでください。"
        + "解そのものがここで発散する場合は、どの解法でも先へ進めません。"
    case .stepFailed(let point, let status):
      return "\(Self.ja(point))、解法が一歩を完了できませんでした（状態 \(status)）。"
        + "別の解法か、より小さい初期刻み幅を試してください。"
    case .tooManySteps(let point, let limit, let target):
      return "\(Self.ja(point))、\(limit) 歩では時刻 \(brief(target)) に届きませんでした。"
        + "上限を上げるか、許容誤差を緩めるか、硬い系に向く解法（msbdf、bsimp、local-linear）を選んでください。"
    case .interrupted(let point):
      return "\(Self.ja(point))、求めに応じて積分を止めました。この時刻までの結果は残っています。"
    case .system(let code, let time, let variable):
      let place = variable.map { "\($0) の" } ?? ""
      return "時刻 \(brief(time)) で\(place)式を評価できませんでした: \(code)。"
        + "この時刻の付近でモデルを確かめてください。"
    case .jacobianMissing(let stepper):
      return "解法 \(stepper.rawValue) にはヤコビ行列が必要ですが、この系は備えていません。"
        + "rk4、rkf45、rkck、rk8pd、msadams のいずれかを選んでください。"
    case .invalidOption(let name, let value):
      return "積分の設定 \(name) を \(brief(value)) にはできません。範囲内の値を指定してください。"
    case .invalidTime(let time):
      return "時刻 \(brief(time)) までは積分できません。有限の時刻を指定してください。"
    case .emptySystem:
      return "積分すべき変数がありません。動く状態かパラメータを一つ以上モデルに入れてください。"
    case .outOfMemory(let dimension):
      return "\(dimension) 変数を積分するための記憶域が足りません。"
        + "陽的な解法か、より小さいモデルを選んでください。"
    }
  }

  private static func of(_ point: ODEFailurePoint) -> String {
    point.variable.map { " of \($0)" } ?? ""
  }

  private static func no(_ point: ODEFailurePoint) -> String {
    point.variable.map { "\($0) の" } ?? ""
  }

  private static func at(_ point: ODEFailurePoint) -> String {
    "at time \(brief(point.time)) (step \(brief(point.step)), after \(point.stepCount) steps)"
  }

  private static func ja(_ point: ODEFailurePoint) -> String {
    "時刻 \(brief(point.time))（刻み幅 \(brief(point.step))、\(point.stepCount) 歩の後）で"
  }
}

/// A number with at most six significant digits.
func brief(_ value: Double) -> String {
  guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
  var mantissa = abs(value)
  var exponent = 0
  while mantissa >= 10 {
    mantissa /= 10
    exponent += 1
  }
  while mantissa < 1 {
    mantissa *= 10
    exponent -= 1
  }
  var integer = Int((mantissa * 1e5).rounded())
  if integer >= 1_000_000 {
    integer /= 10
    exponent += 1
  }
  var digits = String(integer)
  while digits.count > 1 && digits.hasSuffix("0") { digits.removeLast() }
  let sign = value < 0 ? "-" : ""
  if exponent < -4 || exponent > 6 {
    let fraction = digits.dropFirst()
    return sign + digits.prefix(1) + (fraction.isEmpty ? "" : "." + fraction) + "e\(exponent)"
  }
  if exponent < 0 {
    return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits
  }
  if digits.count <= exponent + 1 {
    return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count)
  }
  return sign + digits.prefix(exponent + 1) + "." + digits.dropFirst(exponent + 1)
}
