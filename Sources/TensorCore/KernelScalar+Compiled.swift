internal import CKernels

/// The kernels as the C library has them; functions without a vector loop go to the C library's own
/// mathematics, one number at a time.
extension KernelScalar where Self: CompiledKernels {
  package static func apply(
    _ function: UnaryOperation, count: Int, _ x: UnsafePointer<Self>,
    into y: UnsafeMutablePointer<Self>
  ) {
    if let compiled = function.compiled {
      unsafe kernels.functions.pointee.unary(compiled, count, x, y)
      return
    }
    for index in 0..<count { unsafe y[index] = Self(function(Double(x[index]))) }
  }

  package static func apply(
    _ function: BinaryOperation, count: Int, _ a: UnsafePointer<Self>, stride aStride: Int,
    _ b: UnsafePointer<Self>, stride bStride: Int, into y: UnsafeMutablePointer<Self>
  ) {
    precondition(
      (0...1).contains(aStride) && (0...1).contains(bStride), "strides \(aStride) and \(bStride)")
    if let compiled = function.compiled {
      unsafe kernels.functions.pointee.binary(compiled, count, a, aStride, b, bStride, y)
      return
    }
    for index in 0..<count {
      unsafe y[index] = Self(
        function(Double(a[index * aStride]), Double(b[index * bStride])))
    }
  }

  package static func reduce(
    _ reduction: ReduceOperation, outer: Int, extent: Int, inner: Int, _ x: UnsafePointer<Self>,
    into y: UnsafeMutablePointer<Self>
  ) {
    switch reduction {
    case .sum: unsafe kernels.functions.pointee.sum(outer, extent, inner, x, y)
    case .maximum: unsafe kernels.functions.pointee.maximum(outer, extent, inner, x, y)
    }
  }

  package static func softmax(
    rows: Int, columns: Int, _ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>
  ) {
    unsafe kernels.functions.pointee.softmax(rows, columns, x, y)
  }

  package static func softmaxGradient(
    rows: Int, columns: Int, _ y: UnsafePointer<Self>, _ dy: UnsafePointer<Self>,
    into dx: UnsafeMutablePointer<Self>
  ) {
    unsafe kernels.functions.pointee.softmax_gradient(rows, columns, y, dy, dx)
  }

  package static func logSumExp(
    rows: Int, columns: Int, _ x: UnsafePointer<Self>, into y: UnsafeMutablePointer<Self>
  ) {
    unsafe kernels.functions.pointee.log_sum_exp(rows, columns, x, y)
  }

  package static func standardize(
    rows: Int, columns: Int, epsilon: Double, _ x: UnsafePointer<Self>,
    into y: UnsafeMutablePointer<Self>
  ) {
    unsafe kernels.functions.pointee.standardize(rows, columns, epsilon, x, y)
  }

  package static func standardizeGradient(
    rows: Int, columns: Int, epsilon: Double, _ x: UnsafePointer<Self>, _ y: UnsafePointer<Self>,
    _ dy: UnsafePointer<Self>, into dx: UnsafeMutablePointer<Self>
  ) {
    unsafe kernels.functions.pointee.standardize_gradient(rows, columns, epsilon, x, y, dy, dx)
  }

  package static func attention(
    _ layout: AttentionLayout, _ q: UnsafePointer<Self>, _ k: UnsafePointer<Self>,
    _ v: UnsafePointer<Self>, bias: UnsafePointer<Self>?, into o: UnsafeMutablePointer<Self>
  ) {
    unsafe kernels.functions.pointee.attention(odoroki_attention(layout), q, k, v, bias, o)
  }

  package static func adam(
    count: Int, _ constants: AdamConstants, gradient: UnsafePointer<Self>,
    parameters: UnsafeMutablePointer<Self>, mean: UnsafeMutablePointer<Self>,
    square: UnsafeMutablePointer<Self>
  ) {
    let step = odoroki_adam(
      rate: constants.rate, beta1: constants.beta1, beta2: constants.beta2,
      epsilon: constants.epsilon, correction1: constants.correction1,
      correction2: constants.correction2)
    unsafe kernels.functions.pointee.adam(count, step, gradient, parameters, mean, square)
  }
}
