internal import Foundation
package import TensorCore

/// The free energy of a recognition density over keys.
///
/// `F(r) = Σ_j r_j (ln r_j − ln p_j − s_j)` in nats: the prior says which key may have caused the
/// query, the scores are log-likelihoods (mathematics §11, P3). `0 ln 0` is 0, and a density that
/// gives weight to a hidden key has infinite F.
package struct CategoricalFreeEnergy: Sendable, Equatable {
  /// The scores s_j [T]; minus infinity hides a key.
  package var scores: [Double]
  /// The prior p_j [T].
  package var prior: [Double]

  /// Creates it; counts that differ are a caller's bug.
  package init(scores: [Double], prior: [Double]) {
    precondition(
      scores.count == prior.count, "\(scores.count) scores and a prior of \(prior.count)")
    self.scores = scores
    self.prior = prior
  }

  /// F(r), term by term.
  package func callAsFunction(_ r: [Double]) -> Double {
    var sum = 0.0
    for key in r.indices where r[key] > 0 {
      sum += r[key] * (log(r[key]) - log(prior[key]) - scores[key])
    }
    return sum
  }

  /// The complexity `KL[r‖p]`.
  package func complexity(_ r: [Double]) -> Double { Self.divergence(r, prior) }

  /// The accuracy `⟨s⟩_r`.
  package func accuracy(_ r: [Double]) -> Double {
    var sum = 0.0
    for key in r.indices where r[key] > 0 { sum += r[key] * scores[key] }
    return sum
  }

  /// `s_j + ln p_j` [T].
  package var logJoint: [Double] { zip(scores, prior).map { $0 + log($1) } }

  /// `KL[r‖p] = Σ_j r_j ln(r_j / p_j)`.
  package static func divergence(_ r: [Double], _ p: [Double]) -> Double {
    precondition(r.count == p.count, "densities over \(r.count) and \(p.count)")
    var sum = 0.0
    for key in r.indices where r[key] > 0 { sum += r[key] * log(r[key] / p[key]) }
    return sum
  }

  /// A random density that has weight only on some keys.
  package static func random(
    on support: [Bool], from source: inout RandomSource
  ) -> [Double] {
    Vectors.softmax(support.map { $0 ? 1.5 * source.normal() : -.infinity })
  }

  /// The end of mirror descent on F, from the uniform density.
  ///
  /// `ln r ← ln r − η ∂F/∂r`, then normalized, where ∂F/∂r is the reverse gradient of a program of
  /// F: nothing here knows of softmax attention. Keys that the prior or the scores hide are left
  /// out. Every step has the distance to the end in `ln r` multiplied by 1 − η.
  ///
  /// - Parameters:
  ///   - steps: how many steps.
  ///   - rate: η, between 0 and 1.
  /// - Returns: the densities after each step, the start first.
  package func descent(steps: Int, rate: Double) -> [[Double]] {
    let joint = logJoint
    let visible = joint.indices.filter { joint[$0] > -.infinity }
    var builder = ProgramBuilder()
    let r = builder.input("r", shape: .vector(visible.count))
    let g = builder.input("g", shape: .vector(visible.count))
    let inside = builder.binary(.subtract, builder.unary(.log, r), g)
    builder.output("F", builder.sum(builder.binary(.multiply, r, inside)))
    let runner = ProgramRunner(
      builder.build().gradient(of: "F", withRespectTo: ["r"]),
      ["g": visible.map { joint[$0] }])
    var logits = visible.map { _ in 0.0 }
    var path: [[Double]] = []
    for step in 0...steps {
      let density = Vectors.softmax(logits)
      var whole = [Double](repeating: 0, count: joint.count)
      for (index, key) in visible.enumerated() { whole[key] = density[index] }
      path.append(whole)
      if step == steps { break }
      runner.set("r", density)
      runner.run()
      logits = Vectors.sum(logits, -rate, runner("gradient.r"))
    }
    return path
  }
}
