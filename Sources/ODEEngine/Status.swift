internal import CGSL

/// GSL's statuses in the type that its callbacks return.
enum Status {
  static let success = Int32(GSL_SUCCESS)
  /// Makes GSL try again with half the step.
  static let failure = Int32(GSL_FAILURE)
  /// Ends the integration at once.
  static let badFunction = Int32(GSL_EBADFUNC)
  static let fault = Int32(GSL_EFAULT)
}
