internal import Foundation

/// A number as a sentence shows it: four significant digits.
func brief(_ value: Double) -> String {
  guard value.isFinite else { return value.isNaN ? "–" : value < 0 ? "−∞" : "∞" }
  let size = abs(value)
  if size != 0 && (size < 1e-3 || size >= 1e6) { return String(format: "%.3e", value) }
  let decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3
  let text = String(format: "%.\(decimals)f", value)
  return text.hasPrefix("-") && !text.contains { ("1"..."9").contains($0) }
    ? String(text.dropFirst()) : text
}

/// A number as a person would have typed it: no more digits than it has.
func plain(_ value: Double) -> String {
  let rounded = (value * 1e9).rounded() / 1e9
  let text = "\(rounded)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
