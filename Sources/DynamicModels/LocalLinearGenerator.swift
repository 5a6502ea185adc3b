public import TensorCore

/// Data from stored innovations by local linearization, as the reference implementation makes it.
///
/// The innovations z and w of every level are embedded at n orders at each step; between steps
/// they follow their own motion (`z̃̇ = D z̃`, `w̃̇ = D w̃`) while the states follow
/// `ẋ⁽ⁱ⁾ = f⁽ⁱ⁾(x⁽ⁱ⁾, v⁽ⁱ⁾) + w⁽ⁱ⁾` with `v⁽ⁱ⁻¹⁾ = g⁽ⁱ⁾(x⁽ⁱ⁾, v⁽ⁱ⁾) + z⁽ⁱ⁾`. One step of length
/// Δ/nD is the regularized step (mathematics §6) on the augmented vector (x, z̃, w̃), with the
/// Jacobian carried through the levels by the chain rule.
public struct LocalLinearGenerator: Sendable {
  /// The equations of one level; parameters are constants inside the closures.
  public struct Level: Sendable {
    /// A function of the hidden states and the causes of the level.
    public typealias Equation = @Sendable (_ x: [Double], _ v: [Double]) -> [Double]
    /// A matrix of derivatives at the hidden states and the causes of the level.
    public typealias Derivative = @Sendable (_ x: [Double], _ v: [Double]) -> Tensor<Double>

    /// The number of hidden states.
    public var stateCount: Int
    /// The number of outputs.
    public var outputCount: Int
    /// f, the motion of the hidden states.
    public var motion: Equation
    /// g, the outputs.
    public var output: Equation
    /// ∂f/∂x `[states × states]`.
    public var motionByState: Derivative
    /// ∂f/∂v `[states × causes]`.
    public var motionByCause: Derivative
    /// ∂g/∂x `[outputs × states]`.
    public var outputByState: Derivative
    /// ∂g/∂v `[outputs × causes]`.
    public var outputByCause: Derivative

    /// Creates a level.
    public init(
      stateCount: Int, outputCount: Int, motion: @escaping Equation, output: @escaping Equation,
      motionByState: @escaping Derivative, motionByCause: @escaping Derivative,
      outputByState: @escaping Derivative, outputByCause: @escaping Derivative
    ) {
      self.stateCount = stateCount
      self.outputCount = outputCount
      self.motion = motion
      self.output = output
      self.motionByState = motionByState
      self.motionByCause = motionByCause
      self.outputByState = outputByState
      self.outputByCause = outputByCause
    }
  }

  /// What a run recorded at every sample.
  public struct Record: Hashable, Sendable {
    /// Per level, and for the causes at the top: outputs `[outputs × samples]`.
    public var outputs: [Tensor<Double>]
    /// Per level: hidden states `[states × samples]`.
    public var states: [Tensor<Double>]
  }

  /// The levels, level 1 first.
  public let levels: [Level]
  /// The number n of orders at which innovations are embedded.
  public let orders: Int
  /// The time Δ between samples.
  public let step: Double
  /// The number nD of steps per sample.
  public let subSteps: Int

  /// Creates a generator.
  public init(levels: [Level], orders: Int, step: Double, subSteps: Int = 1) {
    precondition(orders >= 1 && step > 0 && subSteps >= 1, "\(orders) orders, step \(step)")
    self.levels = levels
    self.orders = orders
    self.step = step
    self.subSteps = subSteps
  }

  /// Makes the data of stored innovations.
  ///
  /// - Parameters:
  ///   - initialStates: hidden states at sample 1, per level.
  ///   - outputInnovations: z per level `[outputs × samples]`, then the causes at the top.
  ///   - stateInnovations: w per level `[states × samples]`.
  /// - Returns: the outputs and the hidden states at every sample.
  /// - Throws: `LinearAlgebraError` when a Jacobian stops being finite.
  public func generate(
    initialStates: [[Double]], outputInnovations: [Tensor<Double>],
    stateInnovations: [Tensor<Double>]
  ) throws(LinearAlgebraError) -> Record {
    precondition(
      initialStates.count == levels.count && outputInnovations.count == levels.count + 1
        && stateInnovations.count == levels.count,
      "\(levels.count) levels with other numbers of initial states or innovations")
    let samples = outputInnovations[levels.count].columns
    let embedding = TaylorEmbedding(
      orders: orders, step: step, sampleCount: samples, subSteps: subSteps)
    var states = initialStates
    var record = Record(
      outputs: outputInnovations.map { Tensor(repeating: 0, shape: $0.shape) },
      states: stateInnovations.map { Tensor(repeating: 0, shape: $0.shape) })
    for sample in 1...max(1, samples) {
      for part in 0..<subSteps {
        let z = outputInnovations.map { embedding.embed($0, atSample: sample, subStep: part) }
        let w = stateInnovations.map { embedding.embed($0, atSample: sample, subStep: part) }
        let outputs = outputs(states, z)
        if part == 0 {
          Self.store(outputs, at: sample, in: &record.outputs)
          Self.store(states, at: sample, in: &record.states)
        }
        let (flow, jacobian) = linearization(states, outputs, z, w)
        let change = try RegularizedStep.step(
          jacobian: jacobian, flow: flow, length: .time(step / Double(subSteps)))
        var position = 0
        for level in states.indices {
          for index in states[level].indices {
            states[level][index] += change[position]
            position += 1
          }
        }
      }
    }
    return record
  }

  private static func store(
    _ values: [[Double]], at sample: Int, in records: inout [Tensor<Double>]
  ) {
    for (level, vector) in values.enumerated() {
      let samples = records[level].columns
      for (index, value) in vector.enumerated() {
        records[level].values[index * samples + sample - 1] = value
      }
    }
  }

  /// The outputs of all levels, the causes at the top last.
  private func outputs(_ states: [[Double]], _ z: [GeneralizedVector]) -> [[Double]] {
    var outputs = z.map { Array($0.order(0)) }
    for level in levels.indices.reversed() {
      let g = levels[level].output(states[level], outputs[level + 1])
      precondition(g.count == outputs[level].count, "\(g.count) outputs at level \(level + 1)")
      for index in g.indices { outputs[level][index] += g[index] }
    }
    return outputs
  }

  /// The flow of (x, z̃, w̃) and its Jacobian.
  private func linearization(
    _ states: [[Double]], _ outputs: [[Double]], _ z: [GeneralizedVector],
    _ w: [GeneralizedVector]
  ) -> (flow: [Double], jacobian: Tensor<Double>) {
    let stateTotal = states.reduce(0) { $0 + $1.count }
    let generalized = (z + w).map(\.values.count)
    let total = generalized.reduce(stateTotal, +)
    var offsets: [Int] = []
    var offset = stateTotal
    for count in generalized {
      offsets.append(offset)
      offset += count
    }
    var flow = [Double](repeating: 0, count: total)
    var jacobian = Tensor<Double>(repeating: 0, shape: .matrix(total, total))
    for (index, vector) in (z + w).enumerated() {
      let start = offsets[index]
      for (k, value) in vector.shifted.values.enumerated() { flow[start + k] = value }
      for k in 0..<max(0, (vector.orders - 1) * vector.channels) {
        jacobian.values[(start + k) * total + start + k + vector.channels] = 1
      }
    }
    // Rows of ∂v/∂(x, z̃, w̃), from the top down.
    var causeRows = [[Double]](
      repeating: [Double](repeating: 0, count: total), count: z[levels.count].channels)
    for index in causeRows.indices { causeRows[index][offsets[levels.count] + index] = 1 }
    var stateOffset = stateTotal
    for level in levels.indices.reversed() {
      let equations = levels[level]
      let x = states[level]
      let v = outputs[level + 1]
      stateOffset -= x.count
      let motion = equations.motion(x, v)
      precondition(motion.count == x.count, "\(motion.count) motions of \(x.count) states")
      for index in x.indices { flow[stateOffset + index] = motion[index] + w[level][0, index] }
      var rows = Self.rows(
        equations.motionByState(x, v), equations.motionByCause(x, v), causeRows,
        count: x.count, stateOffset: stateOffset, total: total)
      for index in x.indices {
        rows[index][offsets[z.count + level] + index] += 1
        for column in 0..<total {
          jacobian.values[(stateOffset + index) * total + column] = rows[index][column]
        }
      }
      causeRows = Self.rows(
        equations.outputByState(x, v), equations.outputByCause(x, v), causeRows,
        count: z[level].channels, stateOffset: stateOffset, total: total)
      for index in causeRows.indices { causeRows[index][offsets[level] + index] += 1 }
    }
    return (flow, jacobian)
  }

  /// `byState · ∂x + byCause · ∂v` as rows over the augmented vector.
  private static func rows(
    _ byState: Tensor<Double>, _ byCause: Tensor<Double>, _ causeRows: [[Double]],
    count: Int, stateOffset: Int, total: Int
  ) -> [[Double]] {
    (0..<count).map { index in
      var row = [Double](repeating: 0, count: total)
      for k in 0..<byState.columns { row[stateOffset + k] = byState[index, k] }
      for k in causeRows.indices {
        let factor = byCause[index, k]
        if factor == 0 { continue }
        for column in 0..<total { row[column] += factor * causeRows[k][column] }
      }
      return row
    }
  }
}
