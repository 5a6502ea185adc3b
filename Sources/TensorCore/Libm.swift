#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// The C library's functions under one roof, since enum cases of the same names would hide them.
enum Libm {
  @inline(__always) static func exp(_ x: Double) -> Double { libm_exp(x) }
  @inline(__always) static func log(_ x: Double) -> Double { libm_log(x) }
  @inline(__always) static func log1p(_ x: Double) -> Double { libm_log1p(x) }
  @inline(__always) static func expm1(_ x: Double) -> Double { libm_expm1(x) }
  @inline(__always) static func sin(_ x: Double) -> Double { libm_sin(x) }
  @inline(__always) static func cos(_ x: Double) -> Double { libm_cos(x) }
  @inline(__always) static func tan(_ x: Double) -> Double { libm_tan(x) }
  @inline(__always) static func asin(_ x: Double) -> Double { libm_asin(x) }
  @inline(__always) static func acos(_ x: Double) -> Double { libm_acos(x) }
  @inline(__always) static func atan(_ x: Double) -> Double { libm_atan(x) }
  @inline(__always) static func sinh(_ x: Double) -> Double { libm_sinh(x) }
  @inline(__always) static func cosh(_ x: Double) -> Double { libm_cosh(x) }
  @inline(__always) static func tanh(_ x: Double) -> Double { libm_tanh(x) }
  @inline(__always) static func erf(_ x: Double) -> Double { libm_erf(x) }
  @inline(__always) static func tgamma(_ x: Double) -> Double { libm_tgamma(x) }
  @inline(__always) static func pow(_ a: Double, _ b: Double) -> Double { libm_pow(a, b) }
  @inline(__always) static func atan2(_ a: Double, _ b: Double) -> Double { libm_atan2(a, b) }
  /// The logarithm of |Γ(x)|; the overlay calls the reentrant function.
  @inline(__always) static func lgamma(_ x: Double) -> Double { logGamma(x) }
}

private func logGamma(_ x: Double) -> Double { lgamma(x).0 }
@inline(__always) private func libm_exp(_ x: Double) -> Double { exp(x) }
@inline(__always) private func libm_log(_ x: Double) -> Double { log(x) }
@inline(__always) private func libm_log1p(_ x: Double) -> Double { log1p(x) }
@inline(__always) private func libm_expm1(_ x: Double) -> Double { expm1(x) }
@inline(__always) private func libm_sin(_ x: Double) -> Double { sin(x) }
@inline(__always) private func libm_cos(_ x: Double) -> Double { cos(x) }
@inline(__always) private func libm_tan(_ x: Double) -> Double { tan(x) }
@inline(__always) private func libm_asin(_ x: Double) -> Double { asin(x) }
@inline(__always) private func libm_acos(_ x: Double) -> Double { acos(x) }
@inline(__always) private func libm_atan(_ x: Double) -> Double { atan(x) }
@inline(__always) private func libm_sinh(_ x: Double) -> Double { sinh(x) }
@inline(__always) private func libm_cosh(_ x: Double) -> Double { cosh(x) }
@inline(__always) private func libm_tanh(_ x: Double) -> Double { tanh(x) }
@inline(__always) private func libm_erf(_ x: Double) -> Double { erf(x) }
@inline(__always) private func libm_tgamma(_ x: Double) -> Double { tgamma(x) }
@inline(__always) private func libm_pow(_ a: Double, _ b: Double) -> Double { pow(a, b) }
@inline(__always) private func libm_atan2(_ a: Double, _ b: Double) -> Double { atan2(a, b) }
