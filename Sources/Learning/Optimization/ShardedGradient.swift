internal import Dispatch
package import TensorCore

/// The loss of a mini-batch and its gradient, made shard by shard on several threads.
///
/// A mini-batch is cut into shards of a fixed number of examples. Every shard has a workspace of its
/// own, and what they give is added in the order of the shards: the number of threads changes
/// nothing but the time.
package final class ShardedGradient<Scalar: KernelScalar> {
  /// The sums over the examples of a mini-batch.
  package struct Sums: Sendable, Equatable {
    /// The loss, not divided by the weight.
    package var loss: Double
    /// The number of targets that counted.
    package var weight: Double
  }

  /// The parameters by which the loss is differentiated.
  package let trainable: ParameterLayout
  /// Those that stay as they are.
  package let frozen: ParameterLayout
  private let executable: TensorExecutable<Scalar>
  private let dataRegions: [TensorExecutable<Scalar>.Region]
  private let lossRegion: TensorExecutable<Scalar>.Region
  private let weightRegion: TensorExecutable<Scalar>.Region
  private var workspaces: [TensorWorkspace<Scalar>] = []
  private let threads: Int

  /// Prepares an objective.
  ///
  /// - Parameters:
  ///   - objective: a program with the parameters and the data of one shard as inputs, and the
  ///     outputs `loss` (a sum over examples) and `weight` (what to divide it by).
  ///   - trainable: the parameters by which to differentiate.
  ///   - frozen: the other parameters.
  ///   - data: the names of the inputs that hold data, in the order in which `run` gets them.
  ///   - threads: how many shards may be under way at once.
  package init(
    _ objective: Program, trainable: ParameterLayout, frozen: ParameterLayout = .init([]),
    data: [String], threads: Int = 1
  ) {
    self.trainable = trainable
    self.frozen = frozen
    self.threads = max(1, threads)
    let program = objective.reordered(
      inputs: trainable.names + frozen.names + data, outputs: ["loss", "weight"]
    ).gradient(of: "loss", withRespectTo: trainable.names)
    let executable = Scalar.executable(program)
    self.executable = executable
    dataRegions = data.map { executable.input($0) }
    lossRegion = executable.output("loss")
    weightRegion = executable.output("weight")
  }

  /// The kernel calls of one shard, for profiles.
  package var callNames: [String] { executable.callNames }

  /// Runs the shards of a mini-batch.
  ///
  /// - Parameters:
  ///   - parameters: the trainable ones in the order of their layout.
  ///   - fixed: the frozen ones.
  ///   - shards: for every shard the data in the order of the names.
  ///   - gradient: the sum of the gradients of all shards, replaced.
  /// - Returns: the sums of loss and weight.
  package func run(
    _ parameters: [Scalar], fixed: [Scalar] = [], shards: [[[Scalar]]],
    gradient: inout [Scalar]
  ) -> Sums {
    precondition(
      parameters.count == trainable.count && fixed.count == frozen.count,
      "\(parameters.count) and \(fixed.count) parameters, \(trainable.count) and \(frozen.count)")
    while workspaces.count < shards.count { workspaces.append(TensorWorkspace(executable)) }
    let jobs = Jobs(workspaces: workspaces, shards: shards, parameters: parameters, fixed: fixed)
    let regions = dataRegions
    let first = executable.inputs.first
    if threads == 1 || shards.count == 1 {
      for index in shards.indices { jobs.run(index, regions, first) }
    } else {
      // Each worker takes every n-th shard; which one takes it makes no difference.
      let workers = min(threads, shards.count)
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        for index in stride(from: worker, to: shards.count, by: workers) {
          jobs.run(index, regions, first)
        }
      }
    }
    var sums = Sums(loss: 0, weight: 0)
    for index in shards.indices {
      let workspace = workspaces[index]
      sums.loss += Double(workspace.read(lossRegion).first ?? 0)
      sums.weight += Double(workspace.read(weightRegion).first ?? 0)
      if trainable.count > 0 {
        workspace.accumulate(
          outputsFrom: 2, count: trainable.count, into: &gradient, replacing: index == 0)
      }
    }
    return sums
  }

  /// What the workers share; every index is used by one of them only.
  private struct Jobs: @unchecked Sendable {
    let workspaces: [TensorWorkspace<Scalar>]
    let shards: [[[Scalar]]]
    let parameters: [Scalar]
    let fixed: [Scalar]

    func run(
      _ index: Int, _ regions: [TensorExecutable<Scalar>.Region],
      _ first: TensorExecutable<Scalar>.Region?
    ) {
      let workspace = workspaces[index]
      workspace.writeInputs(parameters, startingAt: 0)
      workspace.writeInputs(fixed, startingAt: parameters.count)
      for (region, values) in zip(regions, shards[index]) { workspace.write(values, to: region) }
      workspace.run()
    }
  }
}
