import ModelLanguage
import TensorCore
import TestSupport
import Testing

/// Bindings, functions, shapes asked for, constants, suggestions.
struct ScopeTests {
  private func run(_ text: String, _ x: [Double] = [2, -3], _ v: Double = 5) throws -> [Double] {
    var model = Model.standard
    let value = try model.compile(text)
    model.builder.output("value", value)
    let program = model.builder.build()
    return try #require(
      program.evaluate([
        "x": Tensor(vector: x), "v": Tensor(v), "z": Tensor(vector: [1, 2, 3]),
      ])["value"]
    ).values
  }

  @Test func bindingsAndFunctionsUnfold() throws {
    #expect(try run("double + 1") == [21])
    #expect(try run("square(x)") == [4, 9])
    #expect(try run("square(square(x[1] + 1))") == [81])
    #expect(try run("weighted(x, v)") == [0.4, -0.6])
    #expect(try run("shifted(z) + shifted(0)") == [3, 6, 9])
  }

  @Test func bindingsNeedNoOrderAndMayReadOneAnother() throws {
    var model = Model.standard
    model.bind("late", "early + v")
    model.bind("early", "x[1] * 2")
    let value = try model.compile("late * early")
    model.builder.output("value", value)
    let result = model.builder.build().evaluate([
      "x": Tensor(vector: [3, 0]), "v": Tensor(4), "z": Tensor(vector: [0, 0, 0]),
    ])
    #expect(result["value"] == Tensor(60))
  }

  @Test func aFunctionsParametersHideNamesOfTheScope() throws {
    var model = Model.standard
    // The binding reads the scope's v, not the parameter of the function that reads the binding.
    model.bind("outside", "v")
    model.function("inside(v)", "outside + 10 * v")
    let value = try model.compile("inside(2)")
    model.builder.output("value", value)
    let result = model.builder.build().evaluate([
      "x": Tensor(vector: [0, 0]), "v": Tensor(7), "z": Tensor(vector: [0, 0, 0]),
    ])
    #expect(result["value"] == Tensor(27))
  }

  @Test func theShapeOfAPlaceIsHeld() throws {
    var model = Model.standard
    #expect(try model.compile("x * v", shape: .vector(2)).shape == .vector(2))
    #expect(try model.compile("x' * x", shape: .scalar).shape == .scalar)
    #expect(try model.compile("v", shape: .matrix(1, 1)).shape == .matrix(1, 1))
    let expected = Diagnostic(
      .resultShape(expected: .vector(2), found: .vector(3)),
      at: SourceSpan(.init(file: "m.yaml", line: 1, column: 1), length: 5), context: .motion("x"))
    #expect(throws: expected) { try model.compile("z * 2", shape: .vector(2)) }
    #expect(
      DiagnosticRenderer(sources: [SourceFile(name: "m.yaml", text: "z * 2")]).render(expected)
        == """
        m.yaml:1:1: error: the value is a vector of 3 in motion of x
        z * 2
        ^~~~~  expected a vector of 2

        """)
    #expect(
      DiagnosticRenderer(sources: [], language: .japanese).render(expected)
        == """
        m.yaml:1:1: エラー: x の運動で、値が長さ 3 のベクトルになっています
        長さ 2 のベクトルが必要です

        """)
  }

  @Test func aBuilderSurvivesARefusal() throws {
    var model = Model.standard
    #expect(throws: Diagnostic.self) { try model.compile("x + v * z") }
    let value = try model.compile("x + v")
    model.builder.output("value", value)
    let program = model.builder.build()
    #expect(program.inputs.map(\.name) == ["x", "v", "z"])
    let inputs = [
      "x": Tensor<Double>(vector: [1, 2]), "v": Tensor(3), "z": Tensor(vector: [0, 0, 0]),
    ]
    #expect(program.evaluate(inputs)["value"] == Tensor(vector: [4, 5]))
  }

  @Test func constantsNeedNoInputs() throws {
    let model = Model.standard
    func constant(_ text: String, shape: Shape? = nil) throws(Diagnostic) -> Tensor<Double> {
      try ExpressionCompiler.constant(
        Language.parse(text), in: model.scope, context: .precision("y"), shape: shape)
    }
    #expect(try constant("double * eye(2)") == Tensor(rows: [[20, 0], [0, 20]]))
    #expect(try constant("-0.5") == Tensor(-0.5))
    #expect(try constant("3", shape: .vector(1)) == Tensor(vector: [3]))
    let varying = try #require(throws: Diagnostic.self) { try constant("exp(v)") }
    #expect(
      DiagnosticRenderer(sources: [SourceFile(name: "m.yaml", text: "exp(v)")]).render(varying)
        == """
        m.yaml:1:5: error: 'v' cannot be read in precision of y
        exp(v)
            ^  its value varies; expected a constant

        """)
    let shape = try #require(throws: Diagnostic.self) { try constant("[1, 2]", shape: .vector(3)) }
    #expect(shape.kind == .resultShape(expected: .vector(3), found: .vector(2)))
  }

  @Test(arguments: [
    ("f(a, a)", 6, DiagnosticKind.duplicateName("a")), ("exp(a)", 1, .reservedFunction("exp")),
    ("f", 2, .unexpectedEnd(expected: .openingParenthesis)),
    ("f(a", 4, .unexpectedEnd(expected: .commaOrClosing(")"))),
    ("f(1)", 3, .unexpectedToken("1", expected: .name)),
    ("f(a) + 1", 6, .unexpectedToken("+", expected: .end)),
    ("2(a)", 1, .unexpectedToken("2", expected: .name)),
    ("f(a b)", 5, .unexpectedToken("b", expected: .commaOrClosing(")"))),
  ])
  func headingsOfFunctionsAreChecked(heading: String, column: Int, kind: DiagnosticKind) throws {
    let problem = try #require(throws: Diagnostic.self) {
      try FunctionDefinition.parse(
        heading: Language.fragment(heading), body: Language.fragment("1"))
    }
    #expect(problem.kind == kind)
    #expect(problem.span.location.column == column)
  }

  @Test func functionsWithoutParametersAreConstants() throws {
    let function = try FunctionDefinition.parse(
      heading: Language.fragment("half()"), body: Language.fragment("1 / 2"))
    #expect(function.parameters.isEmpty)
    var scope = Scope()
    scope.define(function)
    #expect(
      try ExpressionCompiler.constant(Language.parse("half() * 4"), in: scope) == Tensor(2))
  }

  @Test(
    arguments: [
      ("sigm", "sigma"), ("sigam", "sigma"), ("Sigma", "sigma"), ("beta2", "beta"), ("bta", "beta"),
      ("rhoo", "rho"), ("delta", nil), ("x", "x9"), ("X", "x9"), ("", nil), ("omega", nil),
    ] as [(String, String?)])
  func suggestionsAreNear(name: String, expected: String?) {
    let names = ["sigma", "rho", "beta", "x9", "y7"]
    #expect(NameSuggestion.nearest(to: name, among: names) == expected)
  }

  @Test func suggestionsTakeTheNearestAndThenTheFirstInTheAlphabet() {
    #expect(NameSuggestion.nearest(to: "gamna", among: ["gamma2", "gamma"]) == "gamma")
    #expect(NameSuggestion.nearest(to: "cat", among: ["rat", "bat", "hat"]) == "bat")
    #expect(NameSuggestion.nearest(to: "a", among: ["b", "c"]) == nil)
    #expect(
      NameSuggestion.nearest(to: String(repeating: "a", count: 100_000), among: ["a"]) == nil)
  }

  @Test func namesAreLettersThenLettersAndDigits() {
    for name in ["x", "_", "x1", "μ", "速度", "a_b"] { #expect(ModelVocabulary.isName(name)) }
    for name in ["", "1x", "a-b", "a b", "x'", "a.b", "ｘ"] {
      #expect(!ModelVocabulary.isName(name))
    }
  }
}
