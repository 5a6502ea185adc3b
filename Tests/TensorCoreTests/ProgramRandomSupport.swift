@testable import TensorCore

/// Random programs over all operations, with values kept inside every function's domain.
struct RandomProgram {
  private var source: RandomSource
  private var builder = ProgramBuilder()
  private var values: [(value: Value, bound: Double)] = []
  private let isSmooth: Bool
  private let hasComposites: Bool

  /// A program with inputs `a`, `b`, `c` and outputs `y`, `z`; equal seeds give equal programs.
  ///
  /// A smooth one has no corners, so that difference quotients are right everywhere.
  static func make(
    seed: UInt64, steps: Int = 14, smooth: Bool = false, composites: Bool = false
  ) -> Program {
    var random = RandomProgram(seed: seed, smooth: smooth, composites: composites)
    for _ in 0..<steps { random.step() }
    let last = random.values.count - 1
    random.builder.output("y", random.values[last].value)
    random.builder.output("z", random.values[random.pick(last)].value)
    return random.builder.build()
  }

  private init(seed: UInt64, smooth: Bool, composites: Bool) {
    source = RandomSource(seed: seed)
    isSmooth = smooth
    hasComposites = composites
    for name in ["a", "b", "c"] {
      values.append((builder.input(name, shape: shape()), 3))
    }
    for _ in 0..<2 {
      let shape = values[pick(3)].value.shape
      let menu = [-2, -1, 0, 0, 0, 0.5, 1, 2, 0.3]
      let entries = (0..<shape.count).map { _ in menu[pick(menu.count)] }
      values.append((builder.constant(Tensor(shape: shape, values: entries)), 2))
    }
  }

  private mutating func pick(_ count: Int) -> Int { Int(source.next() % UInt64(max(count, 1))) }

  private mutating func shape() -> Shape {
    Shape((0..<pick(4)).map { _ in [1, 2, 2, 3][pick(4)] })
  }

  /// An earlier value, squashed where it may have grown large.
  private mutating func operand() -> Value { tame(values[pick(values.count)]) }

  private mutating func tame(_ candidate: (value: Value, bound: Double)) -> Value {
    candidate.bound > 4 ? builder.unary(.tanh, candidate.value) : candidate.value
  }

  /// An earlier value brought to a shape: one of that shape, or the sum of another repeated.
  private mutating func operand(_ shape: Shape) -> Value {
    let fitting = values.filter { $0.value.shape == shape }
    if !fitting.isEmpty { return tame(fitting[pick(fitting.count)]) }
    let total = builder.sum(operand())
    return builder.broadcast(builder.unary(.tanh, total), to: shape)
  }

  private mutating func positive(_ value: Value) -> Value {
    let half = builder.constant(0.5)
    return builder.binary(.add, builder.unary(.softplus, value), half)
  }

  private mutating func keep(_ value: Value, _ bound: Double) { values.append((value, bound)) }

  private mutating func step() {
    if hasComposites && pick(3) == 0 {
      composite()
      return
    }
    switch pick(10) {
    case 0, 1: unary()
    case 2, 3, 4: binary()
    case 5: product()
    case 6: select()
    case 7: reduce()
    default: rearrange()
    }
  }

  private mutating func unary() {
    let corners: [UnaryOperation] = [.absolute, .sign, .heaviside, .relu]
    let bounded: [UnaryOperation] = [
      .negate, .sin, .cos, .atan, .tanh, .sigmoid, .softplus, .erf, .exp, .sinh, .cosh, .expm1,
    ]
    let narrow: [UnaryOperation] = [.tan, .asin, .acos]
    let positives: [UnaryOperation] = [
      .log, .log1p, .sqrt, .reciprocal, .gamma, .lgamma, .polygamma(0), .polygamma(2),
    ]
    let x = operand()
    switch pick(isSmooth ? 3 : 4) {
    case 0: keep(builder.unary(bounded[pick(bounded.count)], x), 100)
    case 1:
      let scaled = builder.binary(.multiply, builder.unary(.tanh, x), builder.constant(0.75))
      keep(builder.unary(narrow[pick(narrow.count)], scaled), 3)
    case 2: keep(builder.unary(positives[pick(positives.count)], positive(x)), 100)
    default: keep(builder.unary(corners[pick(corners.count)], x), 4)
    }
  }

  private mutating func binary() {
    let x = operand()
    let y = pick(5) == 0 ? x : operand(x.shape)
    switch pick(isSmooth ? 9 : 13) {
    case 0, 1: keep(builder.binary(.add, x, y), 8)
    case 2, 3: keep(builder.binary(.subtract, x, y), 8)
    case 4, 5: keep(builder.binary(.multiply, x, y), 16)
    case 6: keep(builder.binary(.divide, x, positive(y)), 8)
    case 7: keep(builder.binary(.power, positive(x), builder.unary(.sin, y)), 8)
    case 8: keep(builder.binary(.atan2, x, positive(y)), 2)
    default:
      let corners: [BinaryOperation] = [
        .minimum, .maximum, .less, .lessOrEqual, .equal, .notEqual,
      ]
      keep(builder.binary(corners[pick(corners.count)], x, y), 4)
    }
  }

  private mutating func product() {
    let batch = pick(2) == 0 ? [] : [1 + pick(2)]
    let (rows, inner, columns) = (1 + pick(3), 1 + pick(3), 1 + pick(2))
    let a = operand(Shape(batch + [rows, inner]))
    let b = operand(Shape(batch + [inner, columns]))
    keep(builder.matrixProduct(a, b), 100)
  }

  private mutating func select() {
    let x = operand()
    let y = operand(x.shape)
    let mask = Tensor(
      shape: x.shape, values: (0..<x.shape.count).map { _ in Double(pick(2)) })
    let condition = isSmooth || pick(3) == 0 ? builder.constant(mask) : operand(x.shape)
    keep(builder.select(condition, x, y), 4)
  }

  private mutating func composite() {
    let x = operand()
    guard x.shape.rank > 0 else { return }
    let numbers = builder.constant(
      Tensor(vector: (0..<3).map { _ in Double(pick(x.shape[0])) }))
    switch pick(6) {
    case 0: keep(builder.softmax(x), 1)
    case 1: keep(builder.logSumExp(x), 5)
    case 2: keep(builder.standardize(x, epsilon: 0.1), 2)
    case 3: keep(builder.gather(x, at: numbers), 4)
    case 4:
      let rows = operand(Shape([3] + x.shape.dimensions.dropFirst()))
      keep(builder.scatterAdd(rows, at: numbers, count: x.shape[0]), 12)
    default:
      let batch = pick(2) == 0 ? [] : [1 + pick(2)]
      let (queries, keys, width) = (1 + pick(3), 1 + pick(3), 1 + pick(2))
      let q = operand(Shape(batch + [queries, width]))
      let k = operand(Shape(batch + [keys, width]))
      let v = operand(Shape(batch + [keys, 2]))
      let bias = pick(2) == 0 ? nil : operand(Shape(batch + [queries, keys]))
      keep(builder.attention(q, k, v, bias: bias, isCausal: pick(2) == 0), 4)
    }
  }

  private mutating func reduce() {
    let x = operand()
    guard x.shape.rank > 0 else { return }
    let axis = pick(x.shape.rank)
    keep(builder.reduce(isSmooth || pick(2) == 0 ? .sum : .maximum, x, axis: axis), 12)
  }

  private mutating func rearrange() {
    let x = operand()
    guard x.shape.rank > 0 else { return }
    let axis = pick(x.shape.rank)
    switch pick(5) {
    case 0:
      var order = Array(0..<x.shape.rank)
      for index in order.indices { order.swapAt(index, pick(order.count)) }
      keep(builder.permute(x, order), 4)
    case 1: keep(builder.reshape(x, to: Shape([1, x.shape.count])), 4)
    case 2:
      let count = 1 + pick(x.shape[axis])
      let start = pick(x.shape[axis] - count + 1)
      keep(builder.slice(x, axis: axis, start: start, count: count), 4)
    case 3: keep(builder.concatenate([x, operand(x.shape)], axis: axis), 4)
    default:
      guard x.shape.rank < 3 else { return }
      keep(builder.broadcast(x, to: Shape([2] + x.shape.dimensions)), 4)
    }
  }
}
