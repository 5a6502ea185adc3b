package import Learning
package import TensorCore

/// The descent of free energy over states from the feed-forward pass to rest.
///
/// A step of fixed length suits one curvature only, and curvature grows as a block learns; where a
/// state passes its value on (a residual sum), F over states is stiff besides. Here F descends over
/// the prediction errors (`PredictiveCodingNetwork.perturbed`), where it rests at the same places and
/// is stiff only as far as the loss is. Every step is a quasi-Newton one (L-BFGS; Nocedal & Wright
/// 2006, algorithm 7.4), halved until F falls enough (Armijo), so that F never rises.
package final class ErrorRelaxation {
  /// What was seen on the way.
  package struct Course: Sendable {
    /// F at the feed-forward pass and after every step; the loss is the first of them.
    package var energies: [Double] = []
    /// ‖∂F/∂ε‖ there.
    package var slopes: [Double] = []
    /// How often F and its gradient were computed.
    package var evaluations = 0
    /// The number of targets that counted.
    package var weight = 0.0
    /// How the descent came to an end.
    package var ending = Ending.atRest
    /// The states at the start and at the end, one after the other.
    package var start: [Double] = [], states: [Double] = []

    /// How a descent came to an end.
    package enum Ending: Sendable, Equatable {
      /// The slope is within the tolerance.
      case atRest
      /// No evaluations were left.
      case outOfEvaluations
      /// No step, however short, lowered F enough.
      case failedSearch
    }

    /// What part of the first slope is left; zero where there was none.
    package var remainder: Double {
      guard let first = slopes.first, let last = slopes.last, first != 0 else { return 0 }
      return last / first
    }

    /// How many times F rose in a step.
    package var rises: Int {
      zip(energies.dropFirst(), energies).reduce(0) { $0 + ($1.0 > $1.1 ? 1 : 0) }
    }
  }

  private let network: PredictiveCodingNetwork
  private let precision: Double
  private let chain: TensorWorkspace<Double>, rules: TensorWorkspace<Double>
  private let errorCount: Int
  private let gradientRegions: [TensorExecutable<Double>.Region]
  private let energyRegion: TensorExecutable<Double>.Region
  private let firstError: Int

  /// Prepares a network.
  package init(_ network: PredictiveCodingNetwork) {
    self.network = network
    precision = network.stages.first?.precision ?? 1
    chain = TensorWorkspace(
      Double.executable(
        network.perturbed.gradient(of: "energy", withRespectTo: network.errorNames)))
    rules = TensorWorkspace(
      Double.executable(
        network.freeEnergy.gradient(
          of: "energy", withRespectTo: network.layout.names + network.states)))
    gradientRegions = network.errorNames.map { [chain] in
      chain.executable.output("gradient.\($0)")
    }
    energyRegion = chain.executable.output("energy")
    firstError =
      network.layout.count
      + network.data.reduce(0) { [chain] in $0 + chain.executable.input($1).shape.count }
    errorCount = network.states.indices.reduce(0) { $0 + network.shape(ofStage: $1).count }
  }

  // MARK: Values

  private func write(
    _ workspace: TensorWorkspace<Double>, _ parameters: [Double], _ shard: [[Double]]
  ) {
    workspace.writeInputs(parameters, startingAt: 0)
    for (name, values) in zip(network.data, shard) {
      workspace.write(values, to: workspace.executable.input(name))
    }
  }

  private func read(
    _ workspace: TensorWorkspace<Double>, _ names: [String]
  ) -> [Double] {
    names.flatMap { workspace.read(workspace.executable.output($0)) }
  }

  private func number(_ workspace: TensorWorkspace<Double>, _ name: String) -> Double {
    workspace.read(workspace.executable.output(name)).first ?? .nan
  }

  /// F and its gradient by the errors, for the parameters and data that were written last.
  private func energy(_ errors: [Double]) -> (value: Double, gradient: [Double]) {
    chain.writeInputs(errors, startingAt: firstError)
    chain.run()
    var gradient: [Double] = []
    gradient.reserveCapacity(errorCount)
    for region in gradientRegions { gradient += chain.read(region) }
    return (chain.read(energyRegion).first ?? .nan, gradient)
  }

  /// F at given states with its gradients by the local rules.
  ///
  /// - Parameters:
  ///   - states: one after the other.
  ///   - parameters: θ.
  ///   - shard: the data.
  /// - Returns: F, ∂F/∂x and ∂F/∂θ.
  package func local(
    _ states: [Double], _ parameters: [Double], _ shard: [[Double]]
  ) -> (energy: Double, flow: [Double], plasticity: [Double]) {
    write(rules, parameters, shard)
    rules.writeInputs(states, startingAt: firstError)
    rules.run()
    return (
      number(rules, "energy"), read(rules, network.states.map { "gradient.\($0)" }),
      read(rules, network.layout.names.map { "gradient.\($0)" })
    )
  }

  // MARK: Descent

  /// Descends until the slope is at most a part of what it was, or for a number of evaluations.
  ///
  /// - Parameters:
  ///   - parameters: θ.
  ///   - shard: the data.
  ///   - tolerance: the part of ‖∂F/∂ε‖ at the feed-forward pass at which F counts as at rest.
  ///   - evaluations: the largest number of evaluations of F.
  /// - Returns: what was seen on the way, with the states at the end.
  package func relax(
    _ parameters: [Double], _ shard: [[Double]], tolerance: Double, evaluations: Int
  ) -> Course {
    write(chain, parameters, shard)
    var errors = [Double](repeating: 0, count: errorCount)
    var (energy, gradient) = energy(errors)
    var course = Course(
      energies: [energy], slopes: [Vectors.norm(gradient)], evaluations: 1,
      weight: number(chain, "weight"), start: read(chain, network.states))
    course.states = course.start
    let goal = tolerance * course.slopes[0]
    var memory = QuasiNewtonMemory(scale: 1 / precision)
    while course.evaluations < evaluations, Vectors.norm(gradient) > goal {
      let direction = memory.direction(gradient)
      let descent = Vectors.dot(direction, gradient)
      var length = 1.0
      var isAccepted = false
      while !isAccepted, length > 1e-6, course.evaluations < evaluations {
        let next = Vectors.sum(errors, -length, direction)
        let trial = self.energy(next)
        course.evaluations += 1
        isAccepted = trial.value <= energy - 1e-4 * length * descent
        if isAccepted {
          memory.record(
            step: Vectors.sum(next, -1, errors), change: Vectors.sum(trial.gradient, -1, gradient))
          (errors, energy, gradient) = (next, trial.value, trial.gradient)
          course.energies.append(energy)
          course.slopes.append(Vectors.norm(gradient))
        }
        length *= 0.5
      }
      if !isAccepted {
        // Steepest descent is tried once more before rounding is taken for rest.
        guard !memory.isEmpty else { break }
        memory = QuasiNewtonMemory(scale: 1 / precision)
      }
    }
    // A slope that is not a number is not at rest either.
    if !(Vectors.norm(gradient) <= goal) {
      course.ending = course.evaluations < evaluations ? .failedSearch : .outOfEvaluations
    }
    if course.energies.count > 1 {
      _ = self.energy(errors)
      course.states = read(chain, network.states)
    }
    return course
  }

  /// Moves states down ∂F/∂x by steps of one length, as the schedule `.equilibrium` does.
  ///
  /// - Parameters:
  ///   - parameters: θ.
  ///   - shard: the data.
  ///   - steps: how many; fewer where F stops being finite.
  ///   - rate: their length.
  /// - Returns: what was seen on the way, with ‖∂F/∂x‖ as the slopes.
  package func relaxByFixedSteps(
    _ parameters: [Double], _ shard: [[Double]], steps: Int, rate: Double
  ) -> Course {
    write(chain, parameters, shard)
    _ = energy([Double](repeating: 0, count: errorCount))
    var course = Course(weight: number(chain, "weight"), start: read(chain, network.states))
    course.states = course.start
    for step in 0...steps {
      let (value, flow, _) = local(course.states, parameters, shard)
      course.energies.append(value)
      course.slopes.append(Vectors.norm(flow))
      course.evaluations += 1
      guard value.isFinite, step < steps else { break }
      course.states = Vectors.sum(course.states, -rate, flow)
    }
    return course
  }

  /// The largest curvature of F over states, by power iteration on differences of gradients.
  ///
  /// Steps of fixed length r overshoot where it exceeds 2/r.
  ///
  /// - Parameters:
  ///   - states: where.
  ///   - parameters: θ.
  ///   - shard: the data.
  ///   - iterations: products with the second derivative.
  ///   - source: draws the first direction.
  /// - Returns: the Rayleigh quotient of the last direction, a lower bound.
  package func largestCurvature(
    _ states: [Double], _ parameters: [Double], _ shard: [[Double]], iterations: Int,
    from source: RandomSource
  ) -> Double {
    var source = source
    var direction = source.normals(states.count)
    var value = 0.0
    let step = 1e-4
    for _ in 0..<iterations {
      let size = 1 / Vectors.norm(direction)
      let unit = direction.map { $0 * size }
      let above = local(Vectors.sum(states, step, unit), parameters, shard).flow
      let below = local(Vectors.sum(states, -step, unit), parameters, shard).flow
      direction = Vectors.sum(above, -1, below).map { $0 / (2 * step) }
      value = Vectors.dot(unit, direction)
    }
    return value
  }
}
