import Foundation
import ModelFiles
import ModelLanguage
import TensorCore
import Testing

@Suite struct FuzzTests {
  /// Pieces that have a meaning somewhere in the format, so that mutations get past the first check.
  private static let pieces = [
    "[", "]", "{", "}", "(", ")", "\"", "'", ":", ": ", ", ", "\n", "\n  ", "- ", "#", "&a ", "*a",
    "|\n", ">\n", "!!", "? ", "%", "\t", "1e999", "-", "^", "x", "v", "t", "A * x", "exp(", "0",
    ".inf", "~", "let: ", "levels:", "states: ", "precision: ", "value: ", "x[9]", "x[1:", "力", "é",
    "\u{1F426}", "\\", "9999999999", "process:", "functions: {\"f(a)\": f(a)}", "---\n", "\r\n",
    "zeros(9999, 9999)", "\u{85}", "\u{2028}", "\u{FEFF}", "\u{0}",
  ]

  @Test("5,000 mutations of shipped models, seed 11")
  func mutationsNeverCrash() throws {
    let originals = try shippedModels.map {
      Array(
        try String(contentsOf: modelsFolder.appending(path: $0 + ".yaml"), encoding: .utf8)
          .unicodeScalars)
    }
    var random = RandomSource(seed: 11)
    var refused = 0
    for round in 0..<5000 {
      var scalars = originals[round % originals.count]
      for _ in 0..<(1 + Int(random.next() % 4)) { mutate(&scalars, &random) }
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars)
      let source = SourceFile(
        name: modelsFolder.path + "/mutant.yaml", text: String(view))
      do {
        _ = try ModelLoader.load(source: source)
      } catch {
        refused += 1
        let text = error.render(language: round.isMultiple(of: 2) ? .english : .japanese)
        #expect(!text.isEmpty)
      }
    }
    // Some mutations only touch prose or numbers.
    #expect(refused > 2000 && refused < 5000)
  }

  @Test("500 files of random bytes, seed 12")
  func bytesNeverCrash() throws {
    var random = RandomSource(seed: 12)
    try withFolder { folder in
      let file = folder.appending(path: "noise.yaml")
      for _ in 0..<500 {
        let bytes = (0..<Int(random.next() % 200)).map { _ in
          UInt8(truncatingIfNeeded: random.next())
        }
        try Data(bytes).write(to: file)
        #expect(throws: ModelFileError.self) { try ModelLoader.load(path: file.path) }
      }
    }
  }

  private func mutate(_ scalars: inout [Unicode.Scalar], _ random: inout RandomSource) {
    func position(_ count: Int) -> Int { Int(random.next() % UInt64(max(count, 1))) }
    let start = position(scalars.count)
    switch random.next() % 5 {
    case 0:
      let piece = Self.pieces[position(Self.pieces.count)]
      scalars.insert(contentsOf: piece.unicodeScalars, at: start)
    case 1:
      scalars.removeSubrange(start..<min(start + 1 + position(8), scalars.count))
    case 2:
      let piece = Self.pieces[position(Self.pieces.count)]
      if start < scalars.count {
        scalars.replaceSubrange(start...start, with: piece.unicodeScalars)
      }
    case 3:
      // Repeats a stretch elsewhere: duplicate keys, deeper nesting, doubled brackets.
      let stretch = Array(scalars[start..<min(start + 1 + position(60), scalars.count)])
      scalars.insert(contentsOf: stretch, at: position(scalars.count))
    default:
      let other = position(scalars.count)
      if !scalars.isEmpty { scalars.swapAt(start, other) }
    }
  }
}
