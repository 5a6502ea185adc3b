package import ModelFiles
package import Reporting

/// What a comparison found.
package struct Finding: Sendable, Equatable {
  /// How far the two sides of an identity are apart, part by part.
  package var deviations: [Deviation]
  /// What was measured, each number beside its null.
  package var effects: [Effect]
  /// One or two sentences on what came out; made from the numbers, so that a negative result says
  /// so.
  package var verdict: LocalizedText?
  /// The figure.
  package var figure: LocalizedFigure?
  /// What a reader needs besides to go on from here; goes into result files only.
  package var data: ResultTree?

  /// Creates a finding.
  package init(
    deviations: [Deviation] = [], effects: [Effect] = [], verdict: LocalizedText? = nil,
    figure: LocalizedFigure? = nil, data: ResultTree? = nil
  ) {
    self.deviations = deviations
    self.effects = effects
    self.verdict = verdict
    self.figure = figure
    self.data = data
  }

  /// Whether every deviation is within its tolerance and every effect that claims something holds.
  package var holds: Bool {
    deviations.allSatisfy(\.holds) && effects.allSatisfy { $0.holds ?? true }
  }
}

/// The largest distance between the two sides of one equation over all instances.
package struct Deviation: Sendable, Equatable {
  /// Which equation, in a few words.
  package var statement: LocalizedText
  /// The largest distance seen; NaN where a side was not a number, which never holds.
  package var value: Double
  /// What it may be.
  package var tolerance: Double
  /// How many instances were tried.
  package var instances: Int

  /// Creates a deviation.
  package init(_ statement: LocalizedText, value: Double, tolerance: Double, instances: Int) {
    self.statement = statement
    self.value = value
    self.tolerance = tolerance
    self.instances = instances
  }

  /// Whether the equation holds to its tolerance on at least one instance.
  package var holds: Bool { value <= tolerance && instances > 0 }
}

/// Gathers the largest distance of one equation.
package struct DeviationMeter: Sendable {
  /// The largest distance so far; NaN once a side was not finite where the other was.
  package private(set) var value = 0.0
  /// How many instances were compared.
  package private(set) var instances = 0

  /// Starts with nothing.
  package init() {}

  /// Compares two numbers, relative to the larger of 1 and the size of the expected one.
  ///
  /// Equal infinities are no distance apart; anything else that is not finite gives NaN.
  package static func distance(_ value: Double, _ expected: Double) -> Double {
    if value == expected { return 0 }
    let distance = abs(value - expected) / max(1, abs(expected))
    return distance.isFinite ? distance : .nan
  }

  /// Counts one instance with the largest distance between two lists of numbers, relative to the
  /// larger of 1 and the largest size among the expected ones.
  ///
  /// - Parameters:
  ///   - values: one side.
  ///   - expected: the other side, of the same length.
  package mutating func compare(_ values: [Double], _ expected: [Double]) {
    precondition(
      values.count == expected.count, "\(values.count) numbers beside \(expected.count)")
    let scale = max(1, expected.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 })
    var largest = 0.0
    for (a, b) in zip(values, expected) where a != b {
      let distance = abs(a - b) / scale
      // A comparison with NaN is false, so it has to be kept by hand.
      largest = distance.isFinite && !largest.isNaN ? max(largest, distance) : .nan
    }
    record(largest)
  }

  /// Counts one instance with the distance between two numbers.
  package mutating func compare(_ value: Double, _ expected: Double) {
    record(Self.distance(value, expected))
  }

  /// Counts one instance with a distance found elsewhere.
  package mutating func record(_ distance: Double) {
    instances += 1
    value = distance.isNaN || value.isNaN ? .nan : max(value, distance)
  }

  /// The result as a deviation.
  package func deviation(_ english: String, _ japanese: String, tolerance: Double) -> Deviation {
    Deviation(
      LocalizedText(english: english, japanese: japanese), value: value, tolerance: tolerance,
      instances: instances)
  }
}

/// A measured number beside what it would be if there were nothing to see.
package struct Effect: Sendable, Equatable {
  /// What was measured.
  package var name: LocalizedText
  /// The number.
  package var value: Double
  /// The unit, such as `nats`; empty for pure numbers.
  package var unit: String
  /// What it would be without an effect.
  package var null: Null
  /// Whether a claim made about the number holds; nil where none is made.
  package var holds: Bool?

  /// Creates an effect.
  package init(
    _ name: LocalizedText, value: Double, unit: String = "", null: Null, holds: Bool? = nil
  ) {
    self.name = name
    self.value = value
    self.unit = unit
    self.null = null
    self.holds = holds
  }
}

/// What a number would be if there were nothing to see.
package enum Null: Sendable, Equatable {
  /// A value that follows from an equation or a definition; the text says which.
  case analytic(Double, LocalizedText)
  /// Shuffled controls: their mean, the range that holds 95 % of them, how many there were, and the
  /// share of them, itself counted in, that reach the measured value.
  case shuffled(mean: Double, range: ClosedRange<Double>, p: Double, count: Int, LocalizedText)

  /// Where an effect would lie among its controls.
  package enum Tail: Sendable, Equatable {
    /// Above them: a larger number is an effect.
    case upper
    /// Below them.
    case lower
    /// On either side of their mean.
    case both
  }

  /// The null distribution of shuffled controls.
  ///
  /// `p = (1 + #{controls at least as far out as the value}) / (1 + count)`.
  ///
  /// - Parameters:
  ///   - controls: the shuffled values, at least one, all finite.
  ///   - value: the measured value.
  ///   - method: what was shuffled.
  ///   - tail: where an effect would lie.
  /// - Returns: the mean, the range of 95 % and p.
  package static func shuffled(
    _ controls: [Double], value: Double, _ method: LocalizedText, tail: Tail = .upper
  ) -> Null {
    precondition(!controls.isEmpty, "no shuffled controls")
    let low = MeasurementStatistics.quantile(controls, 0.025)
    let high = MeasurementStatistics.quantile(controls, 0.975)
    return .shuffled(
      mean: SampleCorrelation.mean(controls), range: low...high,
      p: probability(controls, value: value, tail: tail), count: controls.count, method)
  }

  /// The share of controls, the value itself counted in, that lie at least as far out.
  package static func probability(_ controls: [Double], value: Double, tail: Tail) -> Double {
    let mean = SampleCorrelation.mean(controls)
    let reaching = controls.count { control in
      switch tail {
      case .upper: control >= value
      case .lower: control <= value
      case .both: abs(control - mean) >= abs(value - mean)
      }
    }
    return Double(1 + reaching) / Double(1 + controls.count)
  }
}

/// A figure in both languages.
package struct LocalizedFigure: Sendable, Equatable {
  /// With English texts.
  package let english: Figure
  /// With Japanese texts.
  package let japanese: Figure

  /// Makes the figure in both languages.
  package init(_ make: (ReportLanguage) -> Figure) {
    english = make(.english)
    japanese = make(.japanese)
  }

  /// The figure in one language.
  package func figure(_ language: ReportLanguage) -> Figure {
    language == .english ? english : japanese
  }
}
