/// One kernel call of a planned program, with windows on the plan's buffers.
struct TensorStep: Sendable {
  /// What it does.
  enum Kind: Sendable {
    case copy
    case unary(UnaryOperation)
    case binary(BinaryOperation)
    case select
    /// Strides of A and B within one matrix stand in the layout, the batch in the views.
    case product(ProductLayout)
    case reduce(ReduceOperation, outer: Int, extent: Int, inner: Int)
    case gather(width: Int, rows: Int)
    case scatterAdd(width: Int, rows: Int)
    case softmax(rows: Int, columns: Int)
    case softmaxGradient(rows: Int, columns: Int)
    case logSumExp(rows: Int, columns: Int)
    case standardize(rows: Int, columns: Int, epsilon: Double)
    case standardizeGradient(rows: Int, columns: Int, epsilon: Double)
    case attention(AttentionLayout)
  }

  /// What it does.
  var kind: Kind
  /// What it reads.
  var operands: [StridedView]
  /// What it writes.
  var result: StridedView

  /// Whether the result may take an operand's place.
  var isElementwise: Bool {
    switch kind {
    case .unary, .binary, .select: true
    default: false
    }
  }
}
