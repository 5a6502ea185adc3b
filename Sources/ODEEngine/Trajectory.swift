/// States of a system at given times.
public struct Trajectory: Sendable, Equatable {
  /// The number of variables.
  public let dimension: Int
  /// The times, in the order in which they were visited.
  public private(set) var times: [Double] = []
  /// The states, one row per time, `[times.count × dimension]`.
  public private(set) var states: [Double] = []

  /// Creates an empty trajectory with room for `capacity` states.
  public init(dimension: Int, capacity: Int = 0) {
    self.dimension = dimension
    times.reserveCapacity(capacity)
    states.reserveCapacity(capacity * dimension)
  }

  /// The number of states.
  public var count: Int { times.count }

  /// The state at the sample with the given index.
  public func state(_ sample: Int) -> ArraySlice<Double> {
    states[sample * dimension..<(sample + 1) * dimension]
  }

  /// One variable at one sample.
  public subscript(sample: Int, variable: Int) -> Double {
    precondition(
      variable >= 0 && variable < dimension, "variable \(variable) of \(dimension)")
    return states[sample * dimension + variable]
  }

  /// Adds a state at the end.
  public mutating func append(time: Double, state: Span<Double>) {
    precondition(
      state.count == dimension, "a state of \(state.count) in a trajectory of \(dimension)")
    times.append(time)
    for index in 0..<dimension { states.append(state[index]) }
  }
}
