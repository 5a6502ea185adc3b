internal import CKernels

/// A number type whose kernels are compiled for several processors.
package protocol CompiledKernels {
  /// The kernels that suit this processor.
  static var kernels: KernelTable { get }

  /// The kernels for vectors of a level, which this processor must have.
  static func table(level: Int) -> KernelTable
}

/// The kernels of one number type for one kind of processor.
///
/// A type's `kernels` are the widest that the processor has; tests ask for the others too.
@safe
package struct KernelTable: @unchecked Sendable {
  // The table is a constant of the C library; nothing writes to it.
  let functions: UnsafePointer<odoroki_kernels>

  /// The widest vectors that this processor has: 2 for 512 bits, 1 for 256, else 0.
  package static var widest: Int { Int(odoroki_vector_level()) }
}

extension Float: KernelScalar, CompiledKernels {
  package static let kernels = table(level: KernelTable.widest)

  package static func table(level: Int) -> KernelTable {
    guard let functions = unsafe odoroki_kernels_f32(Int32(level)) else {
      preconditionFailure("no kernels for vectors of level \(level)")
    }
    return unsafe KernelTable(functions: functions)
  }
}

extension Double: KernelScalar, CompiledKernels {
  package static let kernels = table(level: KernelTable.widest)

  package static func table(level: Int) -> KernelTable {
    guard let functions = unsafe odoroki_kernels_f64(Int32(level)) else {
      preconditionFailure("no kernels for vectors of level \(level)")
    }
    return unsafe KernelTable(functions: functions)
  }
}

extension UnaryOperation {
  /// The vector loop of the function, where it has one.
  var compiled: odoroki_unary? {
    switch self {
    case .negate: ODOROKI_NEGATE
    case .absolute: ODOROKI_ABSOLUTE
    case .sign: ODOROKI_SIGN
    case .heaviside: ODOROKI_HEAVISIDE
    case .exp: ODOROKI_EXP
    case .log: ODOROKI_LOG
    case .sqrt: ODOROKI_SQRT
    case .reciprocal: ODOROKI_RECIPROCAL
    case .tanh: ODOROKI_TANH
    case .sigmoid: ODOROKI_SIGMOID
    case .softplus: ODOROKI_SOFTPLUS
    case .relu: ODOROKI_RELU
    case .erf: ODOROKI_ERF
    case .log1p, .expm1, .sin, .cos, .tan, .asin, .acos, .atan, .sinh, .cosh, .gamma, .lgamma,
      .polygamma:
      nil
    }
  }
}

extension BinaryOperation {
  /// The vector loop of the function, where it has one.
  var compiled: odoroki_binary? {
    switch self {
    case .add: ODOROKI_ADD
    case .subtract: ODOROKI_SUBTRACT
    case .multiply: ODOROKI_MULTIPLY
    case .divide: ODOROKI_DIVIDE
    case .minimum: ODOROKI_MINIMUM
    case .maximum: ODOROKI_MAXIMUM
    case .less: ODOROKI_LESS
    case .lessOrEqual: ODOROKI_LESS_OR_EQUAL
    case .equal: ODOROKI_EQUAL
    case .notEqual: ODOROKI_NOT_EQUAL
    case .power, .atan2: nil
    }
  }
}

extension odoroki_product {
  init(_ layout: ProductLayout) {
    self.init(
      rows: layout.rows, columns: layout.columns, inner: layout.inner, a_row: layout.aRow,
      a_column: layout.aColumn, b_row: layout.bRow, b_column: layout.bColumn, c_row: layout.cRow,
      accumulates: layout.accumulates ? 1 : 0)
  }
}

extension odoroki_attention {
  init(_ layout: AttentionLayout) {
    self.init(
      queries: layout.queries, keys: layout.keys, width: layout.width,
      value_width: layout.valueWidth, q_row: layout.qRow, k_row: layout.kRow, v_row: layout.vRow,
      o_row: layout.oRow, bias_row: layout.biasRow, scale: layout.scale,
      is_causal: layout.isCausal ? 1 : 0)
  }
}
