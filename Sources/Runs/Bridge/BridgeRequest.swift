package import AttentionBridge
internal import ModelLanguage

/// What a user asks of `odoroki bridge`.
package struct BridgeRequest: Sendable, Equatable {
  /// Which comparisons.
  package enum Subject: Sendable, Equatable {
    /// All identities, without figures.
    case identities
    /// All identities and measurements.
    case everything
    /// The comparison of this name or number.
    case one(String)
    /// The heads of a user's own model, on a user's own text.
    case heads(AttentionRequest)
    /// Representations, with the user's own features or responses in place of either side.
    case representations(features: String?, responses: String?)
  }

  /// The fewest and the most random instances.
  package static let instanceRange = 1...100_000

  /// Which comparisons.
  package var subject: Subject
  /// The seed of random instances.
  package var seed: UInt64
  /// How many random instances an identity is tried on.
  package var instances: Int
  /// Whether figures are made.
  package var draws: Bool

  /// Creates a request.
  package init(
    _ subject: Subject = .identities, seed: UInt64 = 1, instances: Int = 100, draws: Bool = false
  ) {
    self.subject = subject
    self.seed = seed
    self.instances = instances
    self.draws = draws
  }

  /// How far a request has come.
  package struct Progress: Sendable {
    /// What is done and all there is to do, in comparisons.
    package let completed: Double, total: Double
    /// The comparison under way.
    package let name: String
  }

  /// The comparisons that are asked for.
  ///
  /// - Parameter library: where files that ship are looked up.
  /// - Returns: the comparisons, in the order of the table.
  /// - Throws: `RunError` where there is no such comparison, or a model cannot be read.
  package func comparisons(
    library: ModelLibrary = .installed
  ) throws(RunError) -> [any BridgeComparison] {
    switch subject {
    case .heads(let request):
      let (model, reading, _) = try request.open(library: library)
      return [model.heads(reading.example)]
    case .representations(let features, let responses):
      return [
        RepresentationsComparison(
          arrays: RepresentationArrays(first: features, second: responses))
      ]
    case .identities: return Bridge.identities
    case .everything: return Bridge.comparisons
    case .one(let name):
      if let found = Bridge.comparison(name) { return [found] }
      let known = Bridge.comparisons.map(\.name)
      throw .unknownComparison(
        name: name, suggestion: NameSuggestion.nearest(to: name.lowercased(), among: known),
        known: known)
    }
  }

  /// Makes the comparisons.
  ///
  /// - Parameters:
  ///   - library: where files that ship are looked up.
  ///   - stop: raised to end with what is there.
  ///   - progress: called now and then.
  /// - Returns: what was found; a comparison that failed stands there with its error.
  /// - Throws: `RunError` where nothing could be started.
  package func run(
    library: ModelLibrary = .installed, stop: StopFlag? = nil,
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) throws(RunError) -> BridgeResult {
    guard Self.instanceRange.contains(instances) else {
      throw .invalidOption(name: "--instances", value: Double(instances))
    }
    let comparisons = try comparisons(library: library)
    var entries: [BridgeResult.Entry] = []
    for (index, comparison) in comparisons.enumerated() {
      let total = Double(comparisons.count)
      let settings = BridgeSettings(
        seed: seed, instances: instances, draws: draws,
        path: { library.path(ofFile: $0) },
        progress: { fraction in
          progress(
            Progress(
              completed: Double(index) + fraction, total: total, name: comparison.name))
        },
        shouldStop: { stop?.isRaised ?? false })
      settings.progress(0)
      let clock = ContinuousClock()
      let start = clock.now
      let outcome: Result<Finding, BridgeError>
      do throws(BridgeError) {
        if settings.shouldStop() { throw .stopped }
        outcome = .success(try comparison.examine(settings))
      } catch { outcome = .failure(error) }
      let (whole, part) = (clock.now - start).components
      entries.append(
        BridgeResult.Entry(
          comparison: comparison, outcome: outcome,
          seconds: Double(whole) + Double(part) * 1e-18))
      if case .failure(.stopped) = outcome { break }
    }
    return BridgeResult(request: self, entries: entries)
  }
}
