extension ProgramBuilder {
  // MARK: Operations kept whole

  /// Rows of a table at whole numbers counted from 0.
  ///
  /// - Parameters:
  ///   - table: `[n, …]`.
  ///   - numbers: of any shape; a number that is no row of the table stops the process when run.
  /// - Returns: the shape of `numbers`, then that of a row.
  public mutating func gather(_ table: Value, at numbers: Value) -> Value {
    precondition(table.shape.rank >= 1, "rows of a table of shape \(table.shape)")
    return append(
      .composite(.gather), [table.node, numbers.node],
      Shape(numbers.shape.dimensions + table.shape.dimensions.dropFirst()))
  }

  /// The sum, per row of a table of `count` rows, of the rows that bear its number.
  ///
  /// The reverse of `gather`: `Σ_j [numbers_j = i] rows_j` for row i.
  public mutating func scatterAdd(_ rows: Value, at numbers: Value, count: Int) -> Value {
    let rank = numbers.shape.rank
    precondition(
      rows.shape.rank >= rank
        && Array(rows.shape.dimensions.prefix(rank)) == numbers.shape.dimensions,
      "rows of shape \(rows.shape) under numbers of shape \(numbers.shape)")
    let shape = Shape([count] + rows.shape.dimensions.dropFirst(rank))
    if isZero(rows) { return zeros(shape) }
    return append(.composite(.scatterAdd), [numbers.node, rows.node], shape)
  }

  /// `exp(x) / Σ exp(x)` along the last axis (mathematics §12); zeros where all are minus infinity.
  public mutating func softmax(_ x: Value) -> Value {
    precondition(x.shape.rank >= 1, "softmax of a scalar")
    return append(.composite(.softmax), [x.node], x.shape)
  }

  /// `ln Σ exp(x)` along the last axis, which disappears.
  public mutating func logSumExp(_ x: Value) -> Value {
    precondition(x.shape.rank >= 1, "logSumExp of a scalar")
    return append(
      .composite(.logSumExp), [x.node], Shape(Array(x.shape.dimensions.dropLast())))
  }

  /// `(x − mean) / √(variance + ε)` along the last axis, the variance over its extent.
  public mutating func standardize(_ x: Value, epsilon: Double) -> Value {
    precondition(
      x.shape.rank >= 1 && epsilon >= 0, "standardisation of shape \(x.shape), ε \(epsilon)")
    return append(.composite(.standardize(epsilon: epsilon)), [x.node], x.shape)
  }

  /// Scaled dot-product attention, `softmax(Q Kᵀ scale + bias) V` (mathematics §12).
  ///
  /// - Parameters:
  ///   - q: queries `[…, m, d]`.
  ///   - k: keys `[…, n, d]`.
  ///   - v: values `[…, n, e]`.
  ///   - bias: added to the scores, `[…, m, n]` after broadcasting; minus infinity hides a key.
  ///   - scale: what the products are multiplied by, `1/√d` when nil.
  ///   - isCausal: whether query i sees only keys up to i + n − m.
  /// - Returns: `[…, m, e]`; a query that sees no key gives zeros.
  public mutating func attention(
    _ q: Value, _ k: Value, _ v: Value, bias: Value? = nil, scale: Double? = nil,
    isCausal: Bool = false
  ) -> Value {
    let rank = q.shape.rank
    let leading = q.shape.dimensions.dropLast(2)
    precondition(
      rank >= 2 && k.shape.rank == rank && v.shape.rank == rank
        && k.shape.dimensions.dropLast(2) == leading && v.shape.dimensions.dropLast(2) == leading
        && q.shape[rank - 1] == k.shape[rank - 1] && k.shape[rank - 2] == v.shape[rank - 2],
      "attention of shapes \(q.shape), \(k.shape), \(v.shape)")
    let (queries, keys) = (q.shape[rank - 2], k.shape[rank - 2])
    let scores = Shape(leading + [queries, keys])
    var operands = [q.node, k.node, v.node]
    if let bias { operands.append(broadcast(bias, to: scores).node) }
    let factor = scale ?? 1 / Double(max(1, q.shape[rank - 1])).squareRoot()
    return append(
      .composite(.attention(scale: factor, isCausal: isCausal)), operands,
      Shape(leading + [queries, v.shape[rank - 1]]))
  }

  // MARK: Their gradients

  mutating func softmaxGradient(_ y: Value, _ gradient: Value) -> Value {
    if isZero(gradient) { return gradient }
    return append(.composite(.softmaxGradient), [y.node, gradient.node], y.shape)
  }

  mutating func standardizeGradient(
    _ x: Value, _ y: Value, _ gradient: Value, epsilon: Double
  ) -> Value {
    if isZero(gradient) { return gradient }
    return append(
      .composite(.standardizeGradient(epsilon: epsilon)), [x.node, y.node, gradient.node], x.shape)
  }

  /// Adds a composite operation whose shape is known to fit: for copies of programs.
  mutating func composite(
    _ operation: CompositeOperation, _ operands: [Value], shape: Shape
  ) -> Value {
    append(.composite(operation), operands.map(\.node), shape)
  }
}
