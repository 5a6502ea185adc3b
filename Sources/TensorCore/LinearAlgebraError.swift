/// What can go wrong in dense linear algebra on numbers that come from outside.
public enum LinearAlgebraError: Error, Sendable, Equatable {
  /// A Cholesky factorization met a pivot that is not a positive number.
  ///
  /// `row` counts from zero; `pivot` is what was left of the diagonal there.
  case notPositiveDefinite(row: Int, pivot: Double)
  /// A triangular factor has a zero on its diagonal at `row` (from zero).
  case singular(row: Int)
  /// An iterative decomposition left an off-diagonal part after its last sweep.
  case noConvergence(sweeps: Int)
  /// An entry that is infinite or not a number, at a row and a column from zero.
  case notFinite(row: Int, column: Int)

  /// The text of the error in a language given by its code; anything but `ja` reads English.
  public func render(language: String) -> String {
    let japanese = language.hasPrefix("ja")
    switch self {
    case .notPositiveDefinite(let row, let pivot):
      return japanese
        ? "行列が正定値ではありません(\(row + 1)行目のピボットが\(pivot))。"
        : "the matrix is not positive definite (pivot \(pivot) in row \(row + 1))"
    case .singular(let row):
      return japanese
        ? "行列が特異です(\(row + 1)行目のピボットが0)。"
        : "the matrix is singular (zero pivot in row \(row + 1))"
    case .noConvergence(let sweeps):
      return japanese
        ? "行列の分解が\(sweeps)回の反復で収束しませんでした。"
        : "the matrix decomposition did not converge in \(sweeps) sweeps"
    case .notFinite(let row, let column):
      return japanese
        ? "行列の\(row + 1)行\(column + 1)列が有限の数ではありません。"
        : "the matrix has an entry that is not finite (row \(row + 1), column \(column + 1))"
    }
  }
}
