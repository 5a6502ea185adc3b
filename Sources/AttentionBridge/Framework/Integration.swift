internal import ODEEngine

/// States of a system at some times from a state at time zero.
///
/// - Parameters:
///   - system: the system.
///   - start: the state at time zero.
///   - times: when the state is read, ascending.
///   - options: method and tolerances.
/// - Returns: the states at the times.
/// - Throws: `BridgeError.integration`.
func integrate<System: ODESystem>(
  _ system: System, from start: [Double], times: [Double], options: ODEOptions
) throws(BridgeError) -> [[Double]] {
  do throws(ODEError) {
    var solver = try ODESolver(system, state: start, options: options)
    var states: [[Double]] = []
    for time in times {
      try solver.advance(to: time)
      states.append(solver.state)
    }
    return states
  } catch {
    throw .integration(error)
  }
}
