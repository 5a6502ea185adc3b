internal import Foundation

/// One way to write all the numbers of a column, so that their digits line up.
enum NumberFormat: Equatable {
  /// So many digits after the point.
  case fixed(decimals: Int)
  /// A power of ten with so many digits after the point.
  case exponent(decimals: Int)

  /// Chooses the format that shows every value with up to `digits` significant digits.
  ///
  /// Fixed notation as long as no value of weight would be shown as zero. Values below 1e-12 of
  /// the largest count as rounding noise and do not force an exponent.
  init(for values: [Double], significantDigits digits: Int) {
    let sizes = values.lazy.filter(\.isFinite).map(abs).filter { $0 > 0 }
    guard let largest = sizes.max() else {
      self = .fixed(decimals: 0)
      return
    }
    let smallest = sizes.filter { $0 > 1e-12 * largest }.min() ?? largest
    let decimals = max(0, digits - 1 - Int(log10(largest).rounded(.down)))
    let visible = smallest >= 0.5 * pow(10, -Double(decimals))
    guard largest < 1e7, largest >= 1e-4, visible else {
      self = .exponent(decimals: digits - 1)
      return
    }
    // Zeros that no value needs are left out: 0.5, 1.0 rather than 0.500, 1.000.
    self = .fixed(decimals: 0)
    for value in values where value.isFinite {
      let text = NumberFormat.fixed(decimals: decimals).text(value)
      let needed = decimals - text.reversed().prefix { $0 == "0" }.count
      if case .fixed(let current) = self, decimals > 0, needed > current {
        self = .fixed(decimals: needed)
      }
    }
  }

  /// The text of one number; never a negative zero.
  func text(_ value: Double) -> String {
    let text: String
    switch self {
    case .fixed(let decimals): text = String(format: "%.\(decimals)f", value)
    case .exponent(let decimals): text = String(format: "%.\(decimals)e", value)
    }
    let isZero = text.hasPrefix("-") && !text.contains { ("1"..."9").contains($0) }
    return isZero ? String(text.dropFirst()) : text
  }
}
