internal import TensorCore

/// Where the inputs of one part come from.
struct PartPlan<Scalar: KernelScalar>: Sendable {
  typealias Region = TensorExecutable<Scalar>.Region

  let executable: TensorExecutable<Scalar>
  /// Inputs that are parameters, with their place among all parameters.
  let parameters: [(region: Region, start: Int)]
  /// Inputs that are data, with their place among the data.
  let data: [(region: Region, index: Int)]
  /// Inputs that the start hands over.
  let held: [(source: Region, target: Region)]
  /// Inputs that relax.
  let variables: [Region]

  init(
    _ program: Program, _ network: PredictiveCodingNetwork, variables names: [String],
    start: TensorExecutable<Scalar>?
  ) {
    let executable = Scalar.executable(program)
    self.executable = executable
    var parameters: [(region: Region, start: Int)] = []
    var data: [(region: Region, index: Int)] = []
    var held: [(source: Region, target: Region)] = []
    var variables: [Region] = []
    for region in executable.inputs {
      if let range = network.layout.range(of: region.name) {
        parameters.append((region, range.lowerBound))
      } else if let index = network.data.firstIndex(of: region.name) {
        data.append((region, index))
      } else if names.contains(region.name) {
        variables.append(region)
      } else if let start {
        held.append((start.output(region.name), region))
      }
    }
    self.parameters = parameters
    self.data = data
    self.held = held
    self.variables = variables
  }
}

/// The parts of a schedule, made ready to run.
struct ShardPlan<Scalar: KernelScalar>: Sendable {
  typealias Region = TensorExecutable<Scalar>.Region

  let start: PartPlan<Scalar>
  /// Nil without variables.
  let relaxation: PartPlan<Scalar>?
  let learning: PartPlan<Scalar>?
  let energy: PartPlan<Scalar>?
  /// What the variables are at first, in order.
  let startRegions: [Region]
  /// The number of entries of all variables.
  let variableCount: Int
  /// For every parameter its place, and where its gradient stands.
  let gradients: [(start: Int, region: Region, isLearned: Bool)]
  let steps: Int
  let rate: Scalar
  let tolerance: Scalar?

  init(
    _ network: PredictiveCodingNetwork, _ schedule: PredictiveCodingSchedule,
    _ programs: PredictiveCodingPrograms
  ) {
    let start = PartPlan<Scalar>(programs.start, network, variables: [], start: nil)
    func part(_ program: Program) -> PartPlan<Scalar> {
      PartPlan(program, network, variables: programs.variables, start: start.executable)
    }
    self.start = start
    relaxation = programs.variables.isEmpty ? nil : part(programs.relaxation)
    let learning = programs.learning.outputs.isEmpty ? nil : part(programs.learning)
    self.learning = learning
    energy = programs.energy.map(part)
    startRegions = programs.variables.map { start.executable.output("start.\($0)") }
    variableCount = startRegions.reduce(0) { $0 + $1.shape.count }
    gradients = zip(network.layout.names, network.layout.offsets).map { name, offset in
      let output = "gradient.\(name)"
      if let learning, programs.learning.output(output) != nil {
        return (offset, learning.executable.output(output), true)
      }
      return (offset, start.executable.output(output), false)
    }
    steps = schedule.steps
    switch schedule {
    case .equilibrium(_, let rate, let tolerance):
      self.rate = Scalar(rate)
      self.tolerance = tolerance.map { Scalar($0) }
    case .fixedPrediction(_, let rate):
      self.rate = Scalar(rate)
      tolerance = nil
    case .zeroDivergence:
      rate = 1
      tolerance = nil
    }
  }
}

/// The memory of one shard under a schedule; not shared between threads.
@safe final class PredictiveCodingShard<Scalar: KernelScalar> {
  /// The relaxation steps of the last run.
  private(set) var relaxations = 0
  /// F at the start and after each of them, where it is recorded.
  private(set) var energies: [Double] = []
  /// Whether the variables ended with numbers that are not finite.
  private(set) var hasDiverged = false

  private let plan: ShardPlan<Scalar>
  private let start: TensorWorkspace<Scalar>
  private let relaxation: TensorWorkspace<Scalar>?
  private let learning: TensorWorkspace<Scalar>?
  private let energy: TensorWorkspace<Scalar>?

  init(_ plan: ShardPlan<Scalar>) {
    self.plan = plan
    start = TensorWorkspace(plan.start.executable)
    relaxation = plan.relaxation.map { TensorWorkspace($0.executable) }
    learning = plan.learning.map { TensorWorkspace($0.executable) }
    energy = plan.energy.map { TensorWorkspace($0.executable) }
  }

  /// From the feed-forward pass to the gradients.
  func run(_ parameters: [Scalar], _ data: [[Scalar]]) {
    begin(parameters, data)
    var isAtRest = false
    while relaxations < plan.steps && !isAtRest && relaxation != nil { isAtRest = relax() }
    hasDiverged = !isFinite
    if let part = plan.learning, let workspace = learning {
      prepare(part, workspace, parameters, data)
      handVariables(to: part, workspace)
      workspace.run()
    }
  }

  /// The first relaxation step after which the variables are not finite, 0 for the start.
  func firstNonFinite(_ parameters: [Scalar], _ data: [[Scalar]]) -> Int {
    begin(parameters, data)
    while isFinite && relaxations < plan.steps { _ = relax() }
    return relaxations
  }

  /// The variables as they are.
  var variables: [Tensor<Scalar>] {
    guard let part = plan.relaxation, let relaxation else { return [] }
    return part.variables.map { Tensor(shape: $0.shape, values: relaxation.read($0)) }
  }

  /// The loss of the feed-forward prediction.
  var loss: Double { Double(start.read(plan.start.executable.output("loss")).first ?? 0) }

  /// What it is to be divided by.
  var weight: Double { Double(start.read(plan.start.executable.output("weight")).first ?? 0) }

  /// Adds the gradients of all parameters to a sum, or replaces it by them.
  func addGradient(to sum: inout [Scalar], replacing: Bool) {
    unsafe sum.withUnsafeMutableBufferPointer { sum in
      guard let base = sum.baseAddress else { return }
      for (place, region, isLearned) in plan.gradients {
        let workspace = isLearned ? learning ?? start : start
        let source = unsafe workspace.pointer(to: region)
        let count = region.shape.count
        if replacing {
          unsafe (base + place).update(from: source, count: count)
        } else {
          unsafe Scalar.apply(
            .add, count: count, UnsafePointer(base + place), stride: 1, UnsafePointer(source),
            stride: 1, into: base + place)
        }
      }
    }
  }

  // MARK: Relaxation

  private func begin(_ parameters: [Scalar], _ data: [[Scalar]]) {
    relaxations = 0
    energies.removeAll(keepingCapacity: true)
    prepare(plan.start, start, parameters, data)
    start.run()
    if let part = plan.relaxation, let relaxation {
      prepare(part, relaxation, parameters, data)
      for (source, target) in zip(plan.startRegions, part.variables) {
        unsafe relaxation.pointer(to: target).update(
          from: start.pointer(to: source), count: source.shape.count)
      }
    }
    if let part = plan.energy, let energy {
      prepare(part, energy, parameters, data)
      recordEnergy()
    }
  }

  /// Moves all variables once, in place; returns whether they had come to rest.
  private func relax() -> Bool {
    guard let relaxation, let part = plan.relaxation, let first = part.variables.first,
      let flows = part.executable.outputs.first
    else { return true }
    relaxation.run()
    relaxations += 1
    let count = plan.variableCount
    let x = unsafe relaxation.pointer(to: first)
    let flow = unsafe relaxation.pointer(to: flows)
    if plan.rate != 1 {
      unsafe withUnsafePointer(to: plan.rate) { rate in
        unsafe Scalar.apply(
          .multiply, count: count, UnsafePointer(flow), stride: 1, rate, stride: 0, into: flow)
      }
    }
    unsafe Scalar.apply(
      .subtract, count: count, UnsafePointer(x), stride: 1, UnsafePointer(flow), stride: 1,
      into: x)
    if plan.energy != nil { recordEnergy() }
    guard let tolerance = plan.tolerance else { return false }
    return unsafe largest(flow, scratch: flow) <= tolerance * plan.rate
  }

  private func recordEnergy() {
    guard let part = plan.energy, let energy else { return }
    handVariables(to: part, energy)
    energy.run()
    energies.append(Double(energy.read(part.executable.output("energy")).first ?? 0))
  }

  private var isFinite: Bool {
    guard let relaxation, let part = plan.relaxation, let first = part.variables.first,
      let flows = part.executable.outputs.first
    else { return true }
    // Flows are written anew by every step, so that their place is free in between.
    let x = unsafe relaxation.pointer(to: first)
    return unsafe largest(x, scratch: relaxation.pointer(to: flows)).isFinite
  }

  /// The largest absolute value of as many entries as there are variables; a NaN wins.
  private func largest(
    _ x: UnsafeMutablePointer<Scalar>, scratch: UnsafeMutablePointer<Scalar>
  ) -> Scalar {
    let count = plan.variableCount
    guard count > 0 else { return 0 }
    unsafe Scalar.apply(.absolute, count: count, UnsafePointer(x), into: scratch)
    var result: Scalar = 0
    unsafe Scalar.reduce(
      .maximum, outer: 1, extent: count, inner: 1, UnsafePointer(scratch), into: &result)
    return result
  }

  // MARK: Inputs

  private func prepare(
    _ part: PartPlan<Scalar>, _ workspace: TensorWorkspace<Scalar>, _ parameters: [Scalar],
    _ data: [[Scalar]]
  ) {
    unsafe parameters.withUnsafeBufferPointer { parameters in
      guard let base = parameters.baseAddress else { return }
      for (region, place) in part.parameters {
        unsafe workspace.pointer(to: region).update(
          from: base + place, count: region.shape.count)
      }
    }
    for (region, index) in part.data { workspace.write(data[index], to: region) }
    for (source, target) in part.held {
      unsafe workspace.pointer(to: target).update(
        from: start.pointer(to: source), count: source.shape.count)
    }
  }

  private func handVariables(
    to part: PartPlan<Scalar>, _ workspace: TensorWorkspace<Scalar>
  ) {
    guard let relaxation, let source = plan.relaxation else { return }
    for target in part.variables {
      guard let region = source.variables.first(where: { $0.name == target.name }) else {
        continue
      }
      unsafe workspace.pointer(to: target).update(
        from: relaxation.pointer(to: region), count: region.shape.count)
    }
  }
}
