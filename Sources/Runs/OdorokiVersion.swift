/// The version of this program.
public enum OdorokiVersion {
  /// The number, as in result files.
  public static let current = "0.1.0"
}
