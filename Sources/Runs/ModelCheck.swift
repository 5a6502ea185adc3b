internal import DynamicModels
public import ModelFiles
internal import ODEEngine
internal import Recognition
internal import TensorCore

/// How a derivative depends on states and causes.
public enum Dependence: String, Sendable, Equatable {
  /// Every entry is zero.
  case zero
  /// Every entry is the same everywhere.
  case constant
  /// Some entries depend on states, causes or parameters.
  case varying
}

/// What a model file says, worked out: shapes, derivatives, stiffness.
public struct ModelCheck: Sendable {
  /// One level.
  public struct LevelReport: Sendable, Equatable {
    /// A named derivative such as `f_x`.
    public struct Derivative: Sendable, Equatable {
      /// Its name.
      public let name: String
      /// Whether it is zero, constant or varies.
      public let dependence: Dependence
      /// How many of its entries can differ from zero, of how many.
      public let nonzero: Int, count: Int
    }

    /// The 1-based number.
    public let number: Int
    /// Names with shapes.
    public let states: [String], causes: [String], outputs: [String], parameters: [String]
    /// First derivatives of f and g.
    public let first: [Derivative]
    /// Second derivatives of f and g that exist.
    public let second: [Derivative]
    /// Whether a precision depends on states or causes.
    public let hasStateDependentPrecision: Bool
    /// How many log-precisions are unknown.
    public let logPrecisionCount: Int
  }

  /// How fast recognition moves at the first sample.
  public struct Stiffness: Sendable, Equatable {
    /// The number of units integrated.
    public let dimension: Int
    /// The fastest decay, `max |Re λ|`, per time unit.
    public let fastest: Double
    /// The slowest decay that is not zero, per time unit.
    public let slowest: Double
    /// The largest real part: above zero, units grow at first.
    public let growth: Double
    /// The fastest decay over one sample.
    public let perSample: Double

    /// Whether explicit steppers would need very many steps per sample.
    public var isStiff: Bool { perSample > 100 }
  }

  /// The model.
  public let file: ModelFile
  /// The levels.
  public let levels: [LevelReport]
  /// Whether f and g are linear in states, causes and parameters and all precisions are constant.
  public let isLinearGaussian: Bool
  /// Stiffness; nil for a model without units.
  public let stiffness: Stiffness?

  /// Works out a model.
  ///
  /// - Throws: `RunError` where data cannot be simulated or units cannot be prepared.
  public init(_ file: ModelFile, plan: RunPlan) throws(RunError) {
    self.file = file
    levels = file.model.levels.enumerated().map { index, level in
      Self.report(level, number: index + 1)
    }
    isLinearGaussian = levels.allSatisfy { level in
      level.first.allSatisfy { $0.dependence != .varying }
        && !level.hasStateDependentPrecision && level.logPrecisionCount == 0
    }
    stiffness = try Self.stiffness(of: file, plan: plan)
  }

  // MARK: Derivatives

  private static func report(_ level: Level, number: Int) -> LevelReport {
    let ports = [
      (Level.Port.states, "x"), (Level.Port.causes, "v"), (Level.Port.parameters, "θ"),
    ].filter { (level.equations.input($0.0)?.shape.count ?? 0) > 0 }
    let functions = [Level.Port.motion, Level.Port.output].filter {
      (level.equations.output($0)?.shape.count ?? 0) > 0
    }
    var first: [LevelReport.Derivative] = []
    var second: [LevelReport.Derivative] = []
    for function in functions {
      for (index, (input, symbol)) in ports.enumerated() {
        let name = "\(function)_\(symbol)"
        let once = level.equations.jacobian(of: function, withRespectTo: input, as: name)
        first.append(classify(once, name))
        for (other, otherSymbol) in ports[index...] {
          let twice = name + otherSymbol
          second.append(
            classify(once.jacobian(of: name, withRespectTo: other, as: twice), twice))
        }
      }
    }
    let components = level.outputPrecision.components + level.statePrecision.components
    return LevelReport(
      number: number, states: describe(level.states), causes: describe(level.causes),
      outputs: describe(level.outputs), parameters: describe(level.parameters), first: first,
      second: second,
      hasStateDependentPrecision: level.outputPrecision.isStateDependent
        || level.statePrecision.isStateDependent,
      logPrecisionCount: components.filter { $0.priorVariance > 0 }.count)
  }

  private static func classify(_ program: Program, _ name: String) -> LevelReport.Derivative {
    let entries = Executable(program.keeping(outputs: [name])).constants(ofOutput: name)
    let nonzero = entries.filter { $0 != 0 }.count
    let dependence: Dependence =
      nonzero == 0 ? .zero : entries.contains(nil) ? .varying : .constant
    return LevelReport.Derivative(
      name: name, dependence: dependence, nonzero: nonzero, count: entries.count)
  }

  private static func describe(_ layout: VariableLayout) -> [String] {
    layout.blocks.map { block in
      let size = block.shape.dimensions.map(String.init).joined(separator: "×")
      return block.shape.isScalar ? block.name : "\(block.name)[\(size)]"
    }
  }

  // MARK: Stiffness

  private static func stiffness(
    of file: ModelFile, plan: RunPlan
  ) throws(RunError) -> Stiffness? {
    let data: Tensor<Double>
    if let recorded = file.data {
      data = recorded.samples
    } else {
      data = try plan.simulate(file).data
    }
    let finite = Tensor(shape: data.shape, values: data.values.map { $0.isFinite ? $0 : 0 })
    let scheme = plan.recognition(for: file)
    do throws(RecognitionError) {
      let (dynamics, state) = try scheme.start(
        file.model, on: RecognitionInput(data: finite, model: file.model))
      let count = dynamics.dimension
      guard count > 0 else { return nil }
      let jacobian = try jacobian(of: dynamics, at: state, time: file.model.time[1])
      let values: [GeneralEigenvalues.Value]
      do throws(LinearAlgebraError) {
        values = try GeneralEigenvalues(jacobian).values
      } catch {
        throw RecognitionError.linearAlgebra(level: 1, error)
      }
      let fastest = values.map(\.real).map(abs).max() ?? 0
      let rates = values.map { -$0.real }.filter { $0 > 1e-9 * fastest }
      return Stiffness(
        dimension: count, fastest: fastest, slowest: rates.min() ?? 0,
        growth: values.map(\.real).max() ?? 0, perSample: fastest * file.model.time.step)
    } catch {
      throw RunError(error, completed: 0, samples: file.model.time.count)
    }
  }

  private static func jacobian(
    of dynamics: RecognitionDynamics, at state: [Double], time: Double
  ) throws(RecognitionError) -> Tensor<Double> {
    let count = dynamics.dimension
    var entries = [Double](repeating: 0, count: count * count)
    var motion = [Double](repeating: 0, count: count)
    do throws(ODEError) {
      var matrix = entries.mutableSpan
      var derivative = motion.mutableSpan
      try dynamics.jacobian(
        time: time, state: state.span, into: &matrix, timeDerivative: &derivative)
    } catch {
      throw .integration(sample: 1, error)
    }
    return Tensor(shape: .matrix(count, count), values: entries)
  }
}
