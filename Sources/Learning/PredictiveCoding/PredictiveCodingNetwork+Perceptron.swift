package import TensorCore

extension PredictiveCodingNetwork {
  /// What the last prediction is judged by.
  package enum Loss: Hashable, Sendable, Codable {
    /// `½ π Σ w ‖y − x̂_L‖²`; data `target` [B × n].
    case gaussian(precision: Double)
    /// `Σ w (ln Σ exp(x̂_L) − x̂_L[label])`; data `labels` [B], whole numbers from 0.
    case crossEntropy

    /// Half the squared distance.
    package static let gaussian = Loss.gaussian(precision: 1)
  }

  /// A multilayer perceptron: `x̂_1 = x₀ W_1 + b_1`, `x̂_l = f(x_{l−1}) W_l + b_l`.
  ///
  /// States are what enters the activation, as in Whittington & Bogacz 2017. Data: `input` [B × n₀],
  /// `target` or `labels`, and `weights` [B], how much each row counts. Parameters:
  /// `layer.l.weight` [n_{l−1} × n_l] and `layer.l.bias` [n_l], l from 1.
  ///
  /// - Parameters:
  ///   - widths: n₀ … n_L, at least two.
  ///   - activation: f.
  ///   - rows: B, the rows of one shard.
  ///   - loss: what the last prediction is judged by.
  ///   - precisions: π_1 … π_{L−1}; ones where nil.
  /// - Returns: the network.
  package static func perceptron(
    widths: [Int], activation: UnaryOperation, rows: Int, loss: Loss, precisions: [Double]? = nil
  ) -> PredictiveCodingNetwork {
    let count = widths.count - 1
    precondition(count >= 1, "widths \(widths) of a network without a layer")
    precondition(
      precisions == nil || precisions?.count == count - 1,
      "\(precisions?.count ?? 0) precisions for \(count - 1) states")
    let stages = (1...count).map { layer -> Stage in
      let (from, to) = (widths[layer - 1], widths[layer])
      let name = "layer.\(layer)"
      let weight = ParameterDeclaration("\(name).weight", [from, to], .glorot)
      let bias = ParameterDeclaration("\(name).bias", [to], .constant(0))
      var builder = ProgramBuilder()
      var x = builder.input(layer == 1 ? "input" : "previous", shape: .matrix(rows, from))
      if layer > 1 { x = builder.unary(activation, x) }
      let product = builder.matrixProduct(x, builder.input(weight.name, shape: weight.shape))
      let offset = builder.input(bias.name, shape: bias.shape)
      builder.output(
        "prediction", builder.binary(.add, product, builder.broadcast(offset, to: product.shape)))
      return Stage(
        name, program: builder.build(), parameters: [weight, bias],
        precision: layer < count ? precisions?[layer - 1] ?? 1 : 1)
    }
    let last = Shape.matrix(rows, widths[count])
    return PredictiveCodingNetwork(
      stages: stages, objective: loss.program(last),
      data: ["input", loss == .crossEntropy ? "labels" : "target", "weights"])
  }
}

extension PredictiveCodingNetwork.Loss {
  /// The loss of a prediction of rows as a program.
  package func program(_ shape: Shape) -> Program {
    var builder = ProgramBuilder()
    let prediction = builder.input("prediction", shape: shape)
    let rows = shape[0]
    let loss: Value
    let weights: Value
    switch self {
    case .gaussian(let precision):
      let target = builder.input("target", shape: shape)
      weights = builder.input("weights", shape: .vector(rows))
      let error = builder.binary(.subtract, prediction, target)
      let squares = builder.sum(builder.binary(.multiply, error, error), axis: 1)
      let half = builder.constant(0.5 * precision)
      loss = builder.binary(
        .multiply, builder.sum(builder.binary(.multiply, weights, squares)), half)
    case .crossEntropy:
      let labels = builder.input("labels", shape: .vector(rows))
      weights = builder.input("weights", shape: .vector(rows))
      let chosen = builder.sum(
        builder.binary(.multiply, builder.oneHot(labels, count: shape[1]), prediction), axis: 1)
      let surprise = builder.binary(.subtract, builder.logSumExp(prediction), chosen)
      loss = builder.sum(builder.binary(.multiply, weights, surprise))
    }
    builder.output("loss", loss)
    builder.output("weight", builder.sum(weights))
    return builder.build()
  }
}
