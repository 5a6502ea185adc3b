internal import DynamicModels
internal import ModelFiles
internal import ModelLanguage
internal import Recognition
internal import TensorCore

/// A parameter to be switched off in a model that has been inverted: fixed at one value.
public struct Reduction: Sendable, Equatable {
  /// A parameter such as `A`, or one entry of it such as `A[1,2]`.
  public let name: String
  /// Where it is fixed, or nil for its prior mean.
  public let value: Double?

  /// Reads `NAME` or `NAME=VALUE`.
  ///
  /// - Throws: ``ComparisonError/invalidReduction(_:)`` in a `RunError`.
  public init(_ text: String) throws(RunError) {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    name = parts.first.map { $0.filter { $0 != " " } } ?? ""
    let number = parts.count == 2 ? Double(parts[1].filter { $0 != " " }) : nil
    guard !name.isEmpty, parts.count <= 2, parts.count == 1 || number?.isFinite == true else {
      throw .comparison(.invalidReduction(text))
    }
    value = number
  }

  /// The text that gives this reduction.
  public var label: String { value.map { "\(name)=\(plain($0))" } ?? name }

  /// The places, among all parameters of a model, of the unknown entries that it fixes.
  func places(in file: ModelFile) -> [Int] {
    UnknownParameters(file).entries.filter { $0.name == name || $0.block == name }.map(\.place)
  }

  /// Refuses a reduction that no model has the parameter for.
  func check(_ files: [ModelFile]) throws(RunError) {
    if files.contains(where: { !places(in: $0).isEmpty }) { return }
    let entries = files.flatMap { UnknownParameters($0).entries }
    var known: [String] = []
    for name in entries.flatMap({ [$0.block, $0.name] }) where !known.contains(name) {
      known.append(name)
    }
    throw .comparison(
      .unknownParameter(
        name: name, suggestion: NameSuggestion.nearest(to: name, among: known), known: known))
  }

  /// What fixing the parameter does to an inverted model, from its posterior alone.
  func apply(to result: RunResult) throws(RunError) -> ReducedModel {
    let places = places(in: result.file)
    let unknowns = UnknownParameters(result.file)
    let count = unknowns.covariance.rows
    guard result.record.parameterCovariance.shape == .matrix(count, count) else {
      throw .comparison(.noPosterior(model: result.file.name))
    }
    // Entries that were known beforehand have no density to reduce.
    let free = unknowns.entries.map(\.place)
    let names = unknowns.entries.map(\.name)
    let posteriorMeans = result.record.parameters.flatMap(\.mean)
    let prior = BayesianModelReduction.Gaussian(
      mean: free.map { unknowns.means[$0] }, covariance: unknowns.covariance.part(free))
    let posterior = BayesianModelReduction.Gaussian(
      mean: free.map { posteriorMeans[$0] },
      covariance: result.record.parameterCovariance.part(free))
    var reduced = prior
    for (index, place) in free.enumerated() where places.contains(place) {
      reduced.mean[index] = value ?? prior.mean[index]
      for other in free.indices {
        reduced.covariance[index, other] = 0
        reduced.covariance[other, index] = 0
      }
    }
    do throws(LinearAlgebraError) {
      let outcome = try BayesianModelReduction(prior: prior, posterior: posterior)
        .reduce(to: reduced)
      return ReducedModel(
        logEvidenceChange: outcome.logEvidenceChange, names: names,
        mean: outcome.posterior.mean,
        deviation: free.indices.map {
          max(0, outcome.posterior.covariance[$0, $0]).squareRoot()
        })
    } catch {
      throw .comparison(
        .reduction(model: result.file.name, parameter: label, error))
    }
  }
}

/// A model with a parameter switched off: its evidence against the full model, and what is left.
public struct ReducedModel: Sendable, Equatable {
  /// ln p(y | reduced) − ln p(y | full), in nats.
  public let logEvidenceChange: Double
  /// The names of all entries that were unknown in the full model.
  public let names: [String]
  /// Their posterior means in the reduced model.
  public let mean: [Double]
  /// Their posterior standard deviations; zero for those that are fixed.
  public let deviation: [Double]
}

/// The unknown parameters of a model, stacked level by level as an inversion records them.
struct UnknownParameters {
  struct Entry {
    let place: Int
    let block: String
    let name: String
  }

  /// Entries whose prior leaves them open.
  let entries: [Entry]
  /// Prior means of all entries, also of those without variance.
  let means: [Double]
  /// Prior covariance of all entries.
  let covariance: Tensor<Double>

  init(_ file: ModelFile) {
    let levels = file.model.levels
    let count = levels.reduce(0) { $0 + $1.parameters.count }
    var covariance = Tensor<Double>(repeating: 0, shape: .matrix(count, count))
    var entries: [Entry] = []
    var means: [Double] = []
    for level in levels {
      let start = means.count
      let names = level.parameters.elementNames
      for block in level.parameters.blocks {
        for index in block.range where level.parameterPriorCovariance[index, index] > 0 {
          entries.append(Entry(place: start + index, block: block.name, name: names[index]))
        }
      }
      for row in 0..<level.parameters.count {
        for column in 0..<level.parameters.count {
          covariance[start + row, start + column] = level.parameterPriorCovariance[row, column]
        }
      }
      means += level.parameterValues
    }
    self.entries = entries
    self.means = means
    self.covariance = covariance
  }
}

extension Tensor where Scalar == Double {
  /// The rows and columns of a square matrix that are named.
  fileprivate func part(_ places: [Int]) -> Tensor<Double> {
    Tensor(
      shape: .matrix(places.count, places.count),
      values: places.flatMap { row in places.map { self[row, $0] } })
  }
}
