import Testing
import TestSupport

@testable import TensorCore

struct ScalarFunctionsTests {
  /// Order, argument and value of the polygamma function.
  ///
  /// Provenance: mpmath 1.3.0, `polygamma(order, x)` with 40 digits, printed with 20; x is the
  /// double nearest to the literal.
  static let polygammaValues: [(Int, Double, Double)] = [
    (0, 0.001, -1000.5755719318102797),
    (0, 0.1, -10.423754940411076232),
    (0, 0.5, -1.9635100260214234794),
    (0, 1, -0.57721566490153286061),
    (0, 1.5, 0.036489973978576520559),
    (0, 2.75, 0.81890102497543259228),
    (0, 7, 1.8727843350984671394),
    (0, 12.5, 2.4851956512749120482),
    (0, 100, 4.6001618527380874002),
    (0, 12345.678, 9.4210208207417608775),
    (0, -0.5, 0.036489973978576520559),
    (0, -1.25, 3.7141391202135278304),
    (0, -3.7, -0.84507685887041935462),
    (0, -10.1, 12.03005224854830926),
    (0, -25.3, 5.5329377403843282848),
    (1, 0.001, 1.0000016425331958273e+6),
    (1, 0.1, 101.4332991507927477),
    (1, 0.5, 4.9348022005446793094),
    (1, 1, 1.6449340668482264365),
    (1, 1.5, 0.93480220054467930942),
    (1, 2.75, 0.43757125764893076144),
    (1, 7, 0.15354517795933754758),
    (1, 12.5, 0.083285224601578370444),
    (1, 100, 0.010050166663333571395),
    (1, 12345.678, 8.1003287231112069147e-5),
    (1, -0.5, 8.9348022005446793094),
    (1, -1.25, 19.181879647671606498),
    (1, -3.7, 14.842421864124279949),
    (1, -10.1, 103.26156923946724557),
    (1, -25.3, 15.040658862765367887),
    (2, 0.001, -2.0000000023976321648e+9),
    (2, 0.1, -2001.8614573783436732),
    (2, 0.5, -16.828796644234319996),
    (2, 1, -2.4041138063191885708),
    (2, 1.5, -0.8287966442343199956),
    (2, 2.75, -0.18871463303130122305),
    (2, 7, -0.023530472985855237466),
    (2, 12.5, -6.9324365857882407909e-3),
    (2, 100, -1.01004999833349997e-4),
    (2, 12345.678, -6.5615325386582344923e-9),
    (2, -0.5, -0.8287966442343199956),
    (2, -1.25, 123.72136678366236037),
    (2, -3.7, -68.893454688673547449),
    (2, -10.1, 1998.6507800707020888),
    (2, -25.3, 68.836041964714536903),
    (3, 0.001, 6.0000000000064686145e+12),
    (3, 0.1, 60004.512876790253384),
    (3, 0.5, 97.409091034002437236),
    (3, 1, 6.4939394022668291491),
    (3, 1.5, 1.4090910340024372364),
    (3, 2.75, 0.16061612748946936705),
    (3, 7, 7.1981985631254453923e-3),
    (3, 12.5, 1.1534128049134051459e-3),
    (3, 100, 2.0301999900013330334e-6),
    (3, 12345.678, 1.0630114086479445314e-12),
    (3, -0.5, 193.40909103400243724),
    (3, -1.25, 1558.2209125348505998),
    (3, -3.7, 768.99464944086601227),
    (3, -10.1, 60014.25021906146855),
    (3, -25.3, 769.02079796241854167),
    (5, 0.001, 1.1999999999999998513e+20),
    (5, 0.1, 1.20000069307510929e+8),
    (5, 0.5, 7691.1135486024354962),
    (5, 1, 122.08116743813389677),
    (5, 1.5, 11.113548602435496242),
    (5, 2.75, 0.33680868155027719489),
    (5, 7, 2.0094931750490291166e-3),
    (5, 12.5, 9.5622715971076443425e-5),
    (5, 100, 2.4605999440119960418e-9),
    (5, 12345.678, 8.3699807087101459117e-20),
    (5, -0.5, 15371.113548602435496),
    (5, -1.25, 492230.21062287457971),
    (5, -3.7, 165660.15728399349368),
    (5, -10.1, 1.2000029790873626848e+8),
    (5, -25.3, 165660.17445126858658),
    (10, 0.001, -3.6287999999999991691e+39),
    (10, 0.1, -3.6288000000127270167e+17),
    (10, 0.5, -7.4318245088587689755e+9),
    (10, 1, -3.630593311606628713e+6),
    (10, 1.5, -42108.858768975491797),
    (10, 2.75, -55.25601098425511229),
    (10, 7, -2.4309655551116750843e-3),
    (10, 12.5, -5.679853514567120048e-6),
    (10, 100, -3.8135655355681381999e-15),
    (10, 12345.678, -4.4135642947105371447e-36),
    (10, -0.5, -42108.858768975491797),
    (10, -1.25, 1.5220204740174337594e+13),
    (10, -3.7, -2.0482848930187293358e+12),
    (10, -10.1, 3.6287999998972029538e+17),
    (10, -25.3, 2.0482848930184943886e+12),
  ]

  @Test(.tags(.reference), arguments: polygammaValues)
  func polygammaMatchesHighPrecision(order: Int, x: Double, expected: Double) {
    let value = ScalarFunctions.polygamma(order, x)
    expectClose(
      value, expected,
      within: Tolerance("polygamma", relative: 1e-13, floor: order == 0 ? 1e-14 : 0))
  }

  @Test func polygammaAtItsPolesAndEnds() {
    for pole in [0.0, -1, -2, -17] {
      #expect(ScalarFunctions.polygamma(0, pole).isNaN)
      #expect(ScalarFunctions.polygamma(2, pole).isNaN)
      #expect(ScalarFunctions.polygamma(1, pole) == .infinity)
      #expect(ScalarFunctions.polygamma(3, pole) == .infinity)
    }
    #expect(ScalarFunctions.polygamma(0, .infinity) == .infinity)
    #expect(ScalarFunctions.polygamma(1, .infinity) == 0)
    #expect(ScalarFunctions.polygamma(0, -.infinity).isNaN)
    #expect(ScalarFunctions.polygamma(0, .nan).isNaN)
  }

  @Test(.tags(.property), arguments: 0...6)
  func polygammaObeysItsRecurrence(order: Int) {
    var source = RandomSource(seed: 11)
    let factorial = (1...max(order, 1)).reduce(1.0) { $0 * Double($1) }
    for _ in 0..<50 {
      let x = 20 * source.uniform() - 10
      var power = 1.0
      for _ in 0...order { power *= x }
      let sign = order.isMultiple(of: 2) ? 1.0 : -1.0
      let left = ScalarFunctions.polygamma(order, x + 1)
      let right = ScalarFunctions.polygamma(order, x)
      let step = sign * factorial / power
      // The difference of two large numbers near a pole is compared on their scale.
      let scale = abs(left) + abs(right) + abs(step)
      #expect(abs(left - right - step) < 2e-12 * scale, "order \(order), x \(x)")
    }
  }

  @Test func sigmoidAndSoftplusStayFinite() {
    #expect(ScalarFunctions.sigmoid(0) == 0.5)
    #expect(ScalarFunctions.sigmoid(1000) == 1)
    #expect(ScalarFunctions.sigmoid(-1000) == 0)
    #expect(ScalarFunctions.softplus(1000) == 1000)
    #expect(ScalarFunctions.softplus(-1000) == 0)
    // mpmath 1.3.0: 1/(1+exp(40)) and log(1+exp(-40)), log(1+exp(2)).
    let elementwise = Tolerance("elementary", relative: 1e-15, floor: 0)
    expectClose(ScalarFunctions.sigmoid(-40), 4.2483542552915889773e-18, within: elementwise)
    expectClose(ScalarFunctions.softplus(-40), 4.2483542552915889863e-18, within: elementwise)
    expectClose(ScalarFunctions.softplus(2), 2.1269280110429724964, within: elementwise)
    for x in stride(from: -30.0, through: 30, by: 0.7) {
      expectClose(ScalarFunctions.sigmoid(x) + ScalarFunctions.sigmoid(-x), 1)
      expectClose(ScalarFunctions.softplus(x) - ScalarFunctions.softplus(-x), x)
    }
  }

  /// Probability and quantile of the standard normal law.
  ///
  /// Provenance: mpmath 1.3.0 with 40 digits, `-sqrt(2) erfinv(1 - 2p)` (in the far tail the root
  /// of `ln(erfc(-x/sqrt(2))/2) = ln p`), printed with 20; p is the double nearest to the literal.
  static let normalQuantiles: [(Double, Double)] = [
    (1e-300, -37.047096299361199237),
    (1e-20, -9.2623400897984075796),
    (1e-06, -4.7534243088228989573),
    (0.001, -3.0902323061678135354),
    (0.02425, -1.9729610513118848376),
    (0.07, -1.4757910281791706856),
    (0.25, -0.6744897501960817432),
    (0.4, -0.25334710313579974132),
    (0.5, 0.0),
    (0.6, 0.25334710313579974132),
    (0.925, 1.4395314709384562291),
    (0.975, 1.9599639845400538556),
    (0.999999, 4.7534243088170877657),
  ]

  @Test(.tags(.reference), arguments: normalQuantiles)
  func normalQuantileMatchesHighPrecision(p: Double, expected: Double) {
    expectClose(
      ScalarFunctions.normalQuantile(p), expected,
      within: Tolerance("quantile", relative: 2e-15, floor: 0))
  }

  @Test func normalQuantileAtItsEnds() {
    #expect(ScalarFunctions.normalQuantile(0) == -.infinity)
    #expect(ScalarFunctions.normalQuantile(1) == .infinity)
    #expect(ScalarFunctions.normalQuantile(-0.1).isNaN)
    #expect(ScalarFunctions.normalQuantile(.nan).isNaN)
  }
}
