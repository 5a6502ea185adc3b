/// The extents and the layout of one matrix product `C = A B`, or `C += A B`.
///
/// Entry (i, p) of A lies at `i * aRow + p * aColumn`, entry (p, j) of B at
/// `p * bRow + j * bColumn`, entry (i, j) of C at `i * cRow + j`: a transposed operand is one whose
/// strides are exchanged.
package struct ProductLayout: Hashable, Sendable {
  /// The rows of A and C, the columns of B and C, and the extent that is summed over.
  package var rows: Int, columns: Int, inner: Int
  /// The distances in storage.
  package var aRow: Int, aColumn: Int, bRow: Int, bColumn: Int, cRow: Int
  /// Whether the product is added to what C holds.
  package var accumulates: Bool

  /// Creates a layout.
  package init(
    rows: Int, columns: Int, inner: Int, aRow: Int, aColumn: Int, bRow: Int, bColumn: Int,
    cRow: Int, accumulates: Bool = false
  ) {
    self.rows = rows
    self.columns = columns
    self.inner = inner
    self.aRow = aRow
    self.aColumn = aColumn
    self.bRow = bRow
    self.bColumn = bColumn
    self.cRow = cRow
    self.accumulates = accumulates
  }
}

/// The extents and the layout of one head of attention `O = softmax(Q Kᵀ scale + bias) V`.
///
/// Row i of a matrix starts at `i * itsRow`; its entries lie next to each other.
package struct AttentionLayout: Hashable, Sendable {
  /// The number of queries, of keys, the width of queries and keys, and the width of values.
  package var queries: Int, keys: Int, width: Int, valueWidth: Int
  /// The distances between rows of Q, K, V, the output and the bias `[queries × keys]`; a bias row
  /// of 0 gives every query the same biases.
  package var qRow: Int, kRow: Int, vRow: Int, oRow: Int, biasRow: Int
  /// What scores are multiplied by.
  package var scale: Double
  /// Whether query i sees only keys 0 … i + keys − queries.
  package var isCausal: Bool

  /// Creates a layout.
  package init(
    queries: Int, keys: Int, width: Int, valueWidth: Int, qRow: Int, kRow: Int, vRow: Int,
    oRow: Int, biasRow: Int = 0, scale: Double, isCausal: Bool = false
  ) {
    self.queries = queries
    self.keys = keys
    self.width = width
    self.valueWidth = valueWidth
    self.qRow = qRow
    self.kRow = kRow
    self.vRow = vRow
    self.oRow = oRow
    self.biasRow = biasRow
    self.scale = scale
    self.isCausal = isCausal
  }
}

/// The number types that have kernels: `Float` and `Double`.
///
/// Every kernel writes its whole result, reads nothing after it (operand and result may be the same
/// array where a comment says so), allocates nothing that outlives the call, and adds in an order
/// that depends on the extents alone. Empty extents are allowed. Matrices are row-major.
package protocol KernelScalar: TensorScalar {
  /// Makes a program ready to run in this number type.
  static func executable(_ program: Program) -> TensorExecutable<Self>

  /// `C = A B` or `C += A B`.
  static func matrixProduct(
    _ layout: ProductLayout, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>,
    into c: UnsafeMutablePointer<Self>)

  /// `y = f(x)` entry by entry; `y` may be `x`.
  static func apply(
    _ function: UnaryOperation, count: Int, _ x: UnsafePointer<Self>,
    into y: UnsafeMutablePointer<Self>)

  /// `y[i] = f(a[i * aStride], b[i * bStride])` with strides 0 or 1; `y` may be an operand of
  /// stride 1.
  static func apply(
    _ function: BinaryOperation, count: Int, _ a: UnsafePointer<Self>, stride aStride: Int,
    _ b: UnsafePointer<Self>, stride bStride: Int, into y: UnsafeMutablePointer<Self>)

  /// Collapses the middle axis of `x` [outer × extent × inner]: the sum of an empty axis is 0, its
  /// maximum minus infinity; a NaN wins.
  static func reduce(
    _ reduction: ReduceOperation, outer: Int, extent: Int, inner: Int, _ x: UnsafePointer<Self>,
    into y: UnsafeMutablePointer<Self>)

  /// The softmax of every row; a row of minus infinities gives zeros. `y` may be `x`.
  static func softmax(
    rows: Int, columns: Int, _ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>)

  /// From the softmax `y` and the gradient `dy` by it: `dx = y (dy − Σ y dy)`; `dx` may be `dy`.
  static func softmaxGradient(
    rows: Int, columns: Int, _ y: UnsafePointer<Self>, _ dy: UnsafePointer<Self>,
    into dx: UnsafeMutablePointer<Self>)

  /// `ln Σ exp` of every row; minus infinity for an empty row or one of minus infinities.
  static func logSumExp(
    rows: Int, columns: Int, _ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>)

  /// Every row with mean 0 and variance 1: `y = (x − mean) / √(var + ε)`, the variance over the
  /// number of columns.
  static func standardize(
    rows: Int, columns: Int, epsilon: Double, _ x: UnsafePointer<Self>,
    into y: UnsafeMutablePointer<Self>)

  /// From `x`, its standardised rows `y` and the gradient `dy` by them:
  /// `dx = (dy − mean(dy) − y mean(y dy)) / √(var + ε)`; `dx` may be `dy`.
  static func standardizeGradient(
    rows: Int, columns: Int, epsilon: Double, _ x: UnsafePointer<Self>, _ y: UnsafePointer<Self>,
    _ dy: UnsafePointer<Self>, into dx: UnsafeMutablePointer<Self>)

  /// One head of attention with memory that does not grow with queries × keys; a query without any
  /// key it may see gives zeros.
  static func attention(
    _ layout: AttentionLayout, _ q: UnsafePointer<Self>, _ k: UnsafePointer<Self>,
    _ v: UnsafePointer<Self>, bias: UnsafePointer<Self>?, into o: UnsafeMutablePointer<Self>)

  /// One step of Adam (Kingma & Ba 2015): `m` and `v` are moved toward the gradient and its square,
  /// `p −= rate · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)`, decayed weights aside.
  static func adam(
    count: Int, _ constants: AdamConstants, gradient: UnsafePointer<Self>,
    parameters: UnsafeMutablePointer<Self>, mean: UnsafeMutablePointer<Self>,
    square: UnsafeMutablePointer<Self>)
}

/// The numbers of one step of Adam.
package struct AdamConstants: Hashable, Sendable {
  /// The learning rate, the two memories and the floor of the denominator.
  package var rate: Double, beta1: Double, beta2: Double, epsilon: Double
  /// `1 − β₁ᵗ` and `1 − β₂ᵗ`.
  package var correction1: Double, correction2: Double

  /// Creates the numbers of step `step`, counted from 1.
  package init(rate: Double, beta1: Double, beta2: Double, epsilon: Double, step: Int) {
    self.rate = rate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    correction1 = 1 - Libm.pow(beta1, Double(step))
    correction2 = 1 - Libm.pow(beta2, Double(step))
  }
}
