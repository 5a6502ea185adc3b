package import TensorCore

/// What one head of attention reads and makes in one example.
///
/// `output = softmax(queries keysᵀ/√d_k + bias) values`, d_k the columns of the queries
/// (mathematics §12).
package struct HeadInputs: Sendable, Equatable {
  /// The layer, as in `encoder.0.attention`.
  package let layer: String
  /// The number of the head in its layer, from 0.
  package let head: Int
  /// Q [queries × d_k], K [keys × d_k] and V [keys × d_v].
  package let queries: Tensor<Double>, keys: Tensor<Double>, values: Tensor<Double>
  /// What is added to the scores [queries × keys]: minus infinity where a key is hidden, else 0.
  package let bias: Tensor<Double>
  /// What the model's own run has made [queries × d_v].
  package let output: Tensor<Double>

  /// Creates the parts of a head, whose shapes have to fit.
  package init(
    layer: String, head: Int, queries: Tensor<Double>, keys: Tensor<Double>,
    values: Tensor<Double>, bias: Tensor<Double>, output: Tensor<Double>
  ) {
    precondition(
      queries.columns == keys.columns && keys.rows == values.rows
        && bias.shape == .matrix(queries.rows, keys.rows)
        && output.shape == .matrix(queries.rows, values.columns),
      "a head of shapes \(queries.shape), \(keys.shape), \(values.shape), \(output.shape)")
    self.layer = layer
    self.head = head
    self.queries = queries
    self.keys = keys
    self.values = values
    self.bias = bias
    self.output = output
  }
}
