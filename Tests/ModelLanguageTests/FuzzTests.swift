import ModelLanguage
import TensorCore
import TestSupport
import Testing

/// Random texts: every one gives a value or a diagnostic whose place lies inside the text.
struct FuzzTests {
  static let words = [
    "x", "v", "z", "A", "B", "sigma", "t", "w", "nobody", "double", "first", "crooked", "square",
    "weighted", "odd", "exp", "log", "sum", "diag", "eye", "outer", "softmax", "linspace", "dct",
    "if", "norm", "max", "atan2", "gaussian", "pi", "(", ")", "(", ")", "[", "]", "[", "]", ",",
    ",",
    ":", "'", "+", "-", "*", "/", "^", ".*", "./", ".^", "<", ">=", "==", "!=", "1", "2", "3", "0",
    "0.5", "1e3", "1e999", "2x", ".", "..", "=", "!", ";", "#", "−", "（", "μ", "名", "\u{7}",
    "\u{301}",
    "👩‍👩‍👧", "\n", "\t", " ", "\\", "\"", "&", "$", "e", "E5", "_",
  ]

  static let valid = [
    "A * x + sigma * v", "[sigma * (x[2] - x[1]), x[1] * x[2]]", "exp(-(v - 12)^2 / 4)",
    "B * x", "softmax(z)[1:2]", "if(v > 0, x, -x)", "diag(x) * A", "square(x) .* [1, 2]",
    "outer(x, z)[1, :]", "weighted(v, 3) + sum(B[:, 2])", "eye(2) * x' '", "dct(3, 2)' * z",
    "gaussian(v, 0, 2) * log1p(abs(v))", "A ^ 3 + linspace(0, 1, 4)[2]",
  ]

  /// Compiles and judges one text.
  static func judge(_ text: String, _ model: Model) -> Bool {
    guard let problem = Language.problem(text, in: model) else { return true }
    let length = text.count
    let span = problem.span
    let inside =
      span.location.file != "m.yaml"
      || (span.location.column >= 1 && span.location.column <= length + 1 && span.length >= 1
        && span.location.column + span.length <= max(length, span.location.column) + 1)
    #expect(inside, "\(text.debugDescription): \(problem)")
    for language in DiagnosticLanguage.allCases {
      let rendered = DiagnosticRenderer(
        sources: [SourceFile(name: "m.yaml", text: text)] + model.sources, language: language
      ).render(problem)
      #expect(rendered.contains("^"), "\(text.debugDescription): \(rendered)")
    }
    return false
  }

  @Test(.tags(.property)) func randomWordsNeverCrashSeed11() {
    var source = RandomSource(seed: 11)
    let model = Model.standard
    var accepted = 0
    for _ in 0..<14_000 {
      let count = Int.random(in: 1...12, using: &source)
      let text = (0..<count).map { _ in Self.words.randomElement(using: &source) ?? "" }
        .joined(separator: Bool.random(using: &source) ? " " : "")
      if Self.judge(text, model) { accepted += 1 }
    }
    // Both outcomes must occur, or the words are badly chosen.
    #expect(accepted > 100)
    #expect(accepted < 10_000)
  }

  @Test(.tags(.property)) func mutatedExpressionsNeverCrashSeed12() {
    var source = RandomSource(seed: 12)
    let model = Model.standard
    var accepted = 0
    for text in Self.valid { #expect(Self.judge(text, model), "\(text)") }
    for _ in 0..<6_000 {
      var characters = Array(Self.valid.randomElement(using: &source) ?? "")
      for _ in 0..<Int.random(in: 1...3, using: &source) {
        let place = Int.random(in: 0..<max(characters.count, 1), using: &source)
        let word = Array(Self.words.randomElement(using: &source) ?? "")
        switch Int.random(in: 0..<3, using: &source) {
        case 0 where !characters.isEmpty: characters.remove(at: place)
        case 1 where !characters.isEmpty: characters.replaceSubrange(place...place, with: word)
        default: characters.insert(contentsOf: word, at: place)
        }
      }
      if Self.judge(String(characters), model) { accepted += 1 }
    }
    #expect(accepted > 100)
    #expect(accepted < 5_500)
  }
}
