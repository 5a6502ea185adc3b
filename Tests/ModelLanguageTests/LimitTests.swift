import ModelLanguage
import TensorCore
import TestSupport
import Testing

/// Depth, length and size: what is accepted, what is refused, and that nothing crashes.
struct LimitTests {
  /// Ways to nest an expression `depth` times around `v`.
  static let nestings: [(String, @Sendable (Int) -> String)] = [
    (
      "parentheses", { String(repeating: "(", count: $0) + "v" + String(repeating: ")", count: $0) }
    ),
    ("signs", { String(repeating: "-", count: $0) + "v" }),
    ("powers", { "v" + String(repeating: "^1", count: $0) }),
    (
      "calls",
      { String(repeating: "sin(", count: $0) + "v" + String(repeating: ")", count: $0) }
    ),
    ("transposes", { "v" + String(repeating: "'", count: $0) }),
    (
      "sums in parentheses",
      { String(repeating: "(1+2*", count: $0) + "v" + String(repeating: ")", count: $0) }
    ),
  ]

  @Test(arguments: 0..<nestings.count)
  func oneHundredLevelsAreAcceptedAndOneMoreRefused(index: Int) throws {
    let nest = Self.nestings[index].1
    #expect(Language.problem(nest(100)) == nil)
    let refusal = try #require(Language.problem(nest(101)))
    #expect(refusal.kind == .nestingTooDeep(limit: 100))
    #expect(Language.problem(nest(50_000))?.kind == .nestingTooDeep(limit: 100))
  }

  @Test func literalsAndIndicesNestToTheLimit() throws {
    func brackets(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + "v" + String(repeating: "]", count: depth)
    }
    #expect(try Language.parse(brackets(100)).freeNames == ["v"])
    #expect(throws: Diagnostic.self) { try Language.parse(brackets(101)) }
    #expect(throws: Diagnostic.self) {
      try Language.parse("x" + String(repeating: "[1]", count: 101))
    }
    #expect(try Language.parse("x" + String(repeating: "[1]", count: 100)).freeNames == ["x"])
  }

  @Test func theDeepestTextThatParsesIsNoDangerToTheCompiler() {
    // Parentheses and transposes together make the tallest tree the parser lets through.
    var text = "x"
    for depth in stride(from: 99, through: 0, by: -1) {
      text = "(" + text + String(repeating: "'", count: 99 - depth) + ")"
    }
    let problem = Language.problem(text)
    #expect(problem?.kind == .nestingTooDeep(limit: 400))
  }

  @Test func longChainsAreNotDeep() throws {
    let terms = 20_000
    let text = "v" + String(repeating: " + v * 2 - 1", count: terms)
    let value = try Language.run(text, ["v": Tensor(1)])
    #expect(value == Tensor(Double(1 + terms)))
  }

  @Test func longTextsAreReadInLinearTime() throws {
    func seconds(_ count: Int) throws -> Double {
      let text = "[" + Array(repeating: "0.25", count: count).joined(separator: ", ") + "]"
      let clock = ContinuousClock()
      var result: Tensor<Double>?
      let duration = try clock.measure { result = try Language.fold(text) }
      #expect(result == Tensor(repeating: 0.25, shape: .vector(count)))
      return duration / .seconds(1)
    }
    let short = try seconds(20_000)
    let long = try seconds(200_000)
    // Quadratic time would be a hundred times as long; noise may be a few times.
    #expect(long < 40 * max(short, 0.01), "\(short) s, then \(long) s")
  }

  @Test func chainsOfBindingsEndInARefusal() {
    var model = Model.standard
    for index in 0..<5000 { model.bind("b\(index)", "b\(index + 1) + 1") }
    model.bind("b5000", "v")
    #expect(Language.problem("b4950", in: model) == nil)
    let problem = Language.problem("b0", in: model)
    #expect(problem?.kind == .nestingTooDeep(limit: 100))
    #expect(problem?.notes.count == 3)
  }

  @Test func functionsThatMultiplyAreRefused() {
    var model = Model.standard
    model.function("f0(u)", "u + 1")
    for index in 1...60 {
      model.function("f\(index)(u)", "f\(index - 1)(u + 1) * f\(index - 1)(u + 2)")
    }
    #expect(Language.problem("f8(v)", in: model) == nil)
    #expect(Language.problem("f60(v)", in: model)?.kind == .expressionTooLarge(limit: 1_000_000))
  }

  @Test func bindingsThatMultiplyAreCompiledOnce() throws {
    var model = Model.standard
    model.bind("g0", "v")
    for index in 1...60 { model.bind("g\(index)", "g\(index - 1) + g\(index - 1)") }
    #expect(Language.problem("g60", in: model) == nil)
  }

  @Test(arguments: [
    "eye(5000)", "outer(ones(5000), ones(5000))", "ones(5000, 1) * ones(1, 5000)",
    "diag(ones(5000))", "ones(3000) * ones(3000)'", "dct(4000)", "zeros(8000, 8000)",
  ])
  func largeTensorsAreRefused(text: String) {
    #expect(Language.problem(text)?.kind == .tensorTooLarge(limit: 1 << 23))
  }

  @Test func largeTensorsTogetherAreRefused() {
    let sum = (1...12).map { "ones(8000000) * \($0)" }.joined(separator: " + ")
    #expect(Language.problem(sum)?.kind == .tensorTooLarge(limit: 1 << 26))
  }
}
