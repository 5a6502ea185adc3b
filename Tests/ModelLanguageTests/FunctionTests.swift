import Foundation
import ModelLanguage
import TensorCore
import TestSupport
import Testing

/// Values of the language's functions against Foundation and plain loops.
struct FunctionTests {
  static let scalarFunctions: [(String, @Sendable (Double) -> Double, [Double])] = [
    ("exp", { exp($0) }, [-2, 0, 1.5]), ("log", { log($0) }, [0.1, 1, 7]),
    ("log1p", { log1p($0) }, [-0.5, 1e-12, 3]), ("expm1", { expm1($0) }, [-1, 1e-12, 2]),
    ("sqrt", { $0.squareRoot() }, [0.25, 2]), ("abs", { abs($0) }, [-3, 0, 2]),
    ("sign", { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }, [-3, 0, 2]),
    ("heaviside", { $0 > 0 ? 1 : $0 < 0 ? 0 : 0.5 }, [-3, 0, 2]),
    ("sin", { sin($0) }, [-1, 2]), ("cos", { cos($0) }, [-1, 2]), ("tan", { tan($0) }, [-1, 1]),
    ("asin", { asin($0) }, [-0.3, 0.9]), ("acos", { acos($0) }, [-0.3, 0.9]),
    ("atan", { atan($0) }, [-3, 0.9]), ("sinh", { sinh($0) }, [-1, 2]),
    ("cosh", { cosh($0) }, [-1, 2]), ("tanh", { tanh($0) }, [-1, 2]),
    ("sigmoid", { 1 / (1 + exp(-$0)) }, [-3, 0, 2]),
    ("softplus", { log(1 + exp($0)) }, [-3, 0, 2]), ("relu", { max($0, 0) }, [-3, 0, 2]),
    ("erf", { erf($0) }, [-1, 0.3]), ("gamma", { tgamma($0) }, [0.5, 4.2]),
    ("lgamma", { log(abs(tgamma($0))) }, [0.5, 4.2]),
  ]

  @Test(arguments: 0..<scalarFunctions.count)
  func functionsOfOneNumberGoEntryByEntry(index: Int) throws {
    let (name, function, points) = Self.scalarFunctions[index]
    let text = "\(name)(u)"
    for point in points {
      let inputs = ["u": Tensor(point)]
      expectClose(try Language.run(text, inputs).values, [function(point)], within: .identity, text)
      expectClose(try Language.fold(text, inputs).values, [function(point)])
    }
    let vector = try Language.run(text, ["u": Tensor(vector: points)])
    #expect(vector.shape == .vector(points.count))
    expectClose(vector.values, points.map(function), within: .identity, text)
  }

  @Test func everyFunctionOfTheDesignExists() {
    let listed = """
      exp log log1p expm1 sqrt abs sign sin cos tan asin acos atan atan2 sinh cosh tanh sigmoid \
      softplus relu erf gamma lgamma min max sum prod mean norm dot outer diag eye zeros ones dct \
      linspace softmax logsumexp gaussian heaviside if
      """
    #expect(Set(ModelVocabulary.functions) == Set(listed.split(separator: " ").map(String.init)))
  }

  @Test func reductions() throws {
    try OperatorTests.check("sum(A)", 2)
    try OperatorTests.check("sum(x)", -1)
    try OperatorTests.check("sum(s)", 3)
    try OperatorTests.check("prod(x)", -6)
    try OperatorTests.check("prod(C)", 720)
    try OperatorTests.check("prod([1, 2, 3, 4, 5, 6, 7])", 5040)
    try OperatorTests.check("prod(s)", 3)
    try OperatorTests.check("mean(C)", 3.5)
    try OperatorTests.check("mean(s)", 3)
    try OperatorTests.check("norm(x)", 13.0.squareRoot())
    try OperatorTests.check("norm(A)", 30.0.squareRoot())
    try OperatorTests.check("max(A)", 3)
    try OperatorTests.check("min(A)", -4)
    try OperatorTests.check("min(s)", 3)
    try OperatorTests.check("max(x, y[1:2] - 6)", Tensor(vector: [2, 1]))
    try OperatorTests.check("min(x, 0)", Tensor(vector: [0, -3]))
    try OperatorTests.check("atan2(x, y)", Tensor(vector: [atan2(2, 5), atan2(-3, 7)]))
    try OperatorTests.check("atan2(1, y)", Tensor(vector: [atan2(1, 5), atan2(1, 7)]))
  }

  @Test func productsOfVectors() throws {
    try OperatorTests.check("dot(x, y)", -11)
    try OperatorTests.check("dot(s, 2)", 6)
    try OperatorTests.check(
      "outer(x, z)", Tensor(rows: [[2, -4, 8], [-3, 6, -12]]))
    try OperatorTests.check("diag(x)", Tensor(rows: [[2, 0], [0, -3]]))
    try OperatorTests.check(
      "diag(z)", Tensor(rows: [[1, 0, 0], [0, -2, 0], [0, 0, 4]]))
    try OperatorTests.check("diag(s)", Tensor(rows: [[3]]))
    try OperatorTests.check("diag(A)", Tensor(vector: [1, -4]))
    try OperatorTests.check("diag(diag(z))", Tensor(vector: [1, -2, 4]))
    try OperatorTests.check("diag(C' * C)", Tensor(vector: [17, 29, 45]))
    try OperatorTests.check("diag([[7]])", Tensor(vector: [7]))
  }

  @Test func tables() throws {
    try OperatorTests.check("eye(3)", .identity(3))
    try OperatorTests.check("eye(2, 3)", Tensor(rows: [[1, 0, 0], [0, 1, 0]]))
    try OperatorTests.check("zeros(3)", Tensor(vector: [0, 0, 0]))
    try OperatorTests.check("zeros(2, 1)", Tensor(rows: [[0], [0]]))
    try OperatorTests.check("ones(1 + 1)", Tensor(vector: [1, 1]))
    try OperatorTests.check("ones(2, 2)", Tensor(rows: [[1, 1], [1, 1]]))
    try OperatorTests.check("linspace(-1, 1, 5)", Tensor(vector: [-1, -0.5, 0, 0.5, 1]))
    try OperatorTests.check("linspace(s, 0.1, 2)", Tensor(vector: [3, 0.1]))
    let basis = try Language.fold("dct(4, 2)")
    #expect(basis.shape == .matrix(4, 2))
    let root = 0.5.squareRoot()
    expectClose(
      basis.values,
      [
        0.5, root * cos(Double.pi / 8), 0.5, root * cos(3 * Double.pi / 8),
        0.5, root * cos(5 * Double.pi / 8), 0.5, root * cos(7 * Double.pi / 8),
      ])
    for count in [1, 2, 5, 16] {
      expectClose(
        try Language.fold("dct(\(count))' * dct(\(count))").values,
        Tensor<Double>.identity(count).values)
    }
  }

  @Test func softMaximaStayFiniteForLargeNumbers() throws {
    let weights = [exp(1.0), exp(-2.0), exp(4.0)]
    let total = weights.reduce(0, +)
    try OperatorTests.check("softmax(z)", Tensor(vector: weights.map { $0 / total }))
    try OperatorTests.check("logsumexp(z)", log(total))
    try OperatorTests.check("logsumexp(A)", log([1.0, 2, 3, -4].map { exp($0) }.reduce(0, +)))
    try OperatorTests.check("logsumexp([1000, 1000])", 1000 + log(2.0))
    try OperatorTests.check("softmax([-1000, 1000, 1000])", Tensor(vector: [0, 0.5, 0.5]))
    try OperatorTests.check("logsumexp(s)", 3)
  }

  @Test func densitiesAndChoices() throws {
    func density(_ x: Double, _ mean: Double, _ deviation: Double) -> Double {
      exp(-pow((x - mean) / deviation, 2) / 2) / (deviation * (2 * Double.pi).squareRoot())
    }
    try OperatorTests.check("gaussian(0.5)", density(0.5, 0, 1))
    try OperatorTests.check("gaussian(s, 1)", density(3, 1, 1))
    try OperatorTests.check(
      "gaussian(x, y, 2)", Tensor(vector: [density(2, 5, 2), density(-3, 7, 2)]))
    try OperatorTests.check(
      "gaussian(s, 1, y)", Tensor(vector: [density(3, 1, 5), density(3, 1, 7)]))
    try OperatorTests.check("if(s > 2, 5, 6)", 5)
    try OperatorTests.check("if(s < 2, 5, 6)", 6)
    try OperatorTests.check("if(x > 0, x, 0)", Tensor(vector: [2, 0]))
    try OperatorTests.check("if(s, x, y)", Tensor(vector: [2, -3]))
    try OperatorTests.check("if(x - 2, 1, 10)", Tensor(vector: [10, 1]))
    try OperatorTests.check("if(x' * x > 0, A, 0)", OperatorTests.a)
  }

  /// Expressions that are smooth at the point, one for every way a function is put together.
  static let smooth = [
    "A * x", "x' * A * x", "(x * y')[1, :]", "x .* y ./ (1 + x .* x)", "x .^ 3 + 2 .^ x",
    "sum(x)", "prod([x[1], x[2], 3, x[1]])", "mean(x .^ 2)", "norm(x)", "dot(x, A * x)",
    "outer(x, x)", "diag(x) * A", "diag(A * x * x')", "softmax(x)", "logsumexp(x)",
    "gaussian(x, 0.5, 2)", "gaussian(x[1], x[2], 1 + x[2]^2)", "if(x > 0, x .^ 2, sin(x))",
    "max(x, 0.1) + min(x)", "atan2(x[1], x[2])", "linspace(x[1], x[2], 4)", "[x, x .^ 2]",
    "(A + x[1] * eye(2)) ^ 3", "dct(2) * x", "sigmoid(x) + softplus(x) + tanh(x)",
    "lgamma(x .^ 2) + erf(x)", "log(x[1]^2) * expm1(x[2])", "C' * x",
  ]

  @Test(.tags(.property), arguments: smooth)
  func derivativesAgreeWithDifferences(text: String) throws {
    let point = Tensor<Double>(vector: [0.7, -1.3])
    let inputs = ["x": point]
    var builder = ProgramBuilder()
    var scope = Scope()
    scope.define("x", .value(builder.input("x", shape: point.shape)))
    for name in ["A", "C", "y"] {
      scope.define(name, .constant(try #require(OperatorTests.names[name])))
    }
    let value = try ExpressionCompiler.compile(
      try Language.parse(text), in: scope, builder: &builder)
    builder.output("value", value)
    let program = builder.build().jacobian(of: "value", withRespectTo: "x", as: "first")
      .jacobian(of: "first", withRespectTo: "x", as: "second")
    let here = program.evaluate(inputs)
    for (output, derivative, tolerance) in [
      ("value", "first", Tolerance.derivative), ("first", "second", .secondDerivative),
    ] {
      var differences = [Double](repeating: 0, count: (here[derivative]?.shape.count ?? 0))
      for column in 0..<2 {
        let step = 1e-5
        var (ahead, behind) = (point, point)
        ahead.values[column] += step
        behind.values[column] -= step
        let high = try #require(program.evaluate(["x": ahead])[output]).values
        let low = try #require(program.evaluate(["x": behind])[output]).values
        for row in high.indices {
          differences[row * 2 + column] = (high[row] - low[row]) / (2 * step)
        }
      }
      expectClose(
        here[derivative]?.values ?? [], differences, within: tolerance, "\(text): \(derivative)")
    }
  }

  @Test func linearExpressionsHaveConstantJacobians() throws {
    let program = try Language.program(
      "[[1, 2], [3, 4]] * x + diag(x)[1, :] + x[1:2] / 2", ["x": Tensor(vector: [0, 0])]
    ).jacobian(of: "value", withRespectTo: "x", as: "first")
    #expect(program.constantOutput("first")?.values == [2.5, 2, 3, 4.5])
  }
}
