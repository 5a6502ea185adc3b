internal import DynamicModels
internal import Foundation
package import ModelFiles
internal import Reporting
internal import TensorCore
internal import Transformers

/// P9: moving along a sequence rotates position codes as moving in time shifts derivatives.
///
/// `PE(p + k) = exp(kΩ) PE(p)` with Ω antisymmetric, and `x̃(t + k) = exp(kD) x̃(t)` with D nilpotent:
/// two groups of one parameter (mathematics §2, §11 and §12). Source: Vaswani et al. 2017, §3.5.
package struct PositionMotionComparison: BridgeComparison {
  /// Creates the comparison.
  package init() {}

  package var name: String { "position-motion" }
  package var number: String { "P9" }
  package var kind: ComparisonKind { .identity }
  package var title: LocalizedText {
    LocalizedText(
      english: "Position is motion: codes rotate, generalized coordinates shift",
      japanese: "位置は運動：位置符号は回転し、一般化座標はずれる")
  }
  package var claim: Claim {
    Claim(
      equation: [
        "PE(p+k) = exp(kΩ) PE(p),  Ωᵀ = −Ω,  ∂PE/∂p = Ω PE",
        "x̃(t+k) = exp(kD) x̃(t),  Dⁿ = 0",
        "PE(p)·PE(p+d) = Σᵢ cos(ωᵢ d)",
      ],
      meaning: LocalizedText(
        english: """
          A step along a sequence turns every pair of a sinusoidal position code by an angle; a \
          step in time carries generalized coordinates along their own Taylor series. Both are the \
          exponential of a fixed matrix, so both know the neighborhood of a place without looking \
          there. They differ in kind: the rotation keeps the length of a code forever, the shift \
          is exact for polynomials of degree below n only.
          """,
        japanese: """
          系列の上を一歩進むと、正弦波の位置符号の各対は一定の角度だけ回転します。\
          時間を一歩進むと、一般化座標は自分のテイラー級数に沿って運ばれます。\
          どちらも決まった行列の指数関数なので、ある点の符号だけから近くの点の符号がわかります。\
          ただし、回転は符号の長さをいつまでも保つのに対し、\
          シフトが正確なのは n 次未満の多項式に限られます。
          """),
      references: ["vaswani2017attention", "friston2008dem"])
  }
  package var glossary: [String] { ["position-code", "generalized-coordinates"] }

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var rotation = DeviationMeter()
    var length = DeviationMeter()
    var motion = DeviationMeter()
    var shift = DeviationMeter()
    var product = DeviationMeter()
    var derivatives: [Int: PositionDerivative] = [:]
    for instance in 0..<(max(1, settings.instances) + 2) {
      // First no step at all, then the longest one back to the start.
      let width = instance < 2 ? 8 : 2 * LearningSamples.whole(1...8, from: &source)
      let place = instance < 2 ? 40 : LearningSamples.whole(0...40, from: &source)
      let step =
        instance == 0
        ? 0 : instance == 1 ? -40 : LearningSamples.whole(-place...40, from: &source)
      let code = PositionRotation(width: width)
      let derivative = derivatives[width] ?? PositionDerivative(frequencies: code.frequencies)
      derivatives[width] = derivative
      let here = PositionRotation.code(place, width: width)
      let there = PositionRotation.code(place + step, width: width)
      guard let turn = LearningSamples.exponential(code.generator, time: Double(step)) else {
        throw .notFinite(what: "exp(kΩ)")
      }
      rotation.compare(LinearAlgebra.product(turn, column(here)).values, there)
      length.compare(
        LinearAlgebra.transposedProduct(turn, turn).values, Tensor<Double>.identity(width).values)
      motion.compare(
        derivative.evaluate(at: Double(place)),
        LinearAlgebra.product(code.generator, column(here)).values)
      product.compare(
        Vectors.dot(here, there),
        code.frequencies.reduce(0) { $0 + cos($1 * Double(step)) })

      let orders = LearningSamples.whole(1...8, from: &source)
      let polynomial = PolynomialPath(coefficients: source.normals(orders))
      let time = 2 * source.uniform() - 1, ahead = 3 * source.uniform() - 1.5
      let start = polynomial.derivatives(at: time)
      let generator = TaylorOperator.shift(orders: orders)
      guard let taylor = LearningSamples.exponential(generator, time: ahead) else {
        throw .notFinite(what: "exp(kD)")
      }
      let reached = polynomial.derivatives(at: time + ahead)
      let advanced = GeneralizedVector(orders: orders, channels: 1, values: start)
        .advanced(by: ahead)
      shift.compare(
        LinearAlgebra.product(taylor, column(start)).values + advanced.values, reached + reached)
    }
    return Finding(
      deviations: [
        rotation.deviation("PE(p+k) = exp(kΩ) PE(p)", "PE(p+k)＝exp(kΩ) PE(p)", tolerance: 1e-12),
        length.deviation(
          "exp(kΩ) is a rotation: RᵀR = 1", "exp(kΩ) は回転：RᵀR＝1", tolerance: 1e-12),
        motion.deviation("∂PE/∂p = Ω PE", "∂PE/∂p＝Ω PE", tolerance: 1e-12),
        shift.deviation(
          "x̃(t+k) = exp(kD) x̃(t) for polynomials", "x̃(t+k)＝exp(kD) x̃(t)（多項式）",
          tolerance: 1e-12),
        product.deviation(
          "PE(p)·PE(p+d) = Σ cos(ωᵢ d)", "PE(p)·PE(p+d)＝Σ cos(ωᵢ d)", tolerance: 1e-12),
      ], figure: settings.draws ? Self.figure() : nil)
  }

  private func column(_ values: [Double]) -> Tensor<Double> {
    Tensor(shape: .matrix(values.count, 1), values: values)
  }

  private static func figure() -> LocalizedFigure {
    // The ranges of the first panel give both its axes the same scale, so that a circle is round.
    let circle = (0...120).map { 2 * Double.pi * Double($0) / 120 }
    let code = PositionRotation(width: 6)
    let places = (0...6).map { Double($0) }
    let turned = places.compactMap { LearningSamples.exponential(code.generator, time: $0) }
      .map { LinearAlgebra.product($0, Tensor(shape: .matrix(6, 1), values: [0, 1, 0, 1, 0, 1])) }
    let path = PolynomialPath(coefficients: [0.6, 1, -0.9, -0.35, 0.22])
    let times = (0...80).map { -1.5 + 4 * Double($0) / 80 }
    let start = GeneralizedVector(orders: 5, channels: 1, values: path.derivatives(at: 0))
    let steps = (0...10).map { -1.4 + 0.38 * Double($0) }
    let wide = PositionRotation(width: 64)
    let lags = (0...50).map { Double($0) }
    let kernel = lags.map { lag in wide.frequencies.reduce(0) { $0 + cos($1 * lag) } }
    return LocalizedFigure { language in
      let circleSeries: [Series] = [
        .line(role: .truth, x: circle.map { sin($0) }, y: circle.map { cos($0) }, width: 2),
        .points(
          language.pick("fast pair, ω = 1", "速い対（ω = 1）"), role: .state,
          x: turned.map { $0.values[0] }, y: turned.map { $0.values[1] }, size: 16),
        .points(
          language.pick("next pair, ω = 0.046", "次の対（ω = 0.046）"), role: .state, variant: 1,
          x: turned.map { $0.values[2] }, y: turned.map { $0.values[3] }, size: 8),
        .texts(
          role: .state, x: turned.map { 1.18 * $0.values[0] },
          y: turned.map { 1.18 * $0.values[1] },
          texts: places.map { "\(Int($0))" }),
      ]
      return Figure(
        title: language.pick(
          "A step along a sequence rotates, a step in time shifts",
          "系列を一歩進むと回転し、時間を一歩進むとずれる"),
        rows: [
          [
            Panel(
              title: language.pick("exp(kΩ) PE(0), k = 0 … 6", "exp(kΩ) PE(0)（k = 0 … 6）"),
              xLabel: language.pick("sine", "正弦"), yLabel: language.pick("cosine", "余弦"),
              series: circleSeries, xRange: -2.41...2.41, yRange: -1.35...1.65,
              legend: .insideRight),
            Panel(
              title: language.pick("exp(kD) x̃(0), orders 0 … 4", "exp(kD) x̃(0)（0 … 4階）"),
              xLabel: language.pick("time", "時間"), yLabel: "x",
              series: [
                .line(
                  language.pick("polynomial of degree 4", "4次の多項式"), role: .truth, x: times,
                  y: times.map { path.derivatives(at: $0)[0] }),
                .points(
                  language.pick("shifted from t = 0", "t = 0 からずらした値"), role: .state, x: steps,
                  y: steps.map { start.advanced(by: $0).values[0] }, size: 14),
              ], yRange: -1.1...1.5, legend: .insideRight, rules: [.vertical(0)]),
          ],
          [
            Panel(
              title: language.pick(
                "PE(p)·PE(p+d) depends on the distance d only (width 64)",
                "PE(p)·PE(p+d) は距離 d だけで決まる（64次元）"),
              xLabel: language.pick("distance d (positions)", "距離 d（位置の数）"),
              yLabel: language.pick("inner product", "内積"),
              series: [0, 10, 50].enumerated().map { index, place in
                .points(
                  "p = \(place)", role: .state, variant: index, x: lags,
                  y: lags.map {
                    Vectors.dot(
                      PositionRotation.code(place, width: 64),
                      PositionRotation.code(place + Int($0), width: 64))
                  }, size: [20, 13, 6][index])
              } + [.line("Σ cos(ωᵢ d)", role: .truth, x: lags, y: kernel)])
          ],
        ], language: language, rowWeights: [1.3, 1])
    }
  }
}

/// The motion of sinusoidal position codes of an even width.
struct PositionRotation {
  /// The frequencies ω_i, in radians per position.
  let frequencies: [Double]

  init(width: Int) {
    precondition(width > 0 && width % 2 == 0, "pairs of a code of width \(width)")
    frequencies = (0..<(width / 2)).map { pow(10000, -Double(2 * $0) / Double(width)) }
  }

  /// Ω, with a block `[[0, ω_i], [−ω_i, 0]]` forevery pair of sine and cosine.
  var generator: Tensor<Double> {
    let width = 2 * frequencies.count
    var result = Tensor<Double>(repeating: 0, shape: .matrix(width, width))
    for (pair, frequency) in frequencies.enumerated() {
      result[2 * pair, 2 * pair + 1] = frequency
      result[2 * pair + 1, 2 * pair] = -frequency
    }
    return result
  }

  /// PE(p), the code that Transformers add to their tokens.
  static func code(_ place: Int, width: Int) -> [Double] {
    let codes = PositionCodes.sinusoidal(count: place + 1, width: width)
    return Array(codes.values.suffix(width))
  }
}

/// ∂PE/∂p by forward differentiation of the code as a program of the place.
struct PositionDerivative {
  private let program: ProgramRunner

  init(frequencies: [Double]) {
    var builder = ProgramBuilder()
    let p = builder.input("p", shape: .scalar)
    let angles = builder.binary(
      .multiply, builder.constant(Tensor(vector: frequencies)), p)
    let pairs = builder.stack([builder.unary(.sin, angles), builder.unary(.cos, angles)])
    builder.output(
      "code", builder.reshape(builder.transpose(pairs), to: .vector(2 * frequencies.count)))
    program = ProgramRunner(
      builder.build().jacobian(of: "code", withRespectTo: "p", as: "motion"))
  }

  /// The slope of every number of the code at a place.
  func evaluate(at place: Double) -> [Double] {
    program.evaluate(["p": Tensor(place)])["motion"]?.values ?? []
  }
}

/// A polynomial of time and its derivatives.
struct PolynomialPath {
  /// The coefficients of 1, t, t², ….
  let coefficients: [Double]

  /// The value and all derivatives of lower order than the number of coefficients.
  func derivatives(at time: Double) -> [Double] {
    var current = coefficients
    var result: [Double] = []
    for _ in coefficients.indices {
      result.append(current.reversed().reduce(0) { $0 * time + $1 })
      current = current.indices.dropFirst().map { Double($0) * current[$0] }
    }
    return result
  }
}
