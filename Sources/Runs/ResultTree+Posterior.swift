internal import DynamicModels
internal import ModelFiles
internal import Recognition
internal import Reporting
internal import TensorCore

extension RunResult {
  /// Unknown parameters or log-precisions by their names.
  func estimateTree(_ records: [EstimateRecord], _ kind: EstimateEntry.Kind) -> ResultTree {
    var tree = ResultTree.emptyObject
    for estimate in records {
      func shaped(_ values: [Double]) -> ResultTree {
        if estimate.shape.isScalar, let value = values.first { return .number(value) }
        return .tensor(Tensor(shape: estimate.shape, values: values))
      }
      var own: ResultTree = [
        "mean": shaped(estimate.mean), "sd": shaped(estimate.standardDeviation),
        "prior": shaped(estimate.prior),
        "priorSd": shaped(priorDeviations(of: estimate, kind)),
      ]
      if truth != nil, let values = trueValues(of: estimate, kind) { own["true"] = shaped(values) }
      tree[estimate.name] = own
    }
    return tree
  }

  /// The joint posterior of all unknown parameters and of all log-precisions; nil without any.
  var posteriorTree: ResultTree? {
    var tree = ResultTree.emptyObject
    func add(
      _ key: String, _ kind: EstimateEntry.Kind, _ covariance: Tensor<Double>,
      _ course: Tensor<Double>
    ) {
      let names = estimateEntries.filter { $0.kind == kind }.map(\.name)
      guard !names.isEmpty else { return }
      var own: ResultTree = ["names": .strings(names)]
      if covariance.shape == .matrix(names.count, names.count) {
        own["covariance"] = .tensor(covariance)
      }
      if course.shape == .matrix(record.times.count, names.count) {
        own["course"] = .tensor(course)
      }
      tree[key] = own
    }
    add("parameters", .parameter, record.parameterCovariance, record.parameterCourse)
    add("logPrecisions", .logPrecision, record.logPrecisionCovariance, record.logPrecisionCourse)
    // The ternary operator would make `nil` a member that is absent.
    if tree == .emptyObject { return nil }
    return tree
  }

  /// The weights of every confound in the channels; nil without confounds.
  var confoundTree: ResultTree? {
    let names = file.dataSettings.confoundNames
    guard !names.isEmpty, record.confoundWeights.columns == names.count else { return nil }
    var tree = ResultTree.emptyObject
    for (index, name) in names.enumerated() {
      tree[name] = .vector(record.confoundWeights.column(index))
    }
    return tree
  }

  /// F of the whole record after every pass; nil for schemes that pass once.
  var iterationTree: ResultTree? {
    let passes = record.passes
    guard !passes.isEmpty else { return nil }
    return [
      "F": .vector(passes.map(\.freeEnergy)),
      "accepted": .array(passes.map { .bool($0.isAccepted) }),
      "parameterChange": .vector(passes.map(\.parameterChange)),
      "precisionChange": .vector(passes.map(\.precisionChange)),
    ]
  }

  /// The evidence of the whole record; nil for schemes that have none.
  var evidenceTree: ResultTree? {
    record.totalFreeEnergy.map { .evidence(freeEnergy: $0, parts: record.evidence) }
  }
}

extension ResultTree {
  /// What a result file says of an evidence.
  static func evidence(freeEnergy: Double, parts: EvidenceParts?) -> ResultTree {
    var tree: ResultTree = ["F": .number(freeEnergy), "logEvidence": .number(-freeEnergy)]
    if let parts {
      tree["accuracy"] = .number(parts.accuracy)
      var complexity = ResultTree.emptyObject
      for entry in parts.complexities { complexity[entry.block] = .number(entry.value) }
      tree["complexity"] = complexity
    }
    return tree
  }
}
