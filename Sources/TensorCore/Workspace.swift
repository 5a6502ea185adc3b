/// The memory of one executable: its arena and a copy of its code, owned once and freed with it.
///
/// Owning the code keeps reference counting out of `run`. Not shared between threads: an ensemble
/// gives every worker its own.
@safe public struct Workspace: ~Copyable, @unchecked Sendable {
  /// The arena; regions of the executable say where inputs and outputs lie.
  public let base: UnsafeMutablePointer<Double>
  private let code: UnsafeMutableBufferPointer<Instruction>
  private let runs: UnsafeMutableBufferPointer<InstructionRun>
  private let batch: Int

  /// Allocates the arena of an executable and stores its constants there.
  public init(_ executable: Executable) {
    batch = executable.batch
    let count = max(1, executable.arenaCount * batch)
    unsafe base = UnsafeMutablePointer<Double>.allocate(capacity: count)
    unsafe base.initialize(repeating: 0, count: count)
    unsafe code = UnsafeMutableBufferPointer.allocate(
      capacity: max(1, executable.instructions.count))
    _ = unsafe code.initialize(from: executable.instructions)
    unsafe runs = UnsafeMutableBufferPointer.allocate(capacity: executable.runs.count)
    _ = unsafe runs.initialize(from: executable.runs)
    for constant in executable.preloaded {
      for lane in 0..<batch { unsafe base[constant.place * batch + lane] = constant.value }
    }
  }

  deinit {
    unsafe base.deallocate()
    unsafe code.deallocate()
    unsafe runs.deallocate()
  }

  /// Writes one lane of an input.
  public func write(_ values: [Double], to region: Executable.Region, lane: Int = 0) {
    precondition(values.count == region.shape.count && lane < batch, "values do not fit the input")
    for (index, value) in values.enumerated() {
      unsafe base[(region.offset + index) * batch + lane] = value
    }
  }

  /// Reads one lane of an output.
  public func read(_ region: Executable.Region, lane: Int = 0) -> [Double] {
    precondition(lane < batch, "lane \(lane) of \(batch)")
    return (0..<region.shape.count).map { unsafe base[(region.offset + $0) * batch + lane] }
  }

  /// Runs every instruction once over all lanes.
  public func run() {
    guard let start = unsafe code.baseAddress else { return }
    let order = unsafe UnsafeBufferPointer(runs)
    if batch == 1 {
      unsafe InstructionKernels(start, base, OneLane()).execute(order)
    } else {
      unsafe InstructionKernels(start, base, ManyLanes(count: batch)).execute(order)
    }
  }
}
