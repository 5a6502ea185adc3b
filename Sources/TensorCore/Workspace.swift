/// The memory of one executable: its arena, owned once and freed with it.
///
/// Not shared between threads; an ensemble gives every worker its own.
@safe public struct Workspace: ~Copyable, @unchecked Sendable {
  /// The arena; regions of the executable say where inputs and outputs lie.
  public let base: UnsafeMutablePointer<Double>
  private let batch: Int
  private let count: Int

  /// Allocates the arena of an executable and stores its constants there.
  public init(_ executable: Executable) {
    batch = executable.batch
    count = max(1, executable.arenaCount * batch)
    unsafe base = UnsafeMutablePointer<Double>.allocate(capacity: count)
    unsafe base.initialize(repeating: 0, count: count)
    for constant in executable.preloaded {
      for lane in 0..<batch { unsafe base[constant.place * batch + lane] = constant.value }
    }
  }

  deinit {
    unsafe base.deallocate()
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
  @inline(__always)
  public func run(_ executable: borrowing Executable) {
    precondition(
      executable.batch == batch && executable.arenaCount * batch <= count,
      "a workspace of another executable")
    unsafe executable.instructions.withUnsafeBufferPointer { code in
      unsafe executable.runs.withUnsafeBufferPointer { runs in
        guard let start = code.baseAddress else { return }
        if batch == 1 {
          unsafe InstructionKernels(start, base, OneLane()).execute(runs)
        } else {
          unsafe InstructionKernels(start, base, ManyLanes(count: batch)).execute(runs)
        }
      }
    }
  }
}
