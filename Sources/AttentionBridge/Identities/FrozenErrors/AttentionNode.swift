/// A node of the graph of attention, from the loss downward.
///
/// `Q = X Wq, K = M Wk, V = M Wv, S = β Q Kᵀ + B, A = softmax(S), C = A V, O = C Wo`.
package enum AttentionNode: Int, Sendable, CaseIterable {
  case output, context, weights, values, scores, queries, keys
  case outputWeight, valueWeight, queryWeight, keyWeight

  /// Its sign in equations.
  package var symbol: String {
    switch self {
    case .output: "O"
    case .context: "C"
    case .weights: "A"
    case .values: "V"
    case .scores: "S"
    case .queries: "Q"
    case .keys: "K"
    case .outputWeight: "Wo"
    case .valueWeight: "Wv"
    case .queryWeight: "Wq"
    case .keyWeight: "Wk"
    }
  }

  /// Whether it is a matrix of parameters, which nothing predicts.
  package var isParameter: Bool { rawValue >= AttentionNode.outputWeight.rawValue }

  /// Whether it is there only where rows are projected.
  package var needsProjections: Bool { self == .output || isParameter }
}

/// The extents of a block of attention.
package struct AttentionExtents: Hashable, Sendable {
  /// The number of queries and of keys.
  package var queries: Int, keys: Int
  /// The columns of queries and keys, and of values.
  package var keyWidth: Int, valueWidth: Int
  /// The columns of the rows that are projected and of the output; 0 for a head whose queries, keys
  /// and values are given.
  package var width: Int

  /// Creates extents.
  package init(queries: Int, keys: Int, keyWidth: Int, valueWidth: Int, width: Int = 0) {
    self.queries = queries
    self.keys = keys
    self.keyWidth = keyWidth
    self.valueWidth = valueWidth
    self.width = width
  }

  /// Whether queries, keys and values are made from rows by matrices.
  package var projects: Bool { width > 0 }

  /// The nodes of the graph in order.
  package var nodes: [AttentionNode] {
    AttentionNode.allCases.filter { projects || !$0.needsProjections }
  }

  /// The rows and columns of a node.
  package func shape(_ node: AttentionNode) -> (rows: Int, columns: Int) {
    switch node {
    case .output: (queries, width)
    case .context: (queries, valueWidth)
    case .weights, .scores: (queries, keys)
    case .values: (keys, valueWidth)
    case .queries: (queries, keyWidth)
    case .keys: (keys, keyWidth)
    case .outputWeight: (valueWidth, width)
    case .valueWeight: (width, valueWidth)
    case .queryWeight, .keyWeight: (width, keyWidth)
    }
  }

  /// The entries of a node.
  package func count(_ node: AttentionNode) -> Int {
    let (rows, columns) = shape(node)
    return rows * columns
  }
}
