/// A system of ordinary differential equations `q̇ = F(t, q)` (mathematics §5).
///
/// The solver calls these members from inside its steps, so they must not allocate if steps are to
/// be free of allocation. A conformer that needs scratch memory owns it (a class, or a struct
/// around a buffer).
public protocol ODESystem {
  /// The number of variables of q.
  var dimension: Int { get }

  /// Computes `F(t, q)`.
  ///
  /// A value that is not finite is allowed: the solver first tries a smaller step and then reports
  /// it.
  /// - Parameters:
  ///   - time: t, in time units.
  ///   - state: q, `[dimension]`.
  ///   - derivative: Receives F, `[dimension]`; every entry must be written.
  /// - Throws: An error that ends the integration at once and reaches the caller unchanged.
  func derivative(
    time: Double, state: Span<Double>, into derivative: inout MutableSpan<Double>
  ) throws(ODEError)

  /// Whether `jacobian` is implemented; false by default.
  var providesJacobian: Bool { get }

  /// Computes the Jacobian ∂F/∂q and the partial time derivative ∂F/∂t.
  ///
  /// - Parameters:
  ///   - time: t, in time units.
  ///   - state: q, `[dimension]`.
  ///   - jacobian: Receives ∂Fᵢ/∂qⱼ, row-major, `[dimension × dimension]`; every entry must be
  ///     written.
  ///   - timeDerivative: Receives ∂F/∂t, `[dimension]`.
  /// - Throws: An error that ends the integration at once and reaches the caller unchanged.
  func jacobian(
    time: Double, state: Span<Double>, into jacobian: inout MutableSpan<Double>,
    timeDerivative: inout MutableSpan<Double>
  ) throws(ODEError)

  /// The number of partial time derivatives that `timeDerivatives` gives; 0 by default.
  ///
  /// Only local linearisation uses them. With 0 it takes ∂F/∂t from `jacobian`.
  var explicitTimeOrder: Int { get }

  /// Computes `∂ᵏF/∂tᵏ` for k = 1…`explicitTimeOrder`.
  ///
  /// - Parameters:
  ///   - time: t, in time units.
  ///   - state: q, `[dimension]`.
  ///   - derivatives: Receives the derivatives, row k−1 holding the k-th,
  ///     `[explicitTimeOrder × dimension]`.
  /// - Throws: An error that ends the integration at once and reaches the caller unchanged.
  func timeDerivatives(
    time: Double, state: Span<Double>, into derivatives: inout MutableSpan<Double>
  ) throws(ODEError)

  /// Whether F is affine in q with constant Jacobian; false by default.
  ///
  /// The rest must be a polynomial in t of degree at most `max(explicitTimeOrder, 1)`. Local
  /// linearisation is then exact: one step per interval, with the exponential kept per step length.
  /// The polynomial may change where the caller calls `restart()`; if the Jacobian itself changes,
  /// say so by `systemChanged()`.
  var isLinear: Bool { get }

  /// The name of a variable in error messages, such as `level 1 x[2]′`.
  func variableName(_ index: Int) -> String
}

extension ODESystem {
  /// No Jacobian by default.
  public var providesJacobian: Bool { false }

  /// Never called while `providesJacobian` is false.
  public func jacobian(
    time: Double, state: Span<Double>, into jacobian: inout MutableSpan<Double>,
    timeDerivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    preconditionFailure("providesJacobian is true but jacobian is not implemented")
  }

  /// No partial time derivatives by default.
  public var explicitTimeOrder: Int { 0 }

  /// Never called while `explicitTimeOrder` is zero.
  public func timeDerivatives(
    time: Double, state: Span<Double>, into derivatives: inout MutableSpan<Double>
  ) throws(ODEError) {
    preconditionFailure("explicitTimeOrder is not zero but timeDerivatives is not implemented")
  }

  /// Not known to be linear by default.
  public var isLinear: Bool { false }

  /// `q[index]`, counted from zero.
  public func variableName(_ index: Int) -> String { "q[\(index)]" }
}
