internal import ArgumentParser
internal import Reporting
internal import Runs
internal import Transformers

/// How learning proceeds.
struct LearningOptions: ParsableArguments {
  @Option(help: "Passes over the training set.")
  var epochs: Int?

  @Option(help: "Examples per step.")
  var batch: Int?

  @Option(help: "The largest learning rate.")
  var learningRate: Double?

  @Option(help: "sgd, momentum or adam.")
  var optimizer: TrainingRequest.OptimizerName = .adam

  @Option(help: "Steps over which the learning rate rises.")
  var warmup = 0

  @Flag(help: "Let the learning rate fall to zero along half a cosine.")
  var decay = false

  @Option(help: "The largest length of a step's gradient.")
  var clip: Double?

  @Option(
    help: """
      backpropagation, or predictive coding by one of the schedules equilibrium, \
      fixed-prediction, zero-divergence.
      """)
  var learning: TrainingRequest.RuleName = .backpropagation

  @Option(help: "Relaxation steps of the state units (equilibrium, fixed-prediction).")
  var relaxationSteps = 20

  @Option(help: "The rate of a relaxation step.")
  var relaxationRate = 0.1

  @Option(help: "float or double.")
  var precision: TrainingRequest.Precision = .float

  @Option(help: "The seed of everything random.")
  var seed: UInt64 = 1

  @Option(help: "Threads (default: the number of cores); they change nothing but the time.")
  var threads: Int?

  mutating func validate() throws {
    for (name, value) in [("--epochs", epochs), ("--batch", batch), ("--threads", threads)] {
      if let value, !(1...1_000_000).contains(value) {
        throw ValidationError("\(name) must lie between 1 and 1000000.")
      }
    }
    if let learningRate, !(learningRate > 0 && Float(learningRate).isFinite) {
      throw ValidationError("--learning-rate must be positive, and a number in single precision.")
    }
    if let clip, !(clip > 0 && Float(clip).isFinite) {
      throw ValidationError("--clip must be positive, and a number in single precision.")
    }
    if !(0...100_000).contains(relaxationSteps) {
      throw ValidationError("--relaxation-steps must lie between 0 and 100000.")
    }
    if !(relaxationRate > 0 && relaxationRate.isFinite) {
      throw ValidationError("--relaxation-rate must be positive.")
    }
    if !(0...1_000_000_000).contains(warmup) {
      throw ValidationError("--warmup must lie between 0 and 1000000000.")
    }
  }

  func fill(_ request: inout TrainingRequest) {
    if let epochs { request.epochs = epochs }
    if let batch { request.batch = batch }
    if let learningRate { request.learningRate = learningRate }
    request.optimizer = optimizer
    request.rule = learning
    request.relaxationSteps = relaxationSteps
    request.relaxationRate = relaxationRate
    request.warmup = warmup
    request.decays = decay
    request.clip = clip
    request.precision = precision
    request.seed = seed
    request.threads = threads
  }
}

/// The extents of the model.
struct TransformerOptions: ParsableArguments {
  @Option(help: "The width of a token's vector.")
  var width = 32

  @Option(help: "The number of attention heads; divides the width.")
  var heads = 4

  @Option(help: "The width inside feed-forward layers.")
  var feedforward = 32

  @Option(help: "The number of blocks of each stack.")
  var blocks = 1

  @Option(help: "Where layers are normalised: post or pre.")
  var normalization: TransformerConfiguration.Normalization = .post

  @Option(help: "The share of entries that dropout sets to zero.")
  var dropout = 0.0

  mutating func validate() throws {
    for (name, value) in [
      ("--width", width), ("--heads", heads), ("--feedforward", feedforward),
      ("--blocks", blocks),
    ] where value < 1 || value > 65536 {
      throw ValidationError("\(name) must lie between 1 and 65536.")
    }
  }

  func fill(_ request: inout TrainingRequest) {
    request.width = width
    request.heads = heads
    request.feedforward = feedforward
    request.blocks = blocks
    request.normalization = normalization
    request.dropout = dropout
  }
}

/// What is learned, and from what.
struct TaskOptions: ParsableArguments {
  @Option(help: "Poems that are set aside to test on.")
  var heldOut = 20

  @Flag(help: "Give the decoder its labels unshifted, to show how they leak (task poems).")
  var unshifted = false

  @Option(
    help: ArgumentHelp("Write verses by a beam of this width; 1 is greedy.", valueName: "width"))
  var beam = 1

  @Option(
    help: ArgumentHelp("The share of tokens to be predicted (task masked).", valueName: "share"))
  var maskedShare = 0.15

  @Option(
    help: ArgumentHelp(
      "How many of these are hidden, replaced at random, and kept (task masked).",
      valueName: "h:r:k"),
    transform: MaskSplit.init)
  var maskSplit = MaskSplit(values: [0.8, 0.1, 0.1])

  @Flag(
    help: "Let the encoder see only what stands before each place (tasks masked, next-sentence).")
  var oneDirectional = false

  @Option(
    help: """
      A toy version of a figure of Devlin et al. 2019 on masked prediction: masking, size or \
      direction.
      """)
  var sweep: TrainingSweep.Kind?

  @Option(help: "The number of seeds of a sweep.")
  var seeds = 3

  mutating func validate() throws {
    if !(1...100).contains(seeds) { throw ValidationError("--seeds must lie between 1 and 100.") }
    if heldOut < 0 { throw ValidationError("--held-out must not be negative.") }
    if !(1...64).contains(beam) { throw ValidationError("--beam must lie between 1 and 64.") }
  }

  func fill(_ request: inout TrainingRequest) {
    request.heldOut = heldOut
    request.isShifted = !unshifted
    request.beam = beam
    request.maskedShare = maskedShare
    request.maskShares = maskSplit.values
    request.isOneDirectional = oneDirectional
  }
}

/// Three shares as a user writes them: 80:10:10.
struct MaskSplit {
  let values: [Double]

  init(values: [Double]) { self.values = values }

  init(_ text: String) throws {
    let numbers = text.split(separator: ":", omittingEmptySubsequences: false).compactMap {
      Double($0)
    }
    let total = numbers.reduce(0, +)
    guard numbers.count == 3, numbers.allSatisfy({ $0 >= 0 && $0.isFinite }), total > 0 else {
      throw ValidationError("'\(text)' is not three shares such as 80:10:10.")
    }
    values = numbers.map { $0 / total }
  }
}

/// Which models are read and kept.
struct ModelFileOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where the model is kept (default: that of --resume, else TASK.safetensors here).",
      valueName: "file"))
  var checkpoint: String?

  @Flag(help: "Keep no model.")
  var noCheckpoint = false

  @Option(
    help: ArgumentHelp(
      "Continue this run, with the settings it began with repeated.", valueName: "checkpoint"))
  var resume: String?

  @Option(
    name: .customLong("from"),
    help: ArgumentHelp("Begin with the body of an earlier model.", valueName: "checkpoint"))
  var start: String?

  @Flag(help: "Train the readout only, on top of the body of --from.")
  var freeze = false

  mutating func validate() throws {
    if checkpoint != nil && noCheckpoint {
      throw ValidationError("--checkpoint and --no-checkpoint exclude each other.")
    }
    if freeze && start == nil && resume == nil {
      throw ValidationError("--freeze needs the body of --from, or a run to --resume.")
    }
    if resume != nil && start != nil {
      throw ValidationError("--resume and --from exclude each other.")
    }
  }
}
