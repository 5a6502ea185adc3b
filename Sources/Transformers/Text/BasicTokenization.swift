internal import Foundation

/// The words of a text as encoders of the BERT family see them, before they are cut into pieces.
///
/// Control characters go, blanks separate, every Chinese character and every punctuation mark is a
/// word; without regard to case, letters lose their accents and become small.
enum BasicTokenization {
  /// The words of a text.
  static func words(_ text: String, lowercases: Bool) -> [[Unicode.Scalar]] {
    var scalars: [Unicode.Scalar] = []
    for scalar in text.unicodeScalars where !isDropped(scalar) {
      if scalar.properties.isWhitespace {
        scalars.append(" ")
      } else if isChinese(scalar) {
        scalars += [" ", scalar, " "]
      } else {
        scalars.append(scalar)
      }
    }
    if lowercases { scalars = lowercased(scalars) }
    var words: [[Unicode.Scalar]] = []
    var word: [Unicode.Scalar] = []
    func finish() {
      if !word.isEmpty { words.append(word) }
      word = []
    }
    for scalar in scalars {
      if scalar.properties.isWhitespace {
        finish()
      } else if isPunctuation(scalar) {
        finish()
        words.append([scalar])
      } else {
        word.append(scalar)
      }
    }
    finish()
    return words
  }

  private static func lowercased(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    var result: [Unicode.Scalar] = []
    for scalar in String(view).decomposedStringWithCanonicalMapping.unicodeScalars
    where scalar.properties.generalCategory != .nonspacingMark {
      result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
    }
    return result
  }

  private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0, 0xfffd: return true
    case 0x09, 0x0a, 0x0d: return false
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .privateUse: return true
    default: return false
    }
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
      return (0x21...0x2f).contains(scalar.value) || (0x3a...0x40).contains(scalar.value)
        || (0x5b...0x60).contains(scalar.value) || (0x7b...0x7e).contains(scalar.value)
    }
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      return true
    default:
      return false
    }
  }

  /// Whether a character is in a block of Chinese characters; kana and hangul are not.
  private static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x4e00...0x9fff, 0x3400...0x4dbf, 0x20000...0x2a6df, 0x2a700...0x2b73f,
      0x2b740...0x2b81f, 0x2b820...0x2ceaf, 0xf900...0xfaff, 0x2f800...0x2fa1f:
      return true
    default:
      return false
    }
  }
}
