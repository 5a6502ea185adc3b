import ModelLanguage
import TensorCore
import TestSupport
import Testing

/// Values of operators against hand arithmetic, with names as inputs and as constants.
struct OperatorTests {
  static let a = Tensor<Double>(rows: [[1, 2], [3, -4]])
  static let b = Tensor<Double>(rows: [[0.5, -1], [2, 7]])
  static let c = Tensor<Double>(rows: [[1, 2, 3], [4, 5, 6]])
  static let names: [String: Tensor<Double>] = [
    "A": a, "B": b, "C": c, "x": Tensor(vector: [2, -3]), "y": Tensor(vector: [5, 7]),
    "z": Tensor(vector: [1, -2, 4]), "s": Tensor(3), "one": Tensor(vector: [4]),
    "row": Tensor(rows: [[2, 5]]),
  ]

  static func check(_ text: String, _ expected: Tensor<Double>) throws {
    var used = names
    let free = try Language.parse(text).freeNames
    used = used.filter { free.contains($0.key) }
    let folded = try Language.fold(text, names)
    let run = try Language.run(text, used)
    #expect(folded.shape == expected.shape, "\(text)")
    #expect(run.shape == expected.shape, "\(text)")
    expectClose(folded.values, expected.values, within: .identity, text)
    expectClose(run.values, expected.values, within: .identity, text)
  }

  static func check(_ text: String, _ expected: Double) throws {
    try check(text, Tensor(expected))
  }

  @Test(arguments: [
    ("1 + 2 * 3", 7.0), ("(1 + 2) * 3", 9), ("2 - 3 - 4", -5), ("12 / 3 / 2", 2),
    ("12 / 3 * 2", 8), ("2 ^ 3 ^ 2", 512), ("(2 ^ 3) ^ 2", 64), ("-2 ^ 2", -4),
    ("(-2) ^ 2", 4), ("2 ^ -1", 0.5), ("2 ^ -1 ^ 2", 0.5), ("-s ^ 2", -9), ("- -s", 3),
    ("+s", 3), ("2 * -s", -6), ("2 - -s", 5), ("1 + 2 < 4", 1), ("1 < 2 + 4", 1),
    ("2 * 3 .^ 2", 18), ("-2 .^ 2", -4), ("2 ^ s'", 8), ("2 .* 3 ./ 4", 1.5),
    ("2.*s", 6), ("2./s*s", 2), ("2.^s", 8), ("1e-3", 0.001), ("1.5E+2", 150), (".5", 0.5),
    ("2.", 2), ("1e2e", .nan), ("x[1] ^ 2", 4), ("-x[2]", 3), ("x[1]' * 2", 4),
    ("2 == 2", 1), ("2 != 2", 0), ("1 < 2", 1), ("2 < 1", 0), ("2 <= 2", 1), ("3 <= 2", 0),
    ("2 > 1", 1), ("1 > 2", 0), ("2 >= 2", 1), ("1 >= 2", 0),
    ("pi", Double.pi), ("e", 2.718281828459045), ("pi / 2 * 2", Double.pi),
  ])
  func scalarsFollowPrecedence(text: String, expected: Double) throws {
    guard !expected.isNaN else {
      #expect(Language.problem(text)?.kind == .malformedNumber(text))
      return
    }
    try Self.check(text, expected)
  }

  @Test func productsFollowShapes() throws {
    try Self.check("A * B", Tensor(rows: [[4.5, 13], [-6.5, -31]]))
    try Self.check("A * C", Tensor(rows: [[9, 12, 15], [-13, -14, -15]]))
    try Self.check("A * x", Tensor(vector: [-4, 18]))
    try Self.check("C * z", Tensor(vector: [9, 18]))
    try Self.check("x' * A", Tensor(rows: [[-7, 16]]))
    try Self.check("x' * y", Tensor(vector: [-11]))
    try Self.check("x' * A * y", Tensor(vector: [77]))
    try Self.check("x * y'", Tensor(rows: [[10, 14], [-15, -21]]))
    try Self.check("z * row", Tensor(rows: [[2, 5], [-4, -10], [8, 20]]))
    try Self.check("x * y", Tensor(vector: [10, -21]))
    try Self.check("C * C", Tensor(rows: [[1, 4, 9], [16, 25, 36]]))
    try Self.check("s * C", Tensor(rows: [[3, 6, 9], [12, 15, 18]]))
    try Self.check("x * s * 2", Tensor(vector: [12, -18]))
    try Self.check("A .* B", Tensor(rows: [[0.5, -2], [6, -28]]))
    try Self.check("row * x", Tensor(vector: [-11]))
  }

  @Test func sumsAndQuotientsGoEntryByEntry() throws {
    try Self.check("x + y", Tensor(vector: [7, 4]))
    try Self.check("x - y", Tensor(vector: [-3, -10]))
    try Self.check("x + s", Tensor(vector: [5, 0]))
    try Self.check("1 - A", Tensor(rows: [[0, -1], [-2, 5]]))
    try Self.check("A - B", Tensor(rows: [[0.5, 3], [1, -11]]))
    try Self.check("x / y", Tensor(vector: [0.4, -3.0 / 7]))
    try Self.check("x / 2", Tensor(vector: [1, -1.5]))
    try Self.check("6 / x", Tensor(vector: [3, -2]))
    try Self.check("A ./ B", Tensor(rows: [[2, -2], [1.5, -4.0 / 7]]))
    try Self.check("x .^ 2", Tensor(vector: [4, 9]))
    try Self.check("2 .^ x", Tensor(vector: [4, 0.125]))
    try Self.check("y .^ [2, 0.5]", Tensor(vector: [25, 7.0.squareRoot()]))
    try Self.check("-x", Tensor(vector: [-2, 3]))
    try Self.check("x < y", Tensor(vector: [1, 1]))
    try Self.check("x >= 2", Tensor(vector: [1, 0]))
    try Self.check("[1, 2] == [1, 3]", Tensor(vector: [1, 0]))
  }

  @Test func oneEntryGoesWithEveryShape() throws {
    try Self.check("one * x", Tensor(vector: [8, -12]))
    try Self.check("x + one", Tensor(vector: [6, 1]))
    try Self.check("one + s", Tensor(vector: [7]))
    try Self.check("s + one", Tensor(vector: [7]))
    try Self.check("(x' * y) * A", Tensor(rows: [[-11, -22], [-33, 44]]))
    try Self.check("one ^ 2", Tensor(vector: [16]))
    try Self.check("s ^ (x' * x)", Tensor(1594323))
    try Self.check("[x' * x, 1]", Tensor(vector: [13, 1]))
  }

  @Test func matrixPowersMultiply() throws {
    try Self.check("A ^ 0", .identity(2))
    try Self.check("A ^ 1", Self.a)
    try Self.check("A ^ 2", Tensor(rows: [[7, -6], [-9, 22]]))
    try Self.check("A ^ 3", Tensor(rows: [[-11, 38], [57, -106]]))
    try Self.check("A ^ 5 - A * A * A * A * A", Tensor(repeating: 0, shape: .matrix(2, 2)))
    try Self.check("A .^ 2", Tensor(rows: [[1, 4], [9, 16]]))
  }

  @Test func transposition() throws {
    try Self.check("A'", Tensor(rows: [[1, 3], [2, -4]]))
    try Self.check("C'", Tensor(rows: [[1, 4], [2, 5], [3, 6]]))
    try Self.check("x'", Tensor(rows: [[2, -3]]))
    try Self.check("x''", Tensor(rows: [[2], [-3]]))
    try Self.check("s'", 3)
    try Self.check("C'[3, 1]", 3)
  }

  @Test func indicesCountFromOne() throws {
    try Self.check("z[1]", 1)
    try Self.check("z[3]", 4)
    try Self.check("z[2:3]", Tensor(vector: [-2, 4]))
    try Self.check("z[2:2]", Tensor(vector: [-2]))
    try Self.check("z[:2]", Tensor(vector: [1, -2]))
    try Self.check("z[2:]", Tensor(vector: [-2, 4]))
    try Self.check("z[:]", Tensor(vector: [1, -2, 4]))
    try Self.check("z[1 + 1]", -2)
    try Self.check("C[2, 3]", 6)
    try Self.check("C[1, :]", Tensor(vector: [1, 2, 3]))
    try Self.check("C[:, 2]", Tensor(vector: [2, 5]))
    try Self.check("C[:, 2:3]", Tensor(rows: [[2, 3], [5, 6]]))
    try Self.check("C[2, 1:2]", Tensor(vector: [4, 5]))
    try Self.check("C[2:2, 1:2]", Tensor(rows: [[4, 5]]))
    try Self.check("[7, 8, 9][2]", 8)
    try Self.check("(A * x)[2]", 18)
    try Self.check("C[1, :][3]", 3)
  }

  @Test func literals() throws {
    try Self.check("[1, s, x[1]]", Tensor(vector: [1, 3, 2]))
    try Self.check("[[1, 2], [3, s]]", Tensor(rows: [[1, 2], [3, 3]]))
    try Self.check("[x, y, x + y]", Tensor(rows: [[2, -3], [5, 7], [7, 4]]))
    try Self.check("[[1], [2]]", Tensor(rows: [[1], [2]]))
    try Self.check("[-1, +2, - -3]", Tensor(vector: [-1, 2, 3]))
    try Self.check("[s]", Tensor(vector: [3]))
  }

  @Test func theReaderSeesSpacesNamesAndScripts() throws {
    try Self.check(" \t s\n+ 1 ", 4)
    let value = try Language.fold(
      "μ_1 * 質量 + _k",
      [
        "μ_1": Tensor(2), "質量": Tensor(5), "_k": Tensor(1),
      ])
    #expect(value == Tensor(11))
    // A function's name is free for a parameter, since functions stand before a parenthesis.
    let both = try Language.fold(
      "gamma * gamma(4) + exp",
      [
        "gamma": Tensor(2), "exp": Tensor(1),
      ])
    expectClose(both.values, [13])
    // A name of the file goes before a constant of the language.
    #expect(try Language.fold("e * pi", ["e": Tensor(2), "pi": Tensor(4)]) == Tensor(8))
  }

  @Test func freeNamesAndCalls() throws {
    let expression = try Language.parse("f(x[k], -y)' * [a, b ^ c] + if(t < 1, pi, x[lo:hi])")
    #expect(
      expression.freeNames
        == ["x", "k", "y", "a", "b", "c", "t", "pi", "lo", "hi"])
    #expect(expression.calledFunctions == ["f", "if"])
    #expect(expression.spans(ofName: "x").map(\.location.column) == [3, 43])
    #expect(try Language.parse("-(2.5)").literalNumber == -2.5)
    #expect(try Language.parse("2 + 1").literalNumber == nil)
  }
}
