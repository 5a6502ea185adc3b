/// Plain loops for every operation: what a program means, entry by entry.
///
/// The builder folds constants with them, large programs run on them, and tests hold the faster
/// paths to them. Reduction order is the storage order.
package enum TensorKernels {
  /// The value of one operation on operand tensors; `input` and `constant` have none.
  package static func evaluate(
    _ operation: Operation, _ operands: [Tensor<Double>], shape: Shape
  ) -> Tensor<Double> {
    var result = Tensor<Double>(repeating: 0, shape: shape)
    evaluate(operation, operands, into: &result)
    return result
  }

  /// The same into a tensor that exists already.
  package static func evaluate(
    _ operation: Operation, _ operands: [Tensor<Double>], into result: inout Tensor<Double>
  ) {
    let shape = result.shape
    switch operation {
    case .input, .constant: preconditionFailure("inputs and constants hold their value")
    case .unary(let function):
      for index in 0..<shape.count {
        result.values[index] = function(operands[0].values[index])
      }
    case .binary(let function):
      for index in 0..<shape.count {
        result.values[index] = function(operands[0].values[index], operands[1].values[index])
      }
    case .select:
      for index in 0..<shape.count {
        result.values[index] =
          operands[operands[0].values[index] != 0 ? 1 : 2].values[index]
      }
    case .matrixProduct: matrixProduct(operands[0], operands[1], into: &result)
    case .reduce(let reduction, let axis):
      reduce(reduction, operands[0], axis: axis, into: &result)
    case .composite(let composite): result = evaluate(composite, operands, shape: shape)
    case .permute, .reshape, .slice, .concatenate, .broadcast:
      forEachSource(operation, operands.map(\.shape), shape) { target, operand, source in
        result.values[target] = operands[operand].values[source]
      }
    }
  }

  /// For an operation that only moves entries: which entry of which operand stands at each place.
  package static func forEachSource(
    _ operation: Operation, _ operands: [Shape], _ shape: Shape,
    _ body: (_ target: Int, _ operand: Int, _ source: Int) -> Void
  ) {
    switch operation {
    case .reshape:
      for index in 0..<shape.count { body(index, 0, index) }
    case .permute(let order):
      let strides = operands[0].strides
      walk(shape, order.map { strides[$0] }) { body($0, 0, $1) }
    case .broadcast:
      let missing = shape.rank - operands[0].rank
      let strides = operands[0].strides
      walk(
        shape,
        (0..<shape.rank).map { axis in
          let own = axis - missing
          return own < 0 || operands[0][own] == 1 ? 0 : strides[own]
        }
      ) { body($0, 0, $1) }
    case .slice(let axis, let start, let count):
      let inner = shape.dimensions.dropFirst(axis + 1).reduce(1, *)
      let outer = shape.dimensions.prefix(axis).reduce(1, *)
      let full = operands[0][axis]
      for block in 0..<outer {
        for entry in 0..<(count * inner) {
          body(block * count * inner + entry, 0, (block * full + start) * inner + entry)
        }
      }
    case .concatenate(let axis):
      let inner = shape.dimensions.dropFirst(axis + 1).reduce(1, *)
      let outer = shape.dimensions.prefix(axis).reduce(1, *)
      var before = 0
      for (index, operand) in operands.enumerated() {
        let extent = operand[axis]
        for block in 0..<outer {
          for entry in 0..<(extent * inner) {
            body(
              (block * shape[axis] + before) * inner + entry, index,
              block * extent * inner + entry)
          }
        }
        before += extent
      }
    default: preconditionFailure("\(operation) computes; it does not move entries")
    }
  }

  /// Visits every place of `shape` in storage order with the offset that `strides` give it.
  private static func walk(
    _ shape: Shape, _ strides: [Int], _ body: (_ target: Int, _ source: Int) -> Void
  ) {
    guard shape.count > 0 else { return }
    var index = [Int](repeating: 0, count: shape.rank)
    var source = 0
    for target in 0..<shape.count {
      body(target, source)
      var axis = shape.rank - 1
      while axis >= 0 {
        index[axis] += 1
        source += strides[axis]
        if index[axis] < shape[axis] { break }
        source -= strides[axis] * shape[axis]
        index[axis] = 0
        axis -= 1
      }
    }
  }

  private static func matrixProduct(
    _ a: Tensor<Double>, _ b: Tensor<Double>, into result: inout Tensor<Double>
  ) {
    let rank = a.shape.rank
    let (rows, inner, columns) = (a.shape[rank - 2], a.shape[rank - 1], b.shape[rank - 1])
    let batches = a.shape.dimensions.dropLast(2).reduce(1, *)
    for batch in 0..<batches {
      for row in 0..<rows {
        let target = (batch * rows + row) * columns
        for column in 0..<columns { result.values[target + column] = 0 }
        for middle in 0..<inner {
          let factor = a.values[(batch * rows + row) * inner + middle]
          let source = (batch * inner + middle) * columns
          for column in 0..<columns {
            result.values[target + column] += factor * b.values[source + column]
          }
        }
      }
    }
  }

  private static func reduce(
    _ reduction: ReduceOperation, _ a: Tensor<Double>, axis: Int,
    into result: inout Tensor<Double>
  ) {
    let inner = a.shape.dimensions.dropFirst(axis + 1).reduce(1, *)
    let outer = a.shape.dimensions.prefix(axis).reduce(1, *)
    let extent = a.shape[axis]
    for block in 0..<outer {
      for entry in 0..<inner {
        var total = reduction == .sum ? 0 : -Double.infinity
        for index in 0..<extent {
          let term = a.values[(block * extent + index) * inner + entry]
          total = reduction == .sum ? total + term : BinaryOperation.maximum(total, term)
        }
        result.values[block * inner + entry] = total
      }
    }
  }
}
