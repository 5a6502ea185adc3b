/// A program made ready to run on whole tensors of one number type: kernel calls over one arena.
///
/// For the programs of learning, whose tensors are large; a level's equations run on `Executable`,
/// which lowers them to numbers. Inputs keep what was written, so a run may be repeated with some of
/// them changed. Made by `Scalar.executable(_:)`.
package struct TensorExecutable<Scalar: KernelScalar>: Sendable {
  /// Where a port's entries lie in the arena.
  package struct Region: Hashable, Sendable {
    /// The port's name.
    package let name: String
    /// The port's shape.
    package let shape: Shape
    /// The first entry's place.
    package let offset: Int
  }

  /// One kernel call on the arena.
  typealias Call = @Sendable (Arena<Scalar>) -> Void

  /// Where each input is to be written; they follow each other without gaps.
  package let inputs: [Region]
  /// Where each output stands after a run; they follow each other without gaps.
  package let outputs: [Region]
  /// The number of entries of the arena.
  package let arenaCount: Int
  let calls: [Call]
  let preloaded: [(offset: Int, values: [Scalar])]
  /// What the calls do, for profiles.
  package let callNames: [String]

  /// Plans a program; use `Scalar.executable(_:)`, which is compiled for the number type.
  @inline(__always)
  init(planning program: Program) {
    let plan = TensorPlan(program)
    func regions(_ ports: [Program.Port], _ buffers: [Int]) -> [Region] {
      zip(ports, buffers).map {
        Region(name: $0.name, shape: $0.shape, offset: plan.buffers[$1].offset)
      }
    }
    inputs = regions(program.inputs, plan.inputs)
    outputs = regions(program.outputs, plan.outputs)
    arenaCount = plan.arenaCount
    preloaded = plan.constants.map { buffer, constant in
      (plan.buffers[buffer].offset, program.constants[constant].values.map { Scalar($0) })
    }
    var calls: [Call] = []
    var names: [String] = []
    for step in plan.steps {
      let made = Self.calls(step, offsets: plan.buffers.map(\.offset))
      calls += made
      names += made.map { _ in "\(step.kind)" }
    }
    self.calls = calls
    callNames = names
  }

  /// The region of an input.
  package func input(_ name: String) -> Region {
    guard let region = inputs.first(where: { $0.name == name }) else {
      preconditionFailure("no input '\(name)'")
    }
    return region
  }

  /// The region of an output.
  package func output(_ name: String) -> Region {
    guard let region = outputs.first(where: { $0.name == name }) else {
      preconditionFailure("no output '\(name)'")
    }
    return region
  }
}

/// The memory that calls work on; whoever runs them keeps it alive.
@safe struct Arena<Scalar: KernelScalar> {
  let base: UnsafeMutablePointer<Scalar>
}

/// The memory of one executable; not shared between threads.
@safe package final class TensorWorkspace<Scalar: KernelScalar> {
  /// What runs here.
  package let executable: TensorExecutable<Scalar>
  private let base: UnsafeMutablePointer<Scalar>

  /// Allocates the arena and stores the constants.
  package init(_ executable: TensorExecutable<Scalar>) {
    self.executable = executable
    let count = max(1, executable.arenaCount)
    // Cache lines are 64 bytes, and so is the widest vector.
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: count * MemoryLayout<Scalar>.stride, alignment: 64)
    unsafe base = unsafe memory.bindMemory(to: Scalar.self, capacity: count)
    unsafe base.initialize(repeating: 0, count: count)
    for constant in executable.preloaded {
      for (index, value) in constant.values.enumerated() {
        unsafe base[constant.offset + index] = value
      }
    }
  }

  deinit { unsafe base.deallocate() }

  /// Writes an input.
  package func write(_ values: [Scalar], to region: TensorExecutable<Scalar>.Region) {
    precondition(
      values.count == region.shape.count,
      "\(values.count) values for an input of shape \(region.shape)")
    unsafe values.withUnsafeBufferPointer { source in
      guard let first = source.baseAddress else { return }
      unsafe (base + region.offset).update(from: first, count: values.count)
    }
  }

  /// Writes several inputs at once, from an entry counted over all of them.
  package func writeInputs(_ values: [Scalar], startingAt start: Int) {
    let first = executable.inputs.first?.offset ?? 0
    let count = executable.inputs.reduce(0) { $0 + $1.shape.count }
    precondition(
      start >= 0 && start + values.count <= count, "\(values.count) values at \(start) of \(count)")
    unsafe values.withUnsafeBufferPointer { source in
      guard let values = source.baseAddress else { return }
      unsafe (base + first + start).update(from: values, count: source.count)
    }
  }

  /// Adds `count` entries, from the output of a number on, to an array, or replaces it by them.
  package func accumulate(
    outputsFrom index: Int, count: Int, into sum: inout [Scalar], replacing: Bool
  ) {
    let start = executable.outputs[index].offset
    let available = executable.outputs[index...].reduce(0) { $0 + $1.shape.count }
    precondition(count <= available, "\(count) entries of \(available)")
    if replacing {
      unsafe sum = Array(UnsafeBufferPointer(start: base + start, count: count))
      return
    }
    precondition(sum.count == count, "\(count) entries for an array of \(sum.count)")
    unsafe sum.withUnsafeMutableBufferPointer { sum in
      guard let target = sum.baseAddress else { return }
      unsafe Scalar.apply(
        .add, count: count, UnsafePointer(target), stride: 1, UnsafePointer(base + start),
        stride: 1, into: target)
    }
  }

  /// Reads an input or an output.
  package func read(_ region: TensorExecutable<Scalar>.Region) -> [Scalar] {
    unsafe Array(UnsafeBufferPointer(start: base + region.offset, count: region.shape.count))
  }

  /// The place of a region, for loops over many parameters; it lives as long as the workspace.
  @unsafe package func pointer(
    to region: TensorExecutable<Scalar>.Region
  ) -> UnsafeMutablePointer<Scalar> { unsafe base + region.offset }

  /// Runs every call once.
  package func run() {
    let arena = unsafe Arena(base: base)
    for call in executable.calls { call(arena) }
  }
}

extension KernelScalar {
  /// Evaluates a program once on tensors by name: convenient, not fast.
  package static func evaluate(
    _ program: Program, _ arguments: [String: Tensor<Self>]
  ) -> [String: Tensor<Self>] {
    let executable = executable(program)
    let workspace = TensorWorkspace(executable)
    for region in executable.inputs {
      guard let argument = arguments[region.name] else {
        preconditionFailure("no argument for input '\(region.name)'")
      }
      precondition(
        argument.shape == region.shape,
        "input '\(region.name)' has shape \(region.shape), not \(argument.shape)")
      workspace.write(argument.values, to: region)
    }
    workspace.run()
    return Dictionary(
      uniqueKeysWithValues: executable.outputs.map {
        ($0.name, Tensor(shape: $0.shape, values: workspace.read($0)))
      })
  }
}

extension Float {
  /// Makes a program ready to run in single precision.
  package static func executable(_ program: Program) -> TensorExecutable<Float> {
    TensorExecutable<Float>(planning: program)
  }
}

extension Double {
  /// Makes a program ready to run in double precision.
  package static func executable(_ program: Program) -> TensorExecutable<Double> {
    TensorExecutable<Double>(planning: program)
  }
}
