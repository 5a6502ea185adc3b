/// Integrates one system (mathematics §5).
///
/// Everything is allocated by `init`; steps allocate nothing, unless they are recorded or the
/// system itself allocates. A solver belongs to one thread at a time.
///
/// On failure `time` and the state are those at the end of the last good step, and the next call of
/// `advance` starts afresh from there.
@safe
public struct ODESolver<System: ODESystem>: ~Copyable {
  let storage: UnsafeMutablePointer<System>
  var core: SolverCore

  /// Creates a solver at time `time` with state `state`.
  ///
  /// - Parameters:
  ///   - system: The system; its dimension must not change later.
  ///   - state: The initial state, `[dimension]`.
  ///   - time: The initial time, in time units.
  ///   - options: Method, tolerances and limits.
  /// - Throws: `ODEError.emptySystem`, `.jacobianMissing`, `.invalidOption` or `.outOfMemory`.
  @inlinable
  public init(
    _ system: System, state: [Double], time: Double = 0, options: ODEOptions = ODEOptions()
  ) throws(ODEError) {
    let storage = UnsafeMutablePointer<System>.allocate(capacity: 1)
    unsafe storage.initialize(to: system)
    try unsafe self.init(
      storage: storage, erased: ErasedSystem(storage), state: state, time: time, options: options)
  }

  /// Takes over `storage`; apart from `init` above, which the caller's module specialises so that
  /// the erased system calls F directly.
  @usableFromInline
  init(
    storage: UnsafeMutablePointer<System>, erased: ErasedSystem, state: [Double], time: Double,
    options: ODEOptions
  ) throws(ODEError) {
    do throws(ODEError) {
      core = try SolverCore(system: erased, options: options)
    } catch {
      unsafe storage.deinitialize(count: 1)
      unsafe storage.deallocate()
      throw error
    }
    unsafe self.storage = storage
    setState(state, time: time)
  }

  deinit {
    unsafe storage.deinitialize(count: 1)
    unsafe storage.deallocate()
  }

  // MARK: What is integrated

  /// The number of variables.
  public var dimension: Int { core.dimension }

  /// The options given at the start.
  public var options: ODEOptions { core.options }

  /// A copy of the system.
  public var system: System { unsafe storage.pointee }

  /// Changes the system, for example when data arrive or parameters move.
  ///
  /// Does not restart the method: call `restart()` if F jumps, `systemChanged()` if the Jacobian of
  /// a linear system is another one.
  public mutating func updateSystem<Result, Failure: Error>(
    _ body: (inout System) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe body(&storage.pointee)
  }

  /// Makes the method forget earlier steps, because F jumps here (data arrived).
  ///
  /// The proposed step length is kept.
  public mutating func restart() { core.restart() }

  /// Forgets every stored linearisation, because a linear system changed its Jacobian.
  public mutating func systemChanged() { core.invalidateLinearization() }

  /// Is asked before each step; true stops the integration with `ODEError.interrupted`.
  public var shouldStop: (() -> Bool)? {
    get { core.shouldStop }
    set { core.shouldStop = newValue }
  }

  // MARK: State

  /// The present time, in time units.
  public var time: Double { core.time }

  /// A copy of the present state, `[dimension]`.
  public var state: [Double] {
    unsafe Array(UnsafeBufferPointer(start: core.state, count: core.dimension))
  }

  /// One variable of the present state.
  public subscript(index: Int) -> Double {
    precondition(index >= 0 && index < dimension, "variable \(index) of \(dimension)")
    return unsafe core.state[index]
  }

  /// Reads the present state in place.
  public func withState<Result, Failure: Error>(
    _ body: (Span<Double>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let buffer = unsafe UnsafeBufferPointer(start: core.state, count: core.dimension)
    return try unsafe body(buffer.span)
  }

  /// Changes the present state in place and restarts the method.
  public mutating func withMutableState<Result, Failure: Error>(
    _ body: (inout MutableSpan<Double>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    core.restart()
    let buffer = unsafe UnsafeMutableBufferPointer(start: core.state, count: core.dimension)
    var span = unsafe buffer.mutableSpan
    return try body(&span)
  }

  /// Puts the solver at another time and state and restarts the method.
  public mutating func setState(_ state: [Double], time: Double) {
    precondition(
      state.count == dimension, "a state of \(state.count) for \(dimension) variables")
    core.time = time
    core.startAfresh()
    for index in 0..<dimension { unsafe core.state[index] = state[index] }
  }

  // MARK: Integration

  /// Integrates to exactly `time`, forwards or backwards.
  ///
  /// - Throws: Any `ODEError`; the state is then that at the end of the last good step.
  public mutating func advance(to time: Double) throws(ODEError) {
    try core.advance(to: time)
  }

  /// Integrates through `times` and adds the state at each to `trajectory`.
  ///
  /// Every time is hit exactly. On failure the trajectory keeps the states up to there.
  public mutating func advance(
    through times: [Double], into trajectory: inout Trajectory
  ) throws(ODEError) {
    for time in times {
      try core.advance(to: time)
      withState { trajectory.append(time: time, state: $0) }
    }
  }

  /// Integrates from a state at time `start` and gives the states at `times`.
  ///
  /// - Parameters:
  ///   - state: The initial state, `[dimension]`.
  ///   - start: The initial time, in time units.
  ///   - times: The sample times in the order of integration; each is hit exactly.
  /// - Returns: The states at `times`.
  /// - Throws: Any `ODEError`.
  public mutating func solve(
    from state: [Double], at start: Double, times: [Double]
  ) throws(ODEError) -> Trajectory {
    setState(state, time: start)
    var trajectory = Trajectory(dimension: dimension, capacity: times.count)
    try advance(through: times, into: &trajectory)
    return trajectory
  }

  /// Interpolates the state within the last accepted step by a cubic Hermite polynomial.
  ///
  /// The first call after a step evaluates F at its two ends, with the system as it is now.
  /// - Parameters:
  ///   - time: A time within the last step.
  ///   - result: Receives the state, `[dimension]`.
  /// - Returns: Whether `time` lies within the last step; if not, `result` is not written.
  /// - Throws: `ODEError.nonFinite`, or what the system throws.
  public mutating func interpolate(
    at time: Double, into result: inout MutableSpan<Double>
  ) throws(ODEError) -> Bool {
    try core.interpolate(at: time, into: &result)
  }

  // MARK: Costs

  /// The costs since the solver was made.
  public var statistics: StepStatistics { core.currentStatistics }

  /// Every accepted step, if `options.recordsSteps`.
  public var records: [StepRecord] { core.records }
}
