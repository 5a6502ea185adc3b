/// Why a file could not be written.
public enum WriteFailure: Error, Sendable, Equatable {
  /// The folder that should hold the file does not exist.
  case missingFolder(String)
  /// A part of the path that should be a folder is a file.
  case notAFolder(String)
  /// The path names a folder.
  case isFolder
  /// The user may not write there.
  case permissionDenied
  /// The file system is mounted read-only.
  case readOnlyFileSystem
  /// The disk or the quota is full.
  case noSpace
  /// The name is longer than the file system allows.
  case nameTooLong
  /// The path is empty.
  case emptyPath
  /// The NetCDF library failed, by its own error number.
  case netCDF(code: Int32)
  /// Any other failure, by the system's error number.
  case system(code: Int32)
}

/// What can go wrong while figures and result files are written.
public enum ReportingError: Error, Sendable, Equatable {
  /// A file could not be written; nothing is left of it.
  case cannotWrite(path: String, WriteFailure)
  /// The ending of a file name is none of those that can be written.
  case unknownExtension(path: String, allowed: [String])
  /// The program that draws figures was not found.
  case gnuplotMissing(executable: String)
  /// The program that draws figures stopped with an error; `message` is its own text.
  case gnuplotFailed(status: Int32, message: String)
}
