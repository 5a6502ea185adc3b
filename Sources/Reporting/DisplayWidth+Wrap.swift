extension DisplayWidth {
  /// Breaks a text into lines; wide characters may break anywhere.
  package static func wrap(_ text: String, to width: Int) -> String {
    var lines: [String] = []
    var line = ""
    var word = ""
    func flush() {
      if cells(line) + cells(word) > width && !line.isEmpty {
        lines.append(line.trimmed)
        line = ""
      }
      line += word
      word = ""
    }
    let characters = Array(text)
    for (index, character) in characters.enumerated() {
      // YAML joins folded lines by a space, which Japanese does not write.
      if character == " ", index > 0, index + 1 < characters.count,
        cells(String(characters[index - 1])) == 2,
        cells(String(characters[index + 1])) == 2
      {
        continue
      }
      let isWide = cells(String(character)) == 2
      // Closing marks stay with what they close.
      if isWide && !"。、）」』？！".contains(character) { flush() }
      word.append(character)
      if character == " " { flush() }
    }
    flush()
    if !line.isEmpty { lines.append(line.trimmed) }
    return lines.joined(separator: "\n")
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = self
    while text.last == " " { text.removeLast() }
    return text
  }
}
