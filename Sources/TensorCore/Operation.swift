/// A function of one number, applied entry by entry.
public enum UnaryOperation: Hashable, Sendable {
  case negate, absolute, sign, heaviside
  case exp, log, log1p, expm1, sqrt, reciprocal
  case sin, cos, tan, asin, acos, atan, sinh, cosh, tanh
  case sigmoid, softplus, relu, erf, gamma, lgamma
  /// The polygamma function of the given order; order 0 is the digamma function.
  case polygamma(Int)
}

/// A function of two numbers, applied entry by entry; comparisons give 1 for true and 0 for false.
public enum BinaryOperation: Hashable, Sendable {
  case add, subtract, multiply, divide, power, atan2, minimum, maximum
  case less, lessOrEqual, equal, notEqual
}

/// A way to collapse one axis of a tensor.
public enum ReduceOperation: Hashable, Sendable {
  case sum, maximum
}

/// An operation that primitives could express, kept whole because one kernel runs it better.
///
/// `ProgramBuilder.expanded` says what each one means in primitives; second derivatives, forward
/// tangents and programs lowered to numbers use that form.
public enum CompositeOperation: Hashable, Sendable {
  /// Rows of a table `[n, …]` at the whole numbers of the second operand `[…]`, counted from 0.
  case gather
  /// The reverse of `gather`: operands are the numbers and the rows; rows of equal number are added.
  case scatterAdd
  /// `exp(x) / Σ exp(x)` along the last axis; zeros where every entry is minus infinity.
  case softmax
  /// From a softmax `y` and the gradient `g` by it, `y (g − Σ y g)` along the last axis.
  case softmaxGradient
  /// `ln Σ exp(x)` along the last axis, which disappears.
  case logSumExp
  /// `(x − mean) / √(variance + ε)` along the last axis.
  case standardize(epsilon: Double)
  /// From `x`, its standardised form `y` and the gradient `g` by `y`, the gradient by `x`.
  case standardizeGradient(epsilon: Double)
  /// `softmax(Q Kᵀ scale + bias) V` over the last two axes; operands Q, K, V and perhaps the bias.
  case attention(scale: Double, isCausal: Bool)
}

/// One instruction of a program; its operands and its shape stand in the `ProgramNode`.
public enum Operation: Hashable, Sendable {
  /// The value of an input port.
  case input(Int)
  /// A tensor fixed when the program was built: an index into `Program.constants`.
  case constant(Int)
  /// Entry by entry; the shape is the operand's.
  case unary(UnaryOperation)
  /// Entry by entry over two operands of equal shape.
  case binary(BinaryOperation)
  /// Entry by entry: where the first operand is not zero the second, elsewhere the third.
  case select
  /// `[…, m, k] × […, k, n] → […, m, n]`, with equal leading axes.
  case matrixProduct
  /// Axis `a` of the result is axis `order[a]` of the operand.
  case permute([Int])
  /// The same entries in row-major order under the node's shape.
  case reshape
  /// Entries `start ..< start + count` along one axis.
  case slice(axis: Int, start: Int, count: Int)
  /// Operands one after the other along an existing axis.
  case concatenate(axis: Int)
  /// Repeats along new leading axes and along axes of extent one.
  case broadcast
  /// Collapses one axis.
  case reduce(ReduceOperation, axis: Int)
  /// One of the operations that primitives could express.
  case composite(CompositeOperation)
}

/// One value of a program in static single assignment.
public struct ProgramNode: Hashable, Sendable {
  /// What computes it.
  public let operation: Operation
  /// The nodes it reads, each before this one.
  public let operands: [Int]
  /// Its shape.
  public let shape: Shape

  /// Creates a node; use `ProgramBuilder`, which checks shapes.
  package init(operation: Operation, operands: [Int], shape: Shape) {
    self.operation = operation
    self.operands = operands
    self.shape = shape
  }
}
