import ModelLanguage
import TensorCore
import TestSupport
import Testing

/// Short ways to read, compile, run and refuse expressions.
enum Language {
  static func fragment(_ text: String) -> SourceFragment {
    SourceFragment(
      text: text, start: ModelLanguage.SourceLocation(file: "m.yaml", line: 1, column: 1))
  }

  static func parse(_ text: String) throws(Diagnostic) -> Expression {
    try ExpressionParser.parse(fragment(text))
  }

  /// The value of an expression whose names are inputs of a program.
  static func run(
    _ text: String, _ inputs: [String: Tensor<Double>] = [:]
  ) throws -> Tensor<Double> {
    let program = try program(text, inputs)
    return try #require(program.evaluate(inputs)["value"])
  }

  static func program(
    _ text: String, _ inputs: [String: Tensor<Double>]
  ) throws(Diagnostic) -> Program {
    var builder = ProgramBuilder()
    var scope = Scope()
    for (name, tensor) in inputs.sorted(by: { $0.key < $1.key }) {
      scope.define(name, .value(builder.input(name, shape: tensor.shape)))
    }
    let value = try ExpressionCompiler.compile(try parse(text), in: scope, builder: &builder)
    builder.output("value", value)
    return builder.build()
  }

  /// The value of an expression whose names are constants.
  static func fold(
    _ text: String, _ constants: [String: Tensor<Double>] = [:]
  ) throws(Diagnostic) -> Tensor<Double> {
    var scope = Scope()
    for (name, tensor) in constants { scope.define(name, .constant(tensor)) }
    return try ExpressionCompiler.constant(try parse(text), in: scope)
  }

  /// What is wrong with an expression, or nil.
  static func problem(_ text: String, in model: Model = .standard) -> Diagnostic? {
    var model = model
    do {
      _ = try model.compile(text)
      return nil
    } catch {
      return error
    }
  }

  /// The complete text about one expression, which stands alone in its file.
  static func refusal(
    _ text: String, in model: Model = .standard, _ language: DiagnosticLanguage = .english
  ) -> String {
    guard let problem = problem(text, in: model) else { return "accepted" }
    return DiagnosticRenderer(
      sources: [SourceFile(name: "m.yaml", text: text)] + model.sources, language: language
    ).render(problem)
  }
}

/// A scope with one of everything.
struct Model {
  var builder = ProgramBuilder()
  var scope = Scope()
  var sources: [SourceFile] = []

  static var standard: Model {
    var model = Model()
    for (name, shape) in [("x", Shape.vector(2)), ("v", .scalar), ("z", .vector(3))] {
      model.scope.define(name, .value(model.builder.input(name, shape: shape)))
    }
    model.scope.define("A", .constant(Tensor(rows: [[-0.25, 1], [-0.5, -0.25]])))
    model.scope.define("B", .constant(Tensor(rows: [[1, 2], [3, 4], [5, 6]])))
    model.scope.define("sigma", .constant(Tensor(10)))
    model.scope.define("gamma", .constant(Tensor(2)))
    model.scope.define("t", .unavailable(.time))
    model.scope.define("a", .unavailable(.action))
    model.scope.define("w", .unavailable(.level(2)))
    model.scope.define("force", .unavailable(.process))
    model.bind("double", "sigma * 2")
    model.bind("first", "second + 1")
    model.bind("second", "third")
    model.bind("third", "first * 2")
    model.bind("crooked", "x + z")
    model.function("square(u)", "u .^ 2")
    model.function("weighted(u, s)", "u / s")
    model.function("shifted(u)", "u + [1, 2, 3]")
    model.function("even(u)", "odd(u - 1)")
    model.function("odd(u)", "even(u - 1)")
    return model
  }

  private mutating func fragment(_ name: String, _ text: String) -> SourceFragment {
    sources.append(SourceFile(name: name, text: text))
    return SourceFragment(
      text: text, start: ModelLanguage.SourceLocation(file: name, line: 1, column: 1))
  }

  mutating func bind(_ name: String, _ text: String) {
    do {
      scope.define(name, .binding(try ExpressionParser.parse(fragment("let-\(name)", text))))
    } catch {
      Issue.record("let \(name): \(error)")
    }
  }

  mutating func function(_ heading: String, _ text: String) {
    do {
      scope.define(
        try FunctionDefinition.parse(
          heading: fragment("heading of \(heading)", heading),
          body: fragment("body of \(heading)", text)))
    } catch {
      Issue.record("function \(heading): \(error)")
    }
  }

  mutating func compile(_ text: String, shape: Shape? = nil) throws(Diagnostic) -> Value {
    let context = ExpressionContext.motion("x")
    let expression = try ExpressionParser.parse(Language.fragment(text), context: context)
    return try ExpressionCompiler.compile(
      expression, in: scope, builder: &builder, context: context, shape: shape)
  }
}

extension Tensor where Scalar == Double {
  static func random(_ shape: Shape, seed: UInt64) -> Tensor {
    var source = RandomSource(seed: seed)
    return Tensor(shape: shape, values: source.normals(shape.count))
  }
}

/// An expression and everything that is said about it in both languages.
struct Refusal: Sendable, CustomTestStringConvertible {
  let text: String
  let english: String
  let japanese: String

  /// Puts the file's name before the headings, and the expression between heading and caret.
  init(
    _ text: String, _ englishHeading: String, _ englishCaret: String,
    _ japaneseHeading: String, _ japaneseCaret: String
  ) {
    self.text = text
    english = "m.yaml:1:\(englishHeading)\n\(text)\n\(englishCaret)\n"
    japanese = "m.yaml:1:\(japaneseHeading)\n\(text)\n\(japaneseCaret)\n"
  }

  var testDescription: String { text }

  func check() {
    #expect(Language.refusal(text) == english)
    #expect(Language.refusal(text, .japanese) == japanese)
  }
}
