internal import DynamicModels
internal import ModelFiles
internal import ODEEngine
internal import Recognition
package import TensorCore

/// Songs of the bird in birdsong.yaml, and what the dynamic model makes of one of them.
package struct BirdSongs: Sendable {
  /// The model with the process that sings.
  private let file: ModelFile
  /// The samples at the beginning of every song that are not compared: recognition starts from the
  /// file's states, not from the singer's, and has to find them first.
  package static let lead = 32

  /// Reads the model.
  ///
  /// - Parameter path: the model file.
  /// - Throws: `BridgeError.modelFile`.
  package init(path: String) throws(BridgeError) {
    do { file = try ModelLoader.load(path: path) } catch { throw .modelFile(error) }
  }

  /// One song: amplitude and frequency at every sample `[lead + samples × 2]`.
  ///
  /// The states of both centers start at random near those of the file, so that songs differ in
  /// what is sung and not in their noise alone.
  ///
  /// - Parameters:
  ///   - samples: how many samples follow the lead.
  ///   - source: the random numbers of this song.
  /// - Returns: the song.
  /// - Throws: `BridgeError` for a process that cannot be integrated.
  package func song(samples: Int, from source: RandomSource) throws(BridgeError) -> Tensor<Double> {
    var source = source
    var process = file.process
    process.time.count = Self.lead + samples
    for level in process.levels.indices {
      let count = process.levels[level].initialStates.count
      process.levels[level].initialStates = Vectors.sum(
        process.levels[level].initialStates, 1, source.normals(count))
    }
    do {
      return try GenerativeProcess(process, seed: source.next()).simulate().data
    } catch { throw BridgeError(error) }
  }

  /// Listens to a song with recognition dynamics.
  ///
  /// - Parameters:
  ///   - song: from `song(samples:from:)`.
  ///   - shouldStop: asked after every sample.
  ///   - progress: told the share that is done.
  /// - Returns: what the units of every level did after the lead.
  /// - Throws: `BridgeError.recognition` or `.stopped`.
  package func recognize(
    _ song: Tensor<Double>, shouldStop: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws(BridgeError) -> Recognized {
    var model = file.model
    model.time.count = song.rows
    // The equations are stiff, and a thousandth moves no figure.
    let scheme = RecognitionScheme(
      options: RecognitionOptions(gradientGain: file.inversion.gradientGain),
      integration: ODEOptions(
        stepper: .msbdf, relativeTolerance: 1e-3, absoluteTolerance: 1e-6))
    let record = try scheme.recognize(
      model, from: song, shouldStop: shouldStop,
      progress: { progress(Double($0.completed) / Double($0.limit)) })
    return Recognized(record, lead: Self.lead)
  }

  /// What the units of the dynamic model did at every sample.
  package struct Recognized: Sendable {
    /// F of every sample, in nats.
    package let freeEnergy: [Double]
    /// ‖ξ‖ of every level that has error units, level 1 first.
    package let errorNorms: [[Double]]
    /// The posterior expectations of every level with hidden states, of its states and of what it
    /// emits, `[samples × units]`.
    package let expectations: [Tensor<Double>]
    /// The error units ξ beside them, those of the prior on causes with the highest level.
    package let errors: [Tensor<Double>]

    init(_ record: InversionRecord, lead: Int) {
      let rows = Array(lead..<record.completed)
      freeEnergy = rows.map { record.freeEnergy[$0].freeEnergy }
      errorNorms = record.levels.map { level in rows.map { level.errorNorm[$0] } }
      let depth = record.levels.count - 1
      expectations = record.levels.prefix(depth).map { level in
        Tensor.sideBySide([level.states.mean.picking(rows), level.outputs.mean.picking(rows)])
      }
      errors = (0..<depth).map { index in
        let own = record.levels[index...(index + 1 == depth ? depth : index)]
        return Tensor.sideBySide(
          own.flatMap { level in
            [level.outputs.weightedError.picking(rows), level.states.weightedError.picking(rows)]
          })
      }
    }

    /// The error units of all levels side by side.
    package var allErrors: Tensor<Double> { Tensor.sideBySide(errors) }
  }
}
