internal import Foundation
internal import ModelFiles
public import Recognition
public import TensorCore

/// What a comparison found: one row per model, then one per reduction.
public struct ComparisonOutcome: Sendable {
  /// One model or reduction.
  public struct Row: Sendable {
    /// What tables call it.
    public let label: String
    /// The 0-based number of the model.
    public let model: Int
    /// The parameter that is switched off, if any.
    public let reduction: Reduction?
    /// F of the whole record, in nats; nil where the row failed.
    public var freeEnergy: Double?
    /// Its parts, where the scheme gives them.
    public var evidence: EvidenceParts?
    /// The model without the parameter.
    public var reduced: ReducedModel?
    /// Why there is no evidence.
    public var failure: RunError?
    /// The prior probability among all rows.
    public let prior: Double
    /// The posterior probability among the rows that have an evidence.
    public var probability: Double?
    /// ln p(y | this row) − ln p(y | the best row), never above zero.
    public var logBayesFactor: Double?
  }

  /// What was compared.
  public let comparison: Comparison
  /// The inversion of every model.
  public let results: [Result<RunResult, RunError>]
  /// The data `[N × channels]`.
  public let data: Tensor<Double>
  /// The rows: models in their order, then reductions model by model.
  public let rows: [Row]

  init(
    _ comparison: Comparison, results: [Result<RunResult, RunError>], data: Tensor<Double>
  ) {
    self.comparison = comparison
    self.results = results
    self.data = data
    let plans = Comparison.rows(comparison.files, comparison.reductions)
    let equal = 1 / Double(plans.count)
    var rows = plans.enumerated().map { index, plan in
      Self.row(plan, results[plan.model], prior: comparison.priors?[index] ?? equal)
    }
    Self.compare(&rows)
    self.rows = rows
  }

  private static func row(
    _ plan: Comparison.RowPlan, _ outcome: Result<RunResult, RunError>, prior: Double
  ) -> Row {
    var row = Row(label: plan.label, model: plan.model, reduction: plan.reduction, prior: prior)
    do throws(RunError) {
      let result = try outcome.get()
      // F of an inversion that broke off is not the model's.
      if let failure = result.failure { throw failure }
      guard let total = result.record.totalFreeEnergy, total.isFinite else {
        throw .comparison(.noEvidence(result.scheme))
      }
      guard let reduction = plan.reduction else {
        row.freeEnergy = total
        row.evidence = result.record.evidence
        return row
      }
      let reduced = try reduction.apply(to: result)
      row.reduced = reduced
      row.freeEnergy = total - reduced.logEvidenceChange
    } catch {
      row.failure = error
    }
    return row
  }

  /// Fills in Bayes factors and posterior probabilities of the rows that have an evidence.
  static func compare(_ rows: inout [Row]) {
    let valid = rows.indices.filter { rows[$0].freeEnergy != nil }
    let evidences = valid.map { -(rows[$0].freeEnergy ?? .nan) }
    guard let best = evidences.max() else { return }
    let priors = valid.map { rows[$0].prior }
    // With no prior left on any of them there is no posterior either.
    let isPossible = priors.contains { $0 > 0 }
    let probabilities = ModelComparison.posteriorProbabilities(
      evidences, priorProbabilities: priors)
    for (position, index) in valid.enumerated() {
      rows[index].logBayesFactor = evidences[position] - best
      if isPossible { rows[index].probability = probabilities[position] }
    }
  }

  /// Why the comparison is not whole, if it is not.
  public var failure: RunError? {
    let failed = rows.count { $0.freeEnergy == nil }
    guard failed > 0 else { return nil }
    // A wish to stop is told as such.
    for row in rows {
      switch row.failure {
      case .stopped?, .stoppedPasses?: return row.failure
      default: continue
      }
    }
    return .comparison(.failedModels(failed, of: rows.count))
  }

  /// How strongly the data favour the best model over one with this log Bayes factor.
  ///
  /// The grades are those of Kass & Raftery 1995, J Am Stat Assoc 90:773.
  enum Grade: Equatable {
    case best, barely, positive, strong, veryStrong

    init(logBayesFactor: Double) {
      switch exp(-logBayesFactor) {
      case ...1: self = .best
      case ..<3: self = .barely
      case ..<20: self = .positive
      case ..<150: self = .strong
      default: self = .veryStrong
      }
    }
  }
}
