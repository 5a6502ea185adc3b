internal import DynamicModels
internal import Foundation
package import ModelFiles
internal import Reporting
internal import TensorCore

/// P9b: the kernel of position codes is the autocorrelation of a smooth fluctuation.
///
/// `ρ(t) = (2/d) Σ_i cos(ω_i t)`, `V_ij = (−1)^i ρ⁽ⁱ⁺ʲ⁾(0) = (2/d) ⟨Ω^i PE, Ω^j PE⟩`
/// (mathematics §2 and §11).
package struct PositionSmoothnessComparison: BridgeComparison {
  /// Creates the comparison.
  package init() {}

  package var name: String { "position-smoothness" }
  package var number: String { "P9b" }
  package var kind: ComparisonKind { .identity }
  package var title: LocalizedText {
    LocalizedText(
      english: "The kernel of position codes is a smoothness",
      japanese: "位置符号の核は滑らかさを表す")
  }
  package var claim: Claim {
    Claim(
      equation: [
        "ρ(t) = (2/d) Σᵢ cos(ωᵢ t)",
        "Vᵢⱼ = (−1)ⁱ ρ⁽ⁱ⁺ʲ⁾(0) = (2/d) ⟨Ωⁱ PE(p), Ωʲ PE(p)⟩",
        "n = d:  ln|V| = d ln(2/d) + 2 Σᵢ ln ωᵢ + 4 Σᵢ﹤ⱼ ln|ωᵢ² − ωⱼ²|",
        "n = d+1:  V c = 0,  Σⱼ cⱼ zʲ = Πᵢ (z² + ωᵢ²)",
        "n ≤ 2:  V = S(s),  1/(2s²) = (2/d) Σᵢ ωᵢ²",
      ],
      meaning: LocalizedText(
        english: """
          The similarity of two places in a Transformer, with codes of width d, can stand where the autocorrelation of a \
          fluctuation stands in a dynamic model: it gives the covariance of a value with its \
          derivatives. With up to d orders this covariance is positive definite and has an \
          inverse, a generalized precision. From order d on the next derivative is a combination \
          of lower ones, nothing is left to chance and no precision exists. A Gaussian smoothness \
          matches the first two orders, higher ones only in part: its spectrum has no highest \
          frequency, that of the codes ends at ω = 1.
          """,
        japanese: """
          Transformer での2つの位置の類似度は（d は位置符号の次元）、動的モデルのゆらぎの自己相関の代わりになります。\
          そこから、値と微分の間の共分散が決まります。\
          d 階まではこの共分散は正定値で、逆行列が一般化された精度になります。\
          それより高い階の微分は低い階の線形結合になり、偶然の余地がないので精度は存在しません。\
          ガウス型の滑らかさと一致するのは2階までです。\
          ガウス型のスペクトルには最高周波数がありませんが、位置符号では ω = 1 が上限です。
          """),
      section: "§2, §11", references: ["vaswani2017attention", "friston2008dem"])
  }
  package var glossary: [String] {
    ["position-code", "smoothness", "generalized-coordinates", "precision"]
  }

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var covariance = DeviationMeter()
    var sign = DeviationMeter()
    var determinant = DeviationMeter()
    var null = DeviationMeter()
    var matched = DeviationMeter()
    var kernels: [Int: KernelDerivatives] = [:]
    for _ in 0..<max(1, settings.instances) {
      let width = 2 * LearningSamples.whole(1...8, from: &source)
      let place = LearningSamples.whole(0...40, from: &source)
      let orders = LearningSamples.whole(1...6, from: &source)
      let kernel = kernels[width] ?? KernelDerivatives(width: width, orders: 6)
      kernels[width] = kernel
      let gram = PositionMoments(width: width, place: place, orders: orders).covariance
      covariance.compare(gram.values, kernel.covariance(orders: orders).values)
      do throws(LinearAlgebraError) {
        let spectrum = try SymmetricEigendecomposition(gram)
        sign.record(max(0, -(spectrum.values.last ?? 0)))
        // Wider codes have frequencies so far apart that rounding hides the smallest directions.
        let narrow = 2 * LearningSamples.whole(1...2, from: &source)
        let whole = PositionMoments(width: narrow, place: place, orders: narrow)
        determinant.compare(
          try LinearAlgebra.logDeterminantPositiveDefinite(whole.covariance),
          whole.logDeterminant)
      } catch {
        throw .linearAlgebra(error)
      }
      // In wider codes the smallest eigenvalue of V is itself of the size of rounding, so that V c
      // would vanish for many a c.
      let few = min(width, 10)
      let beyond = PositionMoments(width: few, place: place, orders: few + 1)
      null.compare(
        LinearAlgebra.product(beyond.covariance, beyond.dependence).values,
        [Double](repeating: 0, count: few + 1))
      let pair = PositionMoments(width: width, place: place, orders: 2)
      let smooth = TemporalCovariance(orders: 2, smoothness: pair.smoothness)
      // What a model with this smoothness weights its generalized errors with.
      let precision = smooth.generalizedPrecision(.identity(1))
      matched.compare(
        smooth.covariance.values
          + LinearAlgebra.product(precision, pair.covariance).values,
        pair.covariance.values + Tensor<Double>.identity(2).values)
    }
    return Finding(
      deviations: [
        covariance.deviation(
          "(2/d) ⟨Ωⁱ PE, Ωʲ PE⟩ = (−1)ⁱ ρ⁽ⁱ⁺ʲ⁾(0)", "(2/d) ⟨Ωⁱ PE, Ωʲ PE⟩＝(−1)ⁱ ρ⁽ⁱ⁺ʲ⁾(0)",
          tolerance: 1e-12),
        sign.deviation(
          "no negative eigenvalue of V", "V に負の固有値がない", tolerance: 1e-12),
        // The eigenvalues of V are more than 10⁴ apart, and the smallest one takes its share of rounding.
        determinant.deviation(
          "n = d ≤ 4: V is positive definite with the closed ln|V|",
          "n = d ≤ 4：V は正定値で ln|V| は閉じた式と一致", tolerance: 1e-11),
        null.deviation(
          "n = d+1, d ≤ 10: V c = 0, so no precision exists", "n = d+1、d ≤ 10：V c＝0（精度は存在しない）",
          tolerance: 1e-12),
        matched.deviation(
          "two orders: V = S(s), V⁻¹ = the model's precision",
          "2階まで：V＝S(s)、V⁻¹＝モデルの精度", tolerance: 1e-12),
      ], figure: settings.draws ? Self.figure() : nil)
  }

  private static func figure() -> LocalizedFigure {
    let moments = PositionMoments(width: 64, place: 0, orders: 7)
    let smooth = TemporalCovariance(orders: 7, smoothness: moments.smoothness)
    let times = (0...300).map { Double($0) / 20 }
    let kernel = times.map { time in
      moments.frequencies.reduce(0) { $0 + cos($1 * time) } / Double(moments.frequencies.count)
    }
    let orders = (0..<7).map { Double($0) }
    let own = (0..<7).map { moments.covariance[$0, $0] }
    let gaussian = (0..<7).map { smooth.covariance[$0, $0] }
    let s = "\((100 * moments.smoothness).rounded() / 100)"
    return LocalizedFigure { language in
      Figure(
        title: language.pick(
          "Position codes are as smooth as a Gaussian fluctuation near zero, not beyond",
          "位置符号の滑らかさは、原点の近くでだけガウス型と一致する"),
        rows: [
          [
            Panel(
              title: language.pick(
                "Autocorrelation ρ (codes of width 64)", "自己相関 ρ（64次元の位置符号）"),
              xLabel: language.pick(
                "distance (positions, or time units)", "距離（位置の数、または時間）"), yLabel: "ρ",
              series: [
                .line(language.pick("position codes", "位置符号"), role: .state, x: times, y: kernel),
                .line(
                  language.pick("Gaussian, s = \(s)", "ガウス型（s = \(s)）"), role: .truth, x: times,
                  y: times.map { smooth.autocorrelation(at: $0) }),
              ], rules: [.horizontal(0)])
          ],
          [
            Panel(
              title: language.pick("Variance of the derivatives", "微分の分散"),
              xLabel: language.pick("order of the derivative", "微分の階数"),
              yLabel: language.pick("variance Vᵢᵢ", "分散 Vᵢᵢ"),
              series: [
                .line(role: .state, x: orders, y: own),
                .points(
                  language.pick("position codes", "位置符号"), role: .state, x: orders, y: own,
                  size: 14),
                .line(role: .truth, x: orders, y: gaussian),
                .points(
                  language.pick("Gaussian", "ガウス型"), role: .truth, x: orders, y: gaussian, size: 10),
              ], yScale: .logarithmic)
          ],
        ], language: language)
    }
  }
}

/// The covariance of a position code's kernel with its derivatives, from the motion of one code.
struct PositionMoments {
  let frequencies: [Double]
  /// V `[n × n]`, `(2/d) ⟨Ω^i PE(p), Ω^j PE(p)⟩`.
  let covariance: Tensor<Double>

  init(width: Int, place: Int, orders: Int) {
    let rotation = PositionRotation(width: width)
    frequencies = rotation.frequencies
    var motion = [PositionRotation.code(place, width: width)]
    for _ in 1..<max(1, orders) {
      let last = Tensor(shape: .matrix(width, 1), values: motion[motion.count - 1])
      motion.append(LinearAlgebra.product(rotation.generator, last).values)
    }
    covariance = Tensor(
      rows: motion.map { row in motion.map { 2 * Vectors.dot(row, $0) / Double(width) } })
  }

  /// The smoothness s of a Gaussian fluctuation with the same curvature of ρ at zero.
  var smoothness: Double {
    let mean = Vectors.dot(frequencies, frequencies) / Double(frequencies.count)
    return 1 / (2 * mean).squareRoot()
  }

  /// `ln |V|` for as many orders as the code is wide, from Vandermonde's determinant.
  var logDeterminant: Double {
    let width = Double(2 * frequencies.count)
    var result = width * log(2 / width)
    for (index, frequency) in frequencies.enumerated() {
      result += 2 * log(frequency)
      for other in frequencies.dropFirst(index + 1) {
        result += 4 * log(abs(frequency * frequency - other * other))
      }
    }
    return result
  }

  /// c `[d + 1 × 1]`, the coefficients of `Π_i (z² + ω_i²)`: Ω satisfies its own characteristic
  /// equation, so this combination of derivatives vanishes.
  var dependence: Tensor<Double> {
    var result = [1.0]
    for frequency in frequencies {
      var next = [Double](repeating: 0, count: result.count + 2)
      for (power, value) in result.enumerated() {
        next[power] += value * frequency * frequency
        next[power + 2] += value
      }
      result = next
    }
    return Tensor(shape: .matrix(result.count, 1), values: result)
  }
}

/// The derivatives of ρ at zero, by repeated differentiation of its program.
struct KernelDerivatives {
  /// ρ⁽ᵏ⁾(0) for k = 0…2n−2.
  let values: [Double]

  init(width: Int, orders: Int) {
    let frequencies = PositionRotation(width: width).frequencies
    var builder = ProgramBuilder()
    let t = builder.input("t", shape: .scalar)
    let angles = builder.binary(.multiply, builder.constant(Tensor(vector: frequencies)), t)
    let sum = builder.sum(builder.unary(.cos, angles))
    builder.output(
      "0", builder.binary(.multiply, builder.constant(2 / Double(width)), sum))
    var program = builder.build()
    for order in 1..<max(2, 2 * orders - 1) {
      program = program.jacobian(of: "\(order - 1)", withRespectTo: "t", as: "\(order)")
    }
    let result = Double.evaluate(program, ["t": Tensor(0)])
    values = (0..<max(2, 2 * orders - 1)).map { result["\($0)"]?.values.first ?? .nan }
  }

  /// `V_ij = (−1)^i ρ⁽ⁱ⁺ʲ⁾(0)`.
  func covariance(orders: Int) -> Tensor<Double> {
    Tensor(
      rows: (0..<orders).map { row in
        (0..<orders).map { (row % 2 == 0 ? 1 : -1) * values[row + $0] }
      })
  }
}
