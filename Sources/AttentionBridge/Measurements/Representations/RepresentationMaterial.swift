package import ModelFiles
package import TensorCore

/// Features of the same samples under a name.
package struct NamedFeatures: Sendable {
  /// What people call them.
  package var name: LocalizedText
  /// One row per sample, in order of time.
  package var values: Tensor<Double>

  /// Names features.
  package init(_ english: String, _ japanese: String, _ values: Tensor<Double>) {
    name = LocalizedText(english: english, japanese: japanese)
    self.values = values
  }
}

/// How much is sung, learned and shifted.
package struct RepresentationSizes: Sendable {
  /// The compared tokens of the held-out song.
  package var tokens = 256
  /// The songs that the Transformer learns from, and the samples of each.
  package var songs = 12, samples = 512
  /// How many circular shifts make a null distribution.
  package var shifts = 59
  /// How songs are learned.
  package var learning = SongTransformer.Settings()
  /// How error units are measured.
  package var sensors = SimulatedSensors()

  /// Creates the sizes of the comparison.
  package init() {}
}

/// What is compared: both sides of one sequence, and what sensors would see.
package struct RepresentationMaterial: Sendable {
  /// Numbers of every token that are compared directly.
  package struct Traces: Sendable {
    /// `−ln p` of every token, in nats.
    package var surprisals: [Double]
    /// What a chain of first order pays per token, in nats.
    package var chainSurprisal: Double
    /// F of every sample, in nats.
    package var freeEnergy: [Double]
    /// ‖ξ‖ of every level.
    package var errorNorms: [[Double]]
    /// The entropy of attention of the last block, mean over heads, in nats.
    package var attentionEntropy: [Double]
  }

  /// The layers of the Transformer from below, or the user's features.
  package var layers: [NamedFeatures]
  /// The last block before learning; nil with the user's features.
  package var untrained: NamedFeatures?
  /// μ and ξ of every level of the dynamic model, or the user's responses.
  package var levels: [NamedFeatures]
  /// What is predicted from the layers `[N × responses]`.
  package var responses: Tensor<Double>
  /// The units that the responses were made of, in every window; nil with the user's responses.
  package var sourceUnits: Tensor<Double>?
  /// What was heard, one row per token `[N × channels]`; nil where both sides are the user's.
  package var sound: Tensor<Double>?
  /// Numbers per token; nil where one side is the user's.
  package var traces: Traces?

  /// The number of samples.
  package var count: Int { responses.rows }

  /// Makes what is not given.
  ///
  /// - Parameters:
  ///   - sizes: how much is sung and learned.
  ///   - contents: the user's arrays.
  ///   - settings: the seed and the files that ship.
  ///   - source: the random numbers.
  /// - Throws: `BridgeError`.
  package init(
    _ sizes: RepresentationSizes, _ contents: RepresentationArrays.Contents,
    _ settings: BridgeSettings, from source: RandomSource
  ) throws(BridgeError) {
    let tokens = contents.count ?? sizes.tokens
    layers = []
    levels = []
    responses = Tensor(repeating: 0, shape: .matrix(tokens, 0))
    if let features = contents.features {
      layers = [NamedFeatures("given features", "与えた特徴量", features)]
    }
    if let given = contents.responses {
      levels = [NamedFeatures("given responses", "与えた応答", given)]
      responses = given
    }
    if contents.features != nil && contents.responses != nil { return }
    let birds = try BirdSongs(path: try settings.file("birdsong.yaml"))
    // One sample more than there are tokens, for what happens between them.
    let song = try birds.song(samples: tokens + 1, from: source.split("held-out song"))
    sound = song.picking(Array(BirdSongs.lead..<(BirdSongs.lead + tokens)))
    var heard: BirdSongs.Recognized?
    if contents.responses == nil {
      let recognized = try birds.recognize(
        song, shouldStop: settings.shouldStop, progress: { settings.progress(0.3 * $0) })
      heard = recognized
      add(recognized, sizes.sensors, from: source)
    }
    guard contents.features == nil else { return }
    let reading = try read(
      song, learnedFrom: birds, sizes, settings, from: source)
    guard let heard else { return }
    traces = Traces(
      surprisals: reading.surprisals, chainSurprisal: reading.chainSurprisal,
      freeEnergy: Array(heard.freeEnergy.prefix(tokens)),
      errorNorms: heard.errorNorms.map { Array($0.prefix(tokens)) },
      attentionEntropy: reading.entropy)
  }

  /// A number as a Unicode subscript.
  static func subscripted(_ number: Int) -> String {
    String(number).map { digit in
      digit.wholeNumberValue.flatMap { UnicodeScalar(0x2080 + UInt32($0)) }.map { "\($0)" } ?? ""
    }.joined()
  }

  /// Takes the side of the dynamic model.
  private mutating func add(
    _ heard: BirdSongs.Recognized, _ sensors: SimulatedSensors, from source: RandomSource
  ) {
    let rows = Array(0..<count)
    for (index, values) in heard.expectations.enumerated() {
      levels.append(
        NamedFeatures(
          "μ\(Self.subscripted(index + 1))", "μ\(Self.subscripted(index + 1))", values.picking(rows)
        ))
    }
    for (index, values) in heard.errors.enumerated() {
      levels.append(
        NamedFeatures(
          "ξ\(Self.subscripted(index + 1))", "ξ\(Self.subscripted(index + 1))", values.picking(rows)
        ))
    }
    // Units are compared as they vary, whatever their units of measurement.
    for index in levels.indices {
      levels[index].values = Standardization(levels[index].values).apply(levels[index].values)
    }
    responses = sensors.measure(heard.allErrors, from: source.split("sensors"))
    // What a token's windows are made of: its own sample and the next.
    let all = heard.allErrors
    sourceUnits = Tensor.sideBySide([
      all.picking(rows), all.picking(rows.map { $0 + 1 }),
    ])
  }

  private typealias Read = (surprisals: [Double], chainSurprisal: Double, entropy: [Double])

  /// Takes the side of the Transformer.
  private mutating func read(
    _ song: Tensor<Double>, learnedFrom birds: BirdSongs, _ sizes: RepresentationSizes,
    _ settings: BridgeSettings, from source: RandomSource
  ) throws(BridgeError) -> Read {
    var songs: [Tensor<Double>] = []
    for index in 0..<sizes.songs {
      songs.append(
        try birds.song(samples: sizes.samples, from: source.split("song").split(index)))
      try settings.proceed(0.3 + 0.1 * Double(index + 1) / Double(sizes.songs))
    }
    let alphabet = SongAlphabet(songs)
    let training = songs.map { alphabet.tokens($0) }
    var seeds = source.split("transformer")
    let transformer = try SongTransformer(
      songs: training, vocabulary: alphabet.count, settings: sizes.learning, seed: seeds.next()
    ) { fraction throws(BridgeError) in
      try settings.proceed(0.4 + 0.3 * fraction)
    }
    let tokens = Array(alphabet.tokens(song).dropLast())
    let start = tokens.count - count
    let reading = transformer.read(tokens, from: start)
    let before = transformer.read(tokens, from: start, isTrained: false)
    for (index, values) in reading.layers.enumerated() {
      layers.append(
        index == 0
          ? NamedFeatures("embedding", "埋め込み", values)
          : NamedFeatures("block \(index)", "ブロック \(index)", values))
    }
    untrained = before.layers.last.map { NamedFeatures("untrained", "未学習", $0) }
    return (
      reading.surprisals,
      alphabet.chainSurprisal(of: tokens, from: start, training: training), reading.entropy
    )
  }
}
