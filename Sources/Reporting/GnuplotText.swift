/// Texts and numbers in gnuplot's language.
enum GnuplotText {
  /// A text as a single-quoted string, in which only the quote itself has a meaning.
  ///
  /// Double quotes would run what stands between backquotes as a shell command. Control characters
  /// become spaces, so that nothing can end the line.
  static func quote(_ text: String) -> String {
    var result = "'"
    for scalar in text.unicodeScalars {
      switch scalar {
      case "'": result += "''"
      case _ where scalar.properties.generalCategory == .control: result += " "
      case "\u{2028}", "\u{2029}": result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "'"
  }

  /// A number with all its digits; `NaN` where it cannot be drawn.
  static func number(_ value: Double) -> String {
    abs(value) < 1e300 ? value.description : "NaN"
  }

  /// A length or a fraction of the figure, to five digits after the point.
  static func fraction(_ value: Double) -> String {
    let scaled = Int((abs(value) * 100_000).rounded())
    let digits = String(scaled % 100_000)
    let zeros = String(repeating: "0", count: 5 - digits.count)
    return (value < 0 && scaled > 0 ? "-" : "") + "\(scaled / 100_000).\(zeros)\(digits)"
  }
}
