// temporary, replaced by numerics branch
package enum ScalarFunctions {
  package static func sigmoid(_ x: Double) -> Double { 1 / (1 + Libm.exp(-x)) }
  package static func softplus(_ x: Double) -> Double { Libm.log1p(Libm.exp(x)) }
  package static func polygamma(_ n: Int, _ x: Double) -> Double { .nan }
}
