/// The methods that advance a system by one step (mathematics §5).
///
/// Ten are GSL's `gsl_odeiv2` step types under their own names; local linearisation is registered
/// through the same interface.
public enum StepperKind: String, CaseIterable, Sendable {
  /// Explicit 4th order Runge–Kutta with step doubling for the error.
  case rk4
  /// Explicit embedded Runge–Kutta–Fehlberg (4, 5).
  case rkf45
  /// Explicit embedded Runge–Kutta Cash–Karp (4, 5).
  case rkck
  /// Explicit embedded Runge–Kutta Prince–Dormand (8, 9).
  case rk8pd
  /// Implicit Gaussian first order Runge–Kutta (implicit Euler), with step doubling.
  case rk1imp
  /// Implicit Gaussian second order Runge–Kutta (implicit mid-point), with step doubling.
  case rk2imp
  /// Implicit Gaussian fourth order Runge–Kutta, with step doubling.
  case rk4imp
  /// Implicit Bulirsch–Stoer of Bader and Deuflhard, for stiff problems.
  case bsimp
  /// Linear multistep Adams method in Nordsieck form, orders 1 to 12, functional iteration.
  case msadams
  /// Linear multistep backward differentiation in Nordsieck form, orders 1 to 5, for stiff problems.
  case msbdf
  /// Local linearisation (Ozaki 1992): the exact flow of the system linearised at each step.
  case localLinear = "local-linear"

  /// Whether the system must provide its Jacobian.
  public var needsJacobian: Bool {
    switch self {
    case .rk4, .rkf45, .rkck, .rk8pd, .msadams: false
    case .rk1imp, .rk2imp, .rk4imp, .bsimp, .msbdf, .localLinear: true
    }
  }

  /// The order of convergence in the step length; nil where the method varies its order.
  public var order: Int? {
    switch self {
    case .rk1imp: 1
    case .rk2imp, .localLinear: 2
    case .rk4, .rk4imp: 4
    case .rkf45, .rkck: 5
    case .rk8pd: 8
    case .bsimp, .msadams, .msbdf: nil
    }
  }

  /// Whether every step solves an equation for the new state.
  public var isImplicit: Bool {
    switch self {
    case .rk1imp, .rk2imp, .rk4imp, .bsimp, .msadams, .msbdf: true
    case .rk4, .rkf45, .rkck, .rk8pd, .localLinear: false
    }
  }

  /// Whether fast decaying modes leave the step length free.
  public var suitsStiffSystems: Bool { needsJacobian }

  /// Whether a step uses the results of earlier ones, so that a jump in the data restarts it.
  public var isMultistep: Bool { self == .msadams || self == .msbdf }
}
