internal import ModelFiles
package import TensorCore

/// The user's own arrays in place of what the comparison makes itself.
///
/// Files are NumPy arrays (`.npy`) with one row per sample, in order of time: the first takes the
/// place of the Transformer's layers, the second that of the dynamic model and of the sensors. A
/// song is made as long as a single array; two arrays have as many rows as each other.
package struct RepresentationArrays: Sendable, Equatable {
  /// Features `[samples × features]`, in place of the Transformer's layers; nil for these.
  package var first: String?
  /// Responses `[samples × responses]`, in place of the model's units and of the sensors; nil for
  /// these.
  package var second: String?

  /// Names the files.
  package init(first: String? = nil, second: String? = nil) {
    self.first = first
    self.second = second
  }

  /// The fewest samples that can be compared: blocks of cross-validation longer than a shift.
  package static let fewest = 80

  /// The arrays that were named.
  package struct Contents: Sendable {
    /// The features, if a file was named.
    package var features: Tensor<Double>?
    /// The responses, if a file was named.
    package var responses: Tensor<Double>?
    /// The number of samples of either.
    package var count: Int? { features?.rows ?? responses?.rows }
  }

  /// Reads and checks the files.
  ///
  /// - Throws: `BridgeError.arrays`.
  package func read() throws(BridgeError) -> Contents {
    let contents = Contents(
      features: try first.map(Self.array) ?? nil, responses: try second.map(Self.array) ?? nil)
    if let features = contents.features, let responses = contents.responses,
      features.rows != responses.rows
    {
      throw .arrays(.rowCounts(first: features.rows, second: responses.rows))
    }
    return contents
  }

  private static func array(_ path: String) throws(BridgeError) -> Tensor<Double> {
    let array: Tensor<Double>
    do { array = try Tensor(numpyFile: path) } catch { throw .arrays(.file(error)) }
    guard array.rows >= fewest, array.columns > 0 else {
      throw .arrays(.tooFewRows(count: array.columns > 0 ? array.rows : 0, needed: fewest))
    }
    for (index, value) in array.values.enumerated() where !value.isFinite {
      let (row, column) = index.quotientAndRemainder(dividingBy: array.columns)
      throw .arrays(.notFinite(path: path, row: row + 1, column: column + 1))
    }
    let width = array.columns
    let varies = array.values.indices.contains { array.values[$0] != array.values[$0 % width] }
    guard varies else { throw .arrays(.constant(path: path)) }
    // Nothing that is compared depends on the unit, but squares of huge numbers have no end.
    let size = array.values.reduce(0) { max($0, abs($1)) }
    return Tensor(shape: array.shape, values: array.values.map { $0 / size })
  }
}
