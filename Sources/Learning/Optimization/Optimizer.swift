package import TensorCore

/// How a gradient becomes a change of parameters.
package enum Optimizer: Hashable, Sendable, Codable {
  /// `p −= rate · g` (Robbins & Monro 1951).
  case gradientDescent
  /// `v = memory · v + g; p −= rate · v` (Polyak 1964).
  case momentum(memory: Double)
  /// Adam (Kingma & Ba 2015, algorithm 1).
  case adam(beta1: Double, beta2: Double, epsilon: Double)

  /// Adam with the constants that Transformers were first trained with.
  package static let adam = Optimizer.adam(beta1: 0.9, beta2: 0.98, epsilon: 1e-9)

  /// How many numbers per parameter it remembers.
  package var memoryCount: Int {
    switch self {
    case .gradientDescent: 0
    case .momentum: 1
    case .adam: 2
    }
  }
}

/// An optimiser with its memory.
package struct OptimizerState<Scalar: KernelScalar>: Sendable {
  /// The rule.
  package let optimizer: Optimizer
  /// The steps made.
  package private(set) var step: Int
  /// What the rule remembers, one array per number.
  package private(set) var memories: [[Scalar]]
  private var scratch: [Scalar]

  /// A state before the first step.
  package init(_ optimizer: Optimizer, count: Int) {
    self.init(
      optimizer, step: 0,
      memories: Array(
        repeating: [Scalar](repeating: 0, count: count), count: optimizer.memoryCount))
  }

  /// A state as it was stored; the memories have one length.
  package init(_ optimizer: Optimizer, step: Int, memories: [[Scalar]]) {
    precondition(memories.count == optimizer.memoryCount, "memories of another optimiser")
    self.optimizer = optimizer
    self.step = step
    self.memories = memories
    scratch = []
  }

  /// Moves the parameters by one step along a gradient.
  package mutating func update(
    _ parameters: inout [Scalar], gradient: [Scalar], rate: Double
  ) {
    let count = parameters.count
    precondition(gradient.count == count, "\(gradient.count) gradients, \(count) parameters")
    guard count > 0 else { return }
    step += 1
    switch optimizer {
    case .gradientDescent:
      descend(&parameters, along: gradient, rate: rate)
    case .momentum(let memory):
      ArrayKernels.scale(&memories[0], by: Scalar(memory))
      ArrayKernels.add(gradient, to: &memories[0])
      descend(&parameters, along: memories[0], rate: rate)
    case .adam(let beta1, let beta2, let epsilon):
      let constants = AdamConstants(
        rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, step: step)
      ArrayKernels.adam(
        constants, gradient: gradient, parameters: &parameters, memories: &memories)
    }
  }

  private mutating func descend(
    _ parameters: inout [Scalar], along direction: [Scalar], rate: Double
  ) {
    ArrayKernels.subtract(direction, times: Scalar(rate), from: &parameters, scratch: &scratch)
  }
}
