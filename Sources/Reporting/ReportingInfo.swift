internal import NetCDFFiles

/// What is known about the libraries under this module.
public enum ReportingInfo {
  /// The version of the NetCDF library in use, such as `4.9.0`.
  public static var netCDFVersion: String { NetCDFLibrary.version }
}
