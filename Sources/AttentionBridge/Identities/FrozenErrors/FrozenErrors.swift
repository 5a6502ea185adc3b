package import ODEEngine

/// Error units on the graph of attention while its predictions stay as the forward pass made them.
///
/// ```
/// ε̇_n = −ε_n + Σ_readers (∂f_reader/∂n)ᵀ ε_reader
/// ```
///
/// The output's error unit reads `target − O`. Each message is written here by hand from the values
/// of the nodes next to it (Millidge, Tschantz & Buckley 2022, Neural Computation 34:1329): nothing
/// of the tensor core's differentiation takes part.
package struct FrozenErrors: Sendable, ODESystem {
  /// The extents of the graph.
  package let extents: AttentionExtents
  private let inverseTemperature: Double
  private let inputs: AttentionGraph.Inputs
  private let forward: [AttentionNode: [Double]]
  private let offsets: [AttentionNode: Int]
  package let dimension: Int

  /// Error units around the values of a pass.
  package init(
    _ pass: AttentionGraph.Pass, extents: AttentionExtents, inverseTemperature: Double
  ) {
    self.extents = extents
    self.inverseTemperature = inverseTemperature
    inputs = pass.inputs
    forward = pass.values
    var offsets: [AttentionNode: Int] = [:]
    var count = 0
    for node in extents.nodes {
      offsets[node] = count
      count += extents.count(node)
    }
    self.offsets = offsets
    dimension = count
  }

  /// The error units of a node among all.
  package func part(_ node: AttentionNode, of errors: [Double]) -> [Double] {
    let start = offsets[node] ?? 0
    return Array(errors[start..<(start + extents.count(node))])
  }

  /// The errors at rest, by sweeps of rate 1 from zero until no message changes any more.
  ///
  /// The graph has no cycle, so that this takes as many sweeps as it is deep: 6, or 4 for a head.
  ///
  /// - Returns: the errors of all nodes and the sweeps that changed something.
  package func rest() -> (errors: [Double], sweeps: Int) {
    var errors = [Double](repeating: 0, count: dimension)
    for sweep in 0..<AttentionNode.allCases.count {
      let next = messages(errors)
      if next == errors { return (errors, sweep) }
      errors = next
    }
    return (errors, AttentionNode.allCases.count)
  }

  /// `Σ_readers (∂f_reader/∂n)ᵀ ε_reader` of every node.
  package func messages(_ errors: [Double]) -> [Double] {
    func error(_ node: AttentionNode) -> [Double] { part(node, of: errors) }
    func value(_ node: AttentionNode) -> [Double] { forward[node] ?? [] }
    let (queries, keys) = (extents.queries, extents.keys)
    let (keyWidth, valueWidth, width) = (extents.keyWidth, extents.valueWidth, extents.width)
    let last = value(extents.projects ? .output : .context)
    let miss = zip(inputs.target, last).map { $0 - $1 }
    var inbox: [AttentionNode: [Double]] = [:]
    if extents.projects {
      inbox[.output] = miss
      // C W_O: to C by W_Oᵀ, to W_O by Cᵀ.
      let output = error(.output)
      inbox[.context] = Self.timesTransposed(
        output, value(.outputWeight), rows: queries, inner: width, columns: valueWidth)
      inbox[.outputWeight] = Self.transposedTimes(
        value(.context), output, rows: valueWidth, inner: queries, columns: width)
    } else {
      inbox[.context] = miss
    }
    // A V: to A by Vᵀ, to V by Aᵀ.
    let (context, weights) = (error(.context), value(.weights))
    inbox[.weights] = Self.timesTransposed(
      context, value(.values), rows: queries, inner: valueWidth, columns: keys)
    inbox[.values] = Self.transposedTimes(
      weights, context, rows: keys, inner: queries, columns: valueWidth)
    // softmax: each row by diag(a) − a aᵀ.
    var toScores = error(.weights)
    for query in 0..<queries {
      let row = (query * keys)..<((query + 1) * keys)
      let mean = row.reduce(0.0) { $0 + weights[$1] * toScores[$1] }
      for place in row { toScores[place] = weights[place] * (toScores[place] - mean) }
    }
    inbox[.scores] = toScores
    // β Q Kᵀ: to Q by β K, to K by β Q.
    let scores = error(.scores).map { inverseTemperature * $0 }
    inbox[.queries] = Self.times(
      scores, value(.keys), rows: queries, inner: keys, columns: keyWidth)
    inbox[.keys] = Self.transposedTimes(
      scores, value(.queries), rows: keys, inner: queries, columns: keyWidth)
    if extents.projects {
      inbox[.queryWeight] = Self.transposedTimes(
        inputs.rows, error(.queries), rows: width, inner: queries, columns: keyWidth)
      inbox[.keyWeight] = Self.transposedTimes(
        inputs.memory, error(.keys), rows: width, inner: keys, columns: keyWidth)
      inbox[.valueWeight] = Self.transposedTimes(
        inputs.memory, error(.values), rows: width, inner: keys, columns: valueWidth)
    }
    return extents.nodes.flatMap { inbox[$0] ?? [] }
  }

  // MARK: The flow

  package func derivative(
    time: Double, state: Span<Double>, into derivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    var errors = [Double](repeating: 0, count: dimension)
    for index in 0..<dimension { errors[index] = state[index] }
    let inbox = messages(errors)
    for index in 0..<dimension { derivative[index] = inbox[index] - errors[index] }
  }

  package var isLinear: Bool { true }

  // MARK: Products

  /// A B, [rows × inner] [inner × columns].
  private static func times(
    _ a: [Double], _ b: [Double], rows: Int, inner: Int, columns: Int
  ) -> [Double] {
    product(rows, inner, columns) {
      a[$0 * inner + $1]
    } _: {
      b[$0 * columns + $1]
    }
  }

  /// A Bᵀ, [rows × inner] [columns × inner]ᵀ.
  private static func timesTransposed(
    _ a: [Double], _ b: [Double], rows: Int, inner: Int, columns: Int
  ) -> [Double] {
    product(rows, inner, columns) {
      a[$0 * inner + $1]
    } _: {
      b[$1 * inner + $0]
    }
  }

  /// Aᵀ B, [inner × rows]ᵀ [inner × columns].
  private static func transposedTimes(
    _ a: [Double], _ b: [Double], rows: Int, inner: Int, columns: Int
  ) -> [Double] {
    product(rows, inner, columns) {
      a[$1 * rows + $0]
    } _: {
      b[$0 * columns + $1]
    }
  }

  @inline(__always)
  private static func product(
    _ rows: Int, _ inner: Int, _ columns: Int, _ a: (Int, Int) -> Double,
    _ b: (Int, Int) -> Double
  ) -> [Double] {
    var result = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for middle in 0..<inner {
        let factor = a(row, middle)
        for column in 0..<columns { result[row * columns + column] += factor * b(middle, column) }
      }
    }
    return result
  }
}
