internal import CGSL

/// What the integrators are built on.
public enum ODEEngineInfo {
  /// The version of the GNU Scientific Library in use, such as `2.7.1`.
  public static var gslVersion: String {
    guard let text = unsafe odoroki_gsl_version() else { return "" }
    return unsafe String(cString: text)
  }
}
