internal import Foundation
package import ModelFiles
internal import ODEEngine
internal import Reporting
internal import TensorCore

/// P10: the ridge encoder is where predictive-coding learning under a Gaussian prior comes to rest.
///
/// `F = ½ Σ_j ‖y_j − Wᵀx_j‖² + ½ l ‖W‖²` and the second-order learning of mathematics §4 rest at
/// `(XᵀX + l I)⁻¹ XᵀY` (mathematics §11).
package struct RidgeComparison: BridgeComparison {
  /// Creates the comparison.
  package init() {}

  package var name: String { "ridge" }
  package var number: String { "P10" }
  package var kind: ComparisonKind { .identity }
  package var title: LocalizedText {
    LocalizedText(
      english: "The ridge encoder is learning at rest",
      japanese: "リッジ回帰は学習の平衡点")
  }
  package var claim: Claim {
    Claim(
      equation: [
        "F(W) = ½ Σⱼ ‖yⱼ − Wᵀxⱼ‖² + ½ l ‖W‖²",
        "Ẅ = −∂F/∂W − k Ẇ = Σⱼ xⱼ εⱼᵀ − l W − k Ẇ",
        "W(t → ∞) = (XᵀX + l I)⁻¹ XᵀY",
      ],
      meaning: LocalizedText(
        english: """
          Synapses that gather the products of inputs and error units, and that a Gaussian prior of \
          precision l pulls toward zero, come to rest at the ridge regression that encoding \
          studies of brain signals use. So the ridge penalty is a prior precision, in units of the \
          precision of the errors. The equality holds at rest only; learning that is stopped early \
          is a different regularizer.
          """,
        japanese: """
          シナプスは入力と誤差ユニットの積を集め、精度 l のガウス事前分布によって0へ引かれます。\
          その平衡点は、脳信号の符号化モデルで使われるリッジ回帰と一致します。\
          つまりリッジの罰則は、誤差の精度を単位とした事前分布の精度です。\
          等しいのは平衡点だけで、途中で止めた学習は別の正則化になります。
          """),
      section: "§4, §11", references: ["hoerl1970ridge", "friston2010filtering"])
  }
  package var glossary: [String] { ["prior", "precision", "error-unit", "gradient-descent"] }

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var rest = DeviationMeter()
    var slope = DeviationMeter()
    // A few sizes, so that the program of the slope is compiled once for many instances.
    let sizes = (0..<8).map { _ in
      (
        LearningSamples.whole(1...20, from: &source), LearningSamples.whole(1...5, from: &source)
      )
    }
    var slopes: [[Int]: RidgeSlope] = [:]
    for instance in 0..<(max(1, settings.instances) + 2) {
      // One sample, and equal samples, come before the random sizes.
      let (samples, inputs) =
        instance == 0 ? (1, 3) : instance == 1 ? (6, 3) : sizes[instance % sizes.count]
      var x = LearningSamples.matrix(samples, inputs, from: &source)
      if instance == 1 {
        x = Tensor(rows: (0..<samples).map { _ in Array(x.values.prefix(inputs)) })
      }
      let problem = RidgeProblem(
        inputs: x, targets: LearningSamples.matrix(samples, 2, from: &source),
        penalty: exp(3 * (2 * source.uniform() - 1)))
      let encoder = try problem.encoder()
      rest.compare(try problem.learned(), encoder.values)
      let program = slopes[[samples, inputs]] ?? RidgeSlope(problem)
      slopes[[samples, inputs]] = program
      slope.compare(program.evaluate(problem, at: encoder), encoder.values.map { _ in 0 })
    }
    return Finding(
      deviations: [
        // The flow ends after a finite time and its exponential rounds; hence not 1e-12.
        rest.deviation(
          "learning at rest = (XᵀX + l I)⁻¹ XᵀY", "学習の平衡点＝(XᵀX＋l I)⁻¹ XᵀY",
          tolerance: 1e-10),
        slope.deviation(
          "∂F/∂W = 0 at the ridge encoder", "リッジ回帰で ∂F/∂W＝0", tolerance: 1e-10),
      ], figure: settings.draws ? try Self.figure(settings) : nil)
  }

  private static func figure(
    _ settings: BridgeSettings
  ) throws(BridgeError) -> LocalizedFigure {
    var source = RandomSource(seed: settings.seed).split("ridge figure")
    let truth = Tensor<Double>(rows: [[1.2], [-0.8], [0.4]])
    let x = LearningSamples.matrix(12, 3, from: &source)
    var y = LinearAlgebra.product(x, truth)
    for index in y.values.indices { y.values[index] += 0.3 * source.normal() }
    let problem = RidgeProblem(inputs: x, targets: y, penalty: 2)
    let encoder = try problem.encoder()
    let times = (0...120).map { 0.05 * Double($0) }
    let path = try problem.path(output: 0, at: times)
    let exponents = (0...60).map { -2 + 5 * Double($0) / 60 }
    let penalties = exponents.map { pow(10, $0) }
    let few = stride(from: 0, through: 60, by: 6).map { penalties[$0] }
    var curve: [[Double]] = []
    for penalty in penalties {
      curve.append(try RidgeProblem(inputs: x, targets: y, penalty: penalty).encoder().values)
    }
    var ends: [[Double]] = []
    for penalty in few {
      ends.append(try RidgeProblem(inputs: x, targets: y, penalty: penalty).learned())
    }
    return LocalizedFigure { language in
      let names = ["₁", "₂", "₃"].map { "W" + $0 }
      let ridge = language.pick("ridge encoder", "リッジ回帰")
      let paths: [Series] = (0..<3).map { weight in
        .line(
          names[weight], role: .state, variant: weight, x: times, y: path.map { $0[weight] })
      }
      let rests: [Series] = (0..<3).map { weight in
        let rest = encoder.values[weight]
        return .line(weight == 0 ? ridge : "", role: .truth, x: [0, 6], y: [rest, rest])
      }
      let curves: [Series] = (0..<3).map { weight in
        .line(
          weight == 0 ? ridge : "", role: .truth, x: penalties, y: curve.map { $0[weight] })
      }
      let dots: [Series] = (0..<3).map { weight in
        .points(
          language.pick("learned ", "学習後の ") + names[weight], role: .state, variant: weight,
          x: few, y: ends.map { $0[weight] }, size: 14)
      }
      return Figure(
        title: language.pick(
          "Learning under a prior comes to rest at ridge regression",
          "事前分布のもとでの学習はリッジ回帰で止まる"),
        rows: [
          [
            Panel(
              title: language.pick("Learning, l = 2", "学習（l = 2）"),
              xLabel: language.pick("time (time units)", "時間"),
              yLabel: language.pick("weight", "重み"),
              series: paths + rests, rules: [.horizontal(0)])
          ],
          [
            Panel(
              title: language.pick("Where learning ends", "学習の終点"),
              xLabel: language.pick("prior precision l", "事前分布の精度 l"),
              yLabel: language.pick("weight", "重み"),
              series: curves + dots, xScale: .logarithmic, rules: [.horizontal(0)])
          ],
        ], language: language)
    }
  }
}

/// A linear encoder to be learned from samples under a Gaussian prior.
struct RidgeProblem {
  /// X `[N × d]`.
  let inputs: Tensor<Double>
  /// Y `[N × e]`.
  let targets: Tensor<Double>
  /// l > 0, the prior precision over the precision of the errors.
  let penalty: Double

  /// `(XᵀX + l I)⁻¹ XᵀY` `[d × e]`, by Cholesky's factor.
  func encoder() throws(BridgeError) -> Tensor<Double> {
    var matrix = LinearAlgebra.transposedProduct(inputs, inputs)
    for index in 0..<inputs.columns { matrix[index, index] += penalty }
    do throws(LinearAlgebraError) {
      return try LinearAlgebra.solvePositiveDefinite(
        matrix, LinearAlgebra.transposedProduct(inputs, targets))
    } catch {
      throw .linearAlgebra(error)
    }
  }

  /// Where the flow of learning is after 50 of its slowest time constants `[d × e]`, row-major.
  func learned() throws(BridgeError) -> [Double] {
    var result = [Double](repeating: 0, count: inputs.columns * targets.columns)
    // Friction 2√l makes every mode decay at the rate √l at least, since XᵀX adds only to l.
    let end = 50 / penalty.squareRoot()
    for output in 0..<targets.columns {
      let weights = try path(output: output, at: [end])[0]
      for (row, weight) in weights.enumerated() { result[row * targets.columns + output] = weight }
    }
    return result
  }

  /// The weights of one output from zero on, at some times.
  func path(output: Int, at times: [Double]) throws(BridgeError) -> [[Double]] {
    let target = (0..<targets.rows).map { targets[$0, output] }
    let flow = LearningFlow(
      inputs: LearningSamples.rows(inputs), targets: target, penalty: penalty,
      friction: 2 * penalty.squareRoot())
    do throws(ODEError) {
      var solver = try ODESolver(
        flow, state: [Double](repeating: 0, count: flow.dimension),
        options: ODEOptions(stepper: .localLinear))
      var result: [[Double]] = []
      for time in times {
        try solver.advance(to: time)
        result.append(Array(solver.state.prefix(inputs.columns)))
      }
      return result
    } catch {
      throw .integration(error)
    }
  }
}

/// ∂F/∂W by reverse differentiation of the program of F, for problems of one size.
struct RidgeSlope {
  private let program: ProgramRunner

  init(_ problem: RidgeProblem) {
    var builder = ProgramBuilder()
    let x = builder.input("x", shape: problem.inputs.shape)
    let y = builder.input("y", shape: problem.targets.shape)
    let w = builder.input("w", shape: .matrix(problem.inputs.columns, problem.targets.columns))
    let penalty = builder.input("l", shape: .scalar)
    let error = builder.binary(.subtract, y, builder.matrixProduct(x, w))
    let misfit = builder.sum(builder.binary(.multiply, error, error))
    let size = builder.sum(builder.binary(.multiply, w, w))
    let prior = builder.binary(.multiply, penalty, size)
    builder.output(
      "F",
      builder.binary(.multiply, builder.constant(0.5), builder.binary(.add, misfit, prior)))
    program = ProgramRunner(builder.build().gradient(of: "F", withRespectTo: ["w"]))
  }

  /// The slope of a problem's F at some weights, row-major.
  func evaluate(_ problem: RidgeProblem, at weights: Tensor<Double>) -> [Double] {
    let result = program.evaluate([
      "x": problem.inputs, "y": problem.targets, "w": weights, "l": Tensor(problem.penalty),
    ])
    return result["gradient.w"]?.values ?? []
  }
}

/// The learning of one output's weights: synaptic traces gather gradients under friction.
///
/// The state is W, then Ẇ (mathematics §4, with κ = 1).
struct LearningFlow: ODESystem {
  /// x_j `[N][d]`.
  let inputs: [[Double]]
  /// y_j `[N]`.
  let targets: [Double]
  /// l.
  let penalty: Double
  /// k.
  let friction: Double

  private var width: Int { inputs[0].count }

  var dimension: Int { 2 * width }

  func derivative(
    time: Double, state: Span<Double>, into derivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    for index in 0..<width {
      derivative[index] = state[width + index]
      derivative[width + index] = -penalty * state[index] - friction * state[width + index]
    }
    for (sample, input) in inputs.enumerated() {
      var error = targets[sample]
      for index in 0..<width { error -= input[index] * state[index] }
      for index in 0..<width { derivative[width + index] += input[index] * error }
    }
  }

  var providesJacobian: Bool { true }

  func jacobian(
    time: Double, state: Span<Double>, into jacobian: inout MutableSpan<Double>,
    timeDerivative: inout MutableSpan<Double>
  ) throws(ODEError) {
    let size = dimension
    for index in 0..<(size * size) { jacobian[index] = 0 }
    for row in 0..<width {
      timeDerivative[row] = 0
      timeDerivative[width + row] = 0
      jacobian[row * size + width + row] = 1
      jacobian[(width + row) * size + width + row] = -friction
      for column in 0..<width {
        var sum = row == column ? penalty : 0
        for input in inputs { sum += input[row] * input[column] }
        jacobian[(width + row) * size + column] = -sum
      }
    }
  }

  var isLinear: Bool { true }

  func variableName(_ index: Int) -> String {
    index < width ? "W[\(index + 1)]" : "W[\(index - width + 1)]′"
  }
}
