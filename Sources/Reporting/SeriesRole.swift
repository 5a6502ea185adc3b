/// What a drawn quantity is; its color and dash follow from this, the same in every figure.
///
/// The colors extend the set of Okabe and Ito (2008), which readers with impaired color vision can
/// tell apart.
public enum SeriesRole: Hashable, Sendable {
  /// Sensory data.
  case data
  /// Predictions of the data.
  case prediction
  /// Hidden states, the work of state units.
  case state
  /// Prediction errors, the work of error units.
  case error
  /// Causes.
  case cause
  /// What really happened: dashed, dark gray.
  case truth
  /// Variational free energy.
  case freeEnergy
  /// The energy term of free energy.
  case energy
  /// The entropy term of free energy.
  case entropy
  /// The accuracy term of free energy.
  case accuracy
  /// The complexity term of free energy.
  case complexity
  /// Surprise, the negative log evidence.
  case surprise
  /// Attention weights.
  case attention
  /// The k-th of several things without a role of their own.
  case neutral(Int)

  /// The color as `#RRGGBB`; `variant` numbers several series of one role in one panel.
  public func color(variant: Int = 0) -> String {
    let shades: [String] =
      switch self {
      case .data: ["#333333", "#777777", "#A0A0A0"]
      case .prediction: ["#B5478F", "#CC79A7", "#7D2E63"]
      case .state: ["#0072B2", "#56B4E9", "#5E4FA2", "#1B9E9E", "#00416A", "#8DA0CB"]
      case .cause: ["#009E73", "#7FBC41", "#00573F", "#66C2A5", "#4D7A1F"]
      case .error: ["#D55E00", "#E69F00", "#8C2D04", "#F28E5C", "#A67C00"]
      case .truth: ["#4D4D4D"]
      case .freeEnergy: ["#000000"]
      case .energy: ["#D55E00"]
      case .entropy: ["#56B4E9"]
      case .accuracy: ["#009E73"]
      case .complexity: ["#CC79A7"]
      case .surprise: ["#E69F00"]
      case .attention: ["#5E4FA2", "#8073AC", "#B2ABD2"]
      case .neutral(let index): [Self.cycle[Self.wrap(index, Self.cycle.count)]]
      }
    return shades[Self.wrap(variant, shades.count)]
  }

  /// The dash that belongs to the role.
  public var dash: Dash {
    switch self {
    case .truth: .dashed
    case .surprise: .dotted
    default: .solid
    }
  }

  private static let cycle = [
    "#0072B2", "#D55E00", "#009E73", "#B5478F", "#E69F00", "#56B4E9", "#666666", "#00573F",
  ]

  private static func wrap(_ index: Int, _ count: Int) -> Int {
    ((index % count) + count) % count
  }
}

/// How a line is broken.
public enum Dash: Sendable, Equatable {
  /// Unbroken.
  case solid
  /// In long strokes.
  case dashed
  /// In dots.
  case dotted
}
