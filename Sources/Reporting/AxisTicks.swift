internal import Foundation

/// The marks of an axis and their labels.
struct AxisTicks: Equatable {
  struct Tick: Equatable {
    let value: Double
    let label: String
  }

  let ticks: [Tick]

  /// The width of the widest label in units of the font size.
  var labelEms: Double { ticks.map { DisplayWidth.ems($0.label) }.max() ?? 0 }

  init(_ range: ClosedRange<Double>, scale: Panel.Scale, target: Int) {
    switch scale {
    case .linear: ticks = Self.linear(range, target: target)
    case .logarithmic: ticks = Self.logarithmic(range, target: target)
    }
  }

  /// Names at 1, 2, …, each cut to so many cells; where too many to read, numbers of some of them.
  init(categories: [String], longest: Int) {
    let width = max(longest, 3)
    // With less room than a few letters each, not every one can be named.
    let every = max(1, 3 / max(longest, 1))
    self.init(names: categories, longest: width, every: every)
  }

  /// Every so many of the names at 1, 2, …, each cut to so many cells.
  init(names: [String], longest: Int, every: Int = 1) {
    ticks = names.enumerated().filter { $0.offset % every == 0 }.map { index, name in
      Tick(value: Double(index + 1), label: DisplayWidth.truncate(name, to: longest))
    }
  }

  /// Multiples of 1, 2 or 5 times a power of ten, about `target` of them.
  private static func linear(_ range: ClosedRange<Double>, target: Int) -> [Tick] {
    let span = range.upperBound - range.lowerBound
    guard span > 0, span.isFinite else { return [] }
    let raw = span / Double(max(1, target))
    let exponent = Int(log10(raw).rounded(.down))
    let power = pow(10, Double(exponent))
    // The nearest by ratio; ties go to the finer step.
    let factor =
      [1.0, 2, 5, 10].min { abs(log($0 * power / raw)) < abs(log($1 * power / raw)) - 1e-9 } ?? 10
    let step = factor * power
    let digit = factor == 10 ? exponent + 1 : exponent
    let first = (range.lowerBound / step - 1e-9).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    guard first <= last, last - first < 100 else { return [] }
    let largest = max(abs(first), abs(last)) * step
    return stride(from: first, through: last, by: 1).map { index in
      let value = index == 0 ? 0 : index * step
      return Tick(value: value, label: label(value, largest: largest, lastDigit: digit))
    }
  }

  /// Powers of ten; within less than two decades also their double and fivefold.
  private static func logarithmic(_ range: ClosedRange<Double>, target: Int) -> [Tick] {
    guard range.lowerBound > 0 else { return [] }
    let low = log10(range.lowerBound)
    let high = log10(range.upperBound)
    guard high > low else { return [] }
    if high - low < 2 {
      let factors: [Double] = high - low < 0.3 ? (10..<100).map { Double($0) / 10 } : [1, 2, 5]
      let candidates = (Int(low.rounded(.down))...Int(high.rounded(.down))).flatMap { exponent in
        factors.map { (exponent, $0 * pow(10, Double(exponent))) }
      }
      let inside = candidates.filter {
        $0.1 >= range.lowerBound * (1 - 1e-9) && $0.1 <= range.upperBound * (1 + 1e-9)
      }
      let every = max(1, inside.count / max(1, target))
      return stride(from: 0, to: inside.count, by: every).map { index in
        let (exponent, value) = inside[index]
        let digit = high - low < 0.3 ? exponent - 1 : exponent
        return Tick(value: value, label: label(value, largest: value, lastDigit: digit))
      }
    }
    let first = Int((low - 1e-9).rounded(.up))
    let last = Int((high + 1e-9).rounded(.down))
    let step = max(1, Int((Double(last - first + 1) / Double(max(1, target))).rounded(.up)))
    // Counting from zero keeps 1 among the labels whatever the step.
    let start = Int((Double(first) / Double(step)).rounded(.up)) * step
    return stride(from: start, through: last, by: step).map { exponent in
      Tick(
        value: pow(10, Double(exponent)),
        label: (0...2).contains(exponent)
          ? String(Int(pow(10, Double(exponent)))) : "10" + superscript(exponent))
    }
  }

  /// A number down to the digit of `10^lastDigit`, with a power of ten where zeros would crowd.
  private static func label(_ value: Double, largest: Double, lastDigit: Int) -> String {
    let text: String
    if largest > 0, largest >= 1e6 || largest < 1e-3 {
      guard value != 0 else { return "0" }
      let exponent = Int((log10(largest) + 1e-9).rounded(.down))
      let mantissa = value / pow(10, Double(exponent))
      let digits = max(0, exponent - lastDigit)
      text = String(format: "%.\(digits)f", mantissa) + "×10" + superscript(exponent)
    } else {
      text = String(format: "%.\(max(0, -lastDigit))f", value)
    }
    return text.hasPrefix("-") ? "−" + text.dropFirst() : text
  }

  private static func superscript(_ exponent: Int) -> String {
    let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    let text = String(abs(exponent)).compactMap { $0.wholeNumberValue.map { digits[$0] } }
    return (exponent < 0 ? "⁻" : "") + String(text)
  }
}
