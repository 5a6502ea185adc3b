internal import Foundation
public import TensorCore

/// A map in the plane on which close points stay close: t-distributed stochastic neighbor embedding.
///
/// Gradient descent on the divergence between affinities of the points and of the map,
///
///     KL = Σ p(i,j) log (p(i,j) / q(i,j)),   q(i,j) ∝ 1 / (1 + |yᵢ − yⱼ|²),
///
/// computed exactly, without grids or trees, so time grows with the square of the number of points.
/// The same points, settings and seed give the same map.
///
/// References: van der Maaten & Hinton 2008, JMLR 9:2579; Belkina et al. 2019, Nat Commun 10:5415
/// (learning rate); Kobak & Linderman 2021, Nat Biotechnol 39:156 (start).
public struct NeighborEmbedding: Sendable, Hashable {
  /// Where the points of the map begin.
  public enum Start: Sendable, Hashable {
    /// At random, close together.
    case random
    /// On the first two principal components, close together.
    case principalComponents
  }

  /// How the map is found.
  public struct Settings: Sendable, Hashable {
    /// The effective number of neighbors of every point; `nil` for the customary one.
    public var perplexity: Double?
    /// Where the points begin.
    public var start: Start
    /// The number of steps.
    public var iterations: Int
    /// The factor on the affinities in the first steps, which lets clusters form.
    public var exaggeration: Double
    /// The number of first steps with that factor.
    public var exaggeratedIterations: Int
    /// The length of a step over the gradient; `nil` for the number of points over the exaggeration.
    public var learningRate: Double?
    /// The share of the last step that is kept in the first 250 steps.
    public var earlyMomentum = 0.5
    /// The share of the last step that is kept after that.
    public var lateMomentum = 0.8

    /// Creates settings.
    public init(
      perplexity: Double? = nil, start: Start = .principalComponents, iterations: Int = 1000,
      exaggeration: Double = 12, exaggeratedIterations: Int = 250, learningRate: Double? = nil
    ) {
      self.perplexity = perplexity
      self.start = start
      self.iterations = iterations
      self.exaggeration = exaggeration
      self.exaggeratedIterations = exaggeratedIterations
      self.learningRate = learningRate
    }
  }

  /// The divergence after a number of steps.
  public struct Progress: Sendable, Hashable {
    /// The number of steps.
    public let iteration: Int
    /// The divergence in nats, without exaggeration.
    public let divergence: Double
  }

  /// The points of the map, one per row `[n × 2]`, their mean at zero.
  public let coordinates: Tensor<Double>
  /// The perplexity used.
  public let perplexity: Double
  /// The divergence at the start, every ten steps and at the end.
  public let progress: [Progress]

  /// The largest perplexity for a number of points: three quarters of the others, but above one.
  public static func perplexityLimit(_ count: Int) -> Double { max(0.75 * Double(count - 1), 1.25) }

  /// The perplexity for a number of points where none is asked for: a third of the others, at most
  /// 30; of a few points up to a half, for with the nearest alone the map becomes a line.
  public static func customaryPerplexity(_ count: Int) -> Double {
    let others = Double(count - 1)
    return min(30, max(others / 3, min(others / 2, 3), 1.25))
  }

  /// Finds a map.
  ///
  /// - Parameters:
  ///   - points: one point per row `[n × d]`.
  ///   - settings: how the map is found.
  ///   - seed: of the random start, and of the search for principal components.
  /// - Throws: `NeighborEmbeddingError`.
  public init(
    _ points: Tensor<Double>, settings: Settings = Settings(), seed: UInt64
  ) throws(NeighborEmbeddingError) {
    perplexity = try Self.check(points, settings)
    var random = RandomSource(seed: seed).split("neighbor embedding")
    let distances = NeighborAffinities.squaredDistances(points)
    let affinities = NeighborAffinities.joint(
      NeighborAffinities.conditional(distances, perplexity: perplexity))
    var map =
      switch settings.start {
      case .random: random.normals(2 * points.rows).map { 1e-4 * $0 }
      case .principalComponents: PrincipalComponents.plane(points, random: &random)
      }
    var descent = NeighborDescent(affinities: affinities.values, count: points.rows)
    progress = descent.run(&map, settings)
    guard map.allSatisfy(\.isFinite) else { throw .diverged }
    coordinates = Tensor(shape: .matrix(points.rows, 2), values: map)
  }

  /// The perplexity to use for points that can be mapped.
  private static func check(
    _ points: Tensor<Double>, _ settings: Settings
  ) throws(NeighborEmbeddingError) -> Double {
    precondition(points.shape.rank == 2, "points of shape \(points.shape)")
    precondition(
      settings.iterations >= 0 && settings.exaggeration > 0
        && settings.learningRate.map { $0 > 0 } ?? true, "settings \(settings)")
    guard points.rows >= 3 else { throw .tooFewPoints(count: points.rows, minimum: 3) }
    if let index = points.values.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(row: index / points.columns, column: index % points.columns)
    }
    let limit = perplexityLimit(points.rows)
    guard let perplexity = settings.perplexity else { return customaryPerplexity(points.rows) }
    guard perplexity > 1 else { throw .perplexityTooSmall(perplexity) }
    guard perplexity <= limit else {
      throw .perplexityTooLarge(perplexity, limit: limit, count: points.rows)
    }
    return perplexity
  }
}

/// Why no map can be found.
public enum NeighborEmbeddingError: Error, Sendable, Equatable {
  /// Too few points for a map to mean anything.
  case tooFewPoints(count: Int, minimum: Int)
  /// A perplexity of at most one neighbor.
  case perplexityTooSmall(Double)
  /// A perplexity of more neighbors than the points can have.
  case perplexityTooLarge(Double, limit: Double, count: Int)
  /// A coordinate that is infinite or not a number; rows and columns count from zero.
  case notFinite(row: Int, column: Int)
  /// The steps were too long and the map grew without bound.
  case diverged

  /// What is wrong, in English, as a sentence without a full stop.
  public var english: String {
    switch self {
    case .tooFewPoints(let count, let minimum):
      "\(count) points are too few for a map; it takes at least \(minimum)"
    case .perplexityTooSmall(let value):
      "the perplexity is \(value); it has to be above 1"
    case .perplexityTooLarge(let value, let limit, let count):
      "the perplexity is \(value), too large for \(count) points; at most \(limit) is possible"
    case .notFinite(let row, let column):
      "entry \(column + 1) of point \(row + 1) is not a finite number"
    case .diverged:
      "the map grew without bound; choose a smaller learning rate"
    }
  }

  /// What is wrong, in Japanese, as a sentence without a full stop.
  public var japanese: String {
    switch self {
    case .tooFewPoints(let count, let minimum):
      "\(count) 点では地図を作れません。少なくとも \(minimum) 点必要です"
    case .perplexityTooSmall(let value):
      "パープレキシティ \(value) は 1 より大きくなければなりません"
    case .perplexityTooLarge(let value, let limit, let count):
      "パープレキシティ \(value) は \(count) 点に対して大きすぎます。\(limit) 以下にしてください"
    case .notFinite(let row, let column):
      "第 \(row + 1) 点の第 \(column + 1) 成分が有限の数ではありません"
    case .diverged:
      "地図が際限なく広がりました。学習率を小さくしてください"
    }
  }
}
