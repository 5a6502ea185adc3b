internal import Foundation
package import ModelFiles
internal import Reporting
internal import TensorCore

/// P18: soft sharing of parameters is an empirical prior that links two tasks.
///
/// `l ‖θ₁ − θ₂‖²` is what stays of `θ₁, θ₂ ~ N(θ₀, π⁻¹ I)` with a flat θ₀ when θ₀ is
/// integrated out, and `π = 4 l` (mathematics §1). Source: Duong et al. 2015.
package struct SoftSharingComparison: BridgeComparison {
  /// Creates the comparison.
  package init() {}

  package var name: String { "soft-sharing" }
  package var number: String { "P18" }
  package var kind: ComparisonKind { .identity }
  package var title: LocalizedText {
    LocalizedText(
      english: "Soft parameter sharing is an empirical prior",
      japanese: "パラメータの緩い共有は経験的事前分布")
  }
  package var claim: Claim {
    Claim(
      equation: [
        "E = ½ Σₜ τₜ ‖yₜ − Xₜ θₜ‖² + l ‖θ₁ − θ₂‖²",
        "F = ½ Σₜ τₜ ‖yₜ − Xₜ θₜ‖² + ½ π Σₜ ‖θₜ − θ₀‖²,  p(θ₀) ∝ 1",
        "min[θ₀] ½ π Σₜ ‖θₜ − θ₀‖² = ¼ π ‖θ₁ − θ₂‖²  ⇒  π = 4 l",
      ],
      meaning: LocalizedText(
        english: """
          A penalty that holds the parameters of two tasks together says that both were drawn \
          around a common value which nothing else is known about. Integrating this value out \
          leaves exactly the coupling, with a quarter of the prior precision as its weight, and \
          the penalized fit is the posterior mode of the hierarchy. The fit alone does not report \
          how uncertain the two stay. For more than two tasks the same prior couples every pair.
          """,
        japanese: """
          2つの課題のパラメータを近づける罰則は、\
          どちらも未知の共通の値のまわりから選ばれた、という仮定と同じです。\
          共通の値を積分して消すと、ちょうど結合の項だけが残り、その重みは事前分布の精度の4分の1です。\
          罰則つきの解は、階層モデルの事後分布の最頻値になります。\
          ただし、罰則つきの解だけでは不確かさはわかりません。\
          課題が3つ以上でも、同じ事前分布がすべての対を結びつけます。
          """),
      section: "§1, §3", references: ["duong2015low", "friston2008hierarchical"])
  }
  package var glossary: [String] {
    ["empirical-prior", "prior", "precision", "hierarchical-dynamic-model"]
  }

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    var source = RandomSource(seed: settings.seed).split(name)
    var mode = DeviationMeter()
    var center = DeviationMeter()
    var coupling = DeviationMeter()
    var slope = DeviationMeter()
    // A few sizes, so that the program of the slope is compiled once for many instances. The second
    // task may have fewer samples than parameters, and first of all a single one.
    let sizes = (0..<9).map { index in
      let width = index == 0 ? 3 : LearningSamples.whole(1...5, from: &source)
      return (
        width: width,
        samples: [
          width + LearningSamples.whole(2...12, from: &source),
          index == 0 ? 1 : LearningSamples.whole(1...12, from: &source),
        ]
      )
    }
    var slopes: [[Int]: SharingSlope] = [:]
    for instance in 0..<(max(1, settings.instances) + 1) {
      let (width, samples) = sizes[instance % sizes.count]
      let problem = SharingProblem(
        inputs: samples.map { LearningSamples.matrix($0, width, from: &source) },
        targets: samples.map { LearningSamples.matrix($0, 1, from: &source) },
        precisions: [exp(source.uniform() - 0.5), exp(source.uniform() - 0.5)],
        penalty: exp(2 * (2 * source.uniform() - 1)))
      do throws(LinearAlgebraError) {
        let penalized = try problem.penalized().values
        let hierarchy = try problem.posteriorMode().values
        mode.compare(Array(hierarchy.prefix(2 * width)), penalized)
        center.compare(
          Array(hierarchy.suffix(width)),
          (0..<width).map { 0.5 * (penalized[$0] + penalized[width + $0]) })
        coupling.compare(
          try problem.marginalPrecision().values, problem.penaltyCurvature.values)
        let program = slopes[samples + [width]] ?? SharingSlope(problem)
        slopes[samples + [width]] = program
        slope.compare(
          program.evaluate(problem, at: Array(hierarchy.prefix(2 * width))),
          penalized.map { _ in 0 })
      } catch {
        throw .linearAlgebra(error)
      }
    }
    return Finding(
      deviations: [
        mode.deviation(
          "minimum of the penalized loss = posterior mode, π = 4 l",
          "罰則つき損失の最小＝事後分布の最頻値（π＝4 l）", tolerance: 1e-12),
        center.deviation(
          "θ₀ = mean of θ₁ and θ₂", "θ₀＝θ₁ と θ₂ の平均", tolerance: 1e-12),
        coupling.deviation(
          "prior precision of (θ₁, θ₂) without θ₀ = curvature of the penalty",
          "θ₀ を消した事前精度＝罰則の曲率", tolerance: 1e-12),
        slope.deviation(
          "slope of the penalized loss = 0 at the posterior mode",
          "事後分布の最頻値で罰則つき損失の勾配＝0", tolerance: 1e-12),
      ], figure: settings.draws ? try Self.figure(settings) : nil)
  }

  private static func figure(
    _ settings: BridgeSettings
  ) throws(BridgeError) -> LocalizedFigure {
    var source = RandomSource(seed: settings.seed).split("soft-sharing figure")
    let truth = [1.0, 0.4]
    let inputs = [12, 4].map { LearningSamples.matrix($0, 1, from: &source) }
    let targets = zip(inputs, truth).map { inputs, slope in
      Tensor(
        shape: inputs.shape, values: inputs.values.map { slope * $0 + 0.4 * source.normal() })
    }
    let penalties = (0...60).map { pow(10, -2 + 5 * Double($0) / 60) }
    var fits: [[Double]] = []
    var modes: [[Double]] = []
    let few = stride(from: 0, through: 60, by: 6).map { penalties[$0] }
    do throws(LinearAlgebraError) {
      for penalty in penalties {
        fits.append(
          try SharingProblem(
            inputs: inputs, targets: targets, precisions: [1, 1], penalty: penalty
          ).penalized().values)
      }
      for penalty in few {
        modes.append(
          try SharingProblem(
            inputs: inputs, targets: targets, precisions: [1, 1], penalty: penalty
          ).posteriorMode().values)
      }
    } catch {
      throw .linearAlgebra(error)
    }
    return LocalizedFigure { language in
      Figure(
        title: language.pick(
          "A penalty on the difference draws two tasks to a common prior",
          "差への罰則は、2つの課題を共通の事前分布へ引き寄せる"),
        rows: [
          [
            Panel(
              xLabel: language.pick("penalty l = π/4", "罰則の重み l = π/4"),
              yLabel: language.pick("slope θ", "傾き θ"),
              series: [
                .line(
                  language.pick("penalized fits", "罰則つきの解"), role: .truth, x: penalties,
                  y: fits.map { $0[0] }),
                .line(role: .truth, x: penalties, y: fits.map { $0[1] }),
                .points(
                  language.pick("mode of θ₁ (12 samples)", "θ₁ の最頻値（12標本）"), role: .state,
                  x: few, y: modes.map { $0[0] }, size: 16),
                .points(
                  language.pick("mode of θ₂ (4 samples)", "θ₂ の最頻値（4標本）"), role: .state,
                  variant: 1, x: few, y: modes.map { $0[1] }, size: 16),
                .points(
                  language.pick("common θ₀", "共通の θ₀"), role: .cause, x: few,
                  y: modes.map { $0[2] }, size: 14),
              ], xScale: .logarithmic)
          ]
        ], language: language)
    }
  }
}

/// Two tasks of linear regression whose parameters are to stay close.
struct SharingProblem {
  /// X_t `[N_t × d]`.
  let inputs: [Tensor<Double>]
  /// y_t `[N_t × 1]`.
  let targets: [Tensor<Double>]
  /// τ_t, the precisions of the errors.
  let precisions: [Double]
  /// l.
  let penalty: Double

  /// d.
  var width: Int { inputs[0].columns }

  /// π, the prior precision that belongs to the penalty.
  var priorPrecision: Double { 4 * penalty }

  /// (θ₁, θ₂) `[2d × 1]` with the least penalized loss.
  func penalized() throws(LinearAlgebraError) -> Tensor<Double> {
    let curvature = addingTasks(to: penaltyCurvature)
    return try LinearAlgebra.solvePositiveDefinite(curvature.matrix, curvature.drive)
  }

  /// (θ₁, θ₂, θ₀) `[3d × 1]`, the mode of the posterior of the hierarchy.
  func posteriorMode() throws(LinearAlgebraError) -> Tensor<Double> {
    let posterior = addingTasks(to: hierarchyPrecision)
    return try LinearAlgebra.solvePositiveDefinite(posterior.matrix, posterior.drive)
  }

  /// The second derivative of `l ‖θ₁ − θ₂‖²`, `[2d × 2d]`.
  var penaltyCurvature: Tensor<Double> {
    LinearAlgebra.kronecker(
      Tensor(rows: [[2 * penalty, -2 * penalty], [-2 * penalty, 2 * penalty]]), .identity(width))
  }

  /// The prior precision of (θ₁, θ₂, θ₀), flat in the direction that moves all three.
  private var hierarchyPrecision: Tensor<Double> {
    let p = priorPrecision
    return LinearAlgebra.kronecker(
      Tensor(rows: [[p, 0, -p], [0, p, -p], [-p, -p, 2 * p]]), .identity(width))
  }

  /// The precision of (θ₁, θ₂) with θ₀ integrated out: the Schur complement of its block.
  func marginalPrecision() throws(LinearAlgebraError) -> Tensor<Double> {
    let whole = hierarchyPrecision, kept = 2 * width
    func block(_ rows: Range<Int>, _ columns: Range<Int>) -> Tensor<Double> {
      Tensor(rows: rows.map { row in columns.map { whole[row, $0] } })
    }
    let cross = block(0..<kept, kept..<(3 * width))
    let solved = try LinearAlgebra.solvePositiveDefinite(
      block(kept..<(3 * width), kept..<(3 * width)), LinearAlgebra.transpose(cross))
    var result = block(0..<kept, 0..<kept)
    for (index, entry) in LinearAlgebra.product(cross, solved).values.enumerated() {
      result.values[index] -= entry
    }
    return result
  }

  private func addingTasks(
    to prior: Tensor<Double>
  ) -> (matrix: Tensor<Double>, drive: Tensor<Double>) {
    var matrix = prior
    var drive = Tensor<Double>(repeating: 0, shape: .matrix(prior.rows, 1))
    for task in 0..<2 {
      let own = LinearAlgebra.transposedProduct(inputs[task], inputs[task])
      let pull = LinearAlgebra.transposedProduct(inputs[task], targets[task])
      for row in 0..<width {
        drive[task * width + row, 0] += precisions[task] * pull[row, 0]
        for column in 0..<width {
          matrix[task * width + row, task * width + column] += precisions[task] * own[row, column]
        }
      }
    }
    return (matrix, drive)
  }
}

/// The slope of the penalized loss by reverse differentiation, for problems of one size.
struct SharingSlope {
  private let program: ProgramRunner

  init(_ problem: SharingProblem) {
    var builder = ProgramBuilder()
    let theta = (0..<2).map {
      builder.input("theta\($0)", shape: .matrix(problem.width, 1))
    }
    let penalty = builder.input("l", shape: .scalar)
    let precisions = builder.input("tau", shape: .vector(2))
    func squares(_ value: Value) -> Value { builder.sum(builder.binary(.multiply, value, value)) }
    var loss = builder.binary(
      .multiply, penalty, squares(builder.binary(.subtract, theta[0], theta[1])))
    for task in 0..<2 {
      let x = builder.input("x\(task)", shape: problem.inputs[task].shape)
      let y = builder.input("y\(task)", shape: problem.targets[task].shape)
      let error = builder.binary(.subtract, y, builder.matrixProduct(x, theta[task]))
      let half = builder.binary(
        .multiply, builder.constant(0.5), builder.element(precisions, axis: 0, index: task))
      loss = builder.binary(.add, loss, builder.binary(.multiply, half, squares(error)))
    }
    builder.output("E", loss)
    program = ProgramRunner(
      builder.build().gradient(of: "E", withRespectTo: ["theta0", "theta1"]))
  }

  /// The slope at (θ₁, θ₂), `[2d]`.
  func evaluate(_ problem: SharingProblem, at parameters: [Double]) -> [Double] {
    var arguments = [
      "l": Tensor(problem.penalty), "tau": Tensor(vector: problem.precisions),
    ]
    for task in 0..<2 {
      let own = parameters[(task * problem.width)..<((task + 1) * problem.width)]
      arguments["theta\(task)"] = Tensor(shape: .matrix(problem.width, 1), values: Array(own))
      arguments["x\(task)"] = problem.inputs[task]
      arguments["y\(task)"] = problem.targets[task]
    }
    let result = program.evaluate(arguments)
    return (0..<2).flatMap { result["gradient.theta\($0)"]?.values ?? [] }
  }
}
