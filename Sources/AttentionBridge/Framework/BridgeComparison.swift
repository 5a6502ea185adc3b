package import ModelFiles

/// One comparison of prediction-error dynamics with attention: a claim and the way to measure it.
///
/// An identity holds exactly, and its deviations are rounding; a measurement yields numbers that
/// are shown beside what they would be if there were nothing to see.
package protocol BridgeComparison: Sendable {
  /// What the command calls it, such as `cell`.
  var name: String { get }
  /// The number of the identity, such as `P1b`, or of the measurement, such as `M3`.
  var number: String { get }
  /// Whether the claim is exact.
  var kind: ComparisonKind { get }
  /// The heading.
  var title: LocalizedText { get }
  /// What is claimed or asked, and where that comes from.
  var claim: Claim { get }
  /// Slugs of the glossary's terms that a reader needs.
  var glossary: [String] { get }

  /// Computes both sides.
  ///
  /// - Parameter settings: the seed, the number of random instances, the files that ship.
  /// - Returns: the deviations, or the measured numbers with their nulls, and the figure if
  ///   `settings.draws`.
  /// - Throws: `BridgeError`.
  func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding
}

/// Whether a comparison is exact.
package enum ComparisonKind: String, Sendable, CaseIterable {
  /// Both sides are equal to rounding, for every instance.
  case identity
  /// Numbers that may come out either way, beside their null.
  case measurement
}

/// A claim with its equation and its source.
package struct Claim: Sendable, Equatable {
  /// The equation, in Unicode, one line per entry.
  package var equation: [String]
  /// What the equation says, and what it leaves out, in two to four sentences.
  package var meaning: LocalizedText
  /// The section of docs/mathematics.md.
  package var section: String
  /// Keys of docs/references.bib; empty where the claim is the project's own.
  package var references: [String]

  /// Creates a claim.
  package init(
    equation: [String], meaning: LocalizedText, section: String = "§11", references: [String] = []
  ) {
    self.equation = equation
    self.meaning = meaning
    self.section = section
    self.references = references
  }
}

/// What a comparison may use.
package struct BridgeSettings: Sendable {
  /// The seed of random instances; a comparison derives its own with `RandomSource.split(name)`.
  package var seed: UInt64
  /// How many random instances an identity is tried on, at least 1; edge cases come on top.
  package var instances: Int
  /// Whether the finding is to have a figure.
  package var draws: Bool
  /// The path of a file that ships, such as `attention-cell.yaml`; nil where it is missing.
  package var path: @Sendable (_ name: String) -> String?
  /// Told how much of a long computation is done, from 0 to 1.
  package var progress: @Sendable (Double) -> Void
  /// Asked between steps of a long computation; then it ends with `BridgeError.stopped`.
  package var shouldStop: @Sendable () -> Bool

  /// Creates settings.
  package init(
    seed: UInt64 = 1, instances: Int = 100, draws: Bool = true,
    path: @escaping @Sendable (String) -> String? = { _ in nil },
    progress: @escaping @Sendable (Double) -> Void = { _ in },
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) {
    self.seed = seed
    self.instances = instances
    self.draws = draws
    self.path = path
    self.progress = progress
    self.shouldStop = shouldStop
  }

  /// The path of a file that ships.
  ///
  /// - Throws: `BridgeError.missingFile`.
  package func file(_ name: String) throws(BridgeError) -> String {
    guard let path = path(name) else { throw .missingFile(name: name) }
    return path
  }

  /// Ends a long computation if the user asked for it, else tells how far it is.
  ///
  /// - Throws: `BridgeError.stopped`.
  package func proceed(_ fraction: Double) throws(BridgeError) {
    if shouldStop() { throw .stopped }
    progress(fraction)
  }
}
