internal import DynamicModels
internal import ModelFiles
internal import ODEEngine
internal import Recognition
public import Reporting
internal import TensorCore

extension RunResult {
  /// What every file of this run begins with.
  var heading: ResultTree {
    [
      "model": .string(file.name),
      "scheme": .string(scheme.rawValue),
      "stepper": scheme == .recognition ? .string(plan.integrator.rawValue) : .null,
      "seed": .integer(Int(clamping: plan.seed)),
      "version": .string(OdorokiVersion.current),
    ]
  }

  var freeEnergyTree: ResultTree {
    var tree = ResultTree.emptyObject
    for trace in freeEnergyTraces { tree[trace.term.key] = .vector(trace.values) }
    return tree
  }

  /// The whole content of a result file.
  ///
  /// - Parameter timing: whether the wall-clock time is told; without it the same plan gives the
  ///   same bytes.
  /// - Returns: one object with the names of the documentation.
  public func tree(timing: Bool = false) -> ResultTree {
    var tree = heading
    tree["time"] = .vector(record.times)
    tree["completed"] = .integer(record.completed)
    tree["data"] = [
      "channels": .strings(model.level(1).outputs.elementNames), "y": .tensor(data),
    ]
    tree["freeEnergy"] = freeEnergyTree
    if let iterationTree { tree["iterations"] = iterationTree }
    if let evidenceTree { tree["evidence"] = evidenceTree }
    tree["levels"] = .array(record.levels.indices.map { level($0 + 1) })
    tree["parameters"] = estimateTree(record.parameters, .parameter)
    tree["logPrecisions"] = estimateTree(record.logPrecisions, .logPrecision)
    if let posteriorTree { tree["posterior"] = posteriorTree }
    if let confoundTree { tree["confounds"] = confoundTree }
    let statistics = record.statistics
    tree["elapsed"] = [
      "seconds": timing ? .number(seconds) : .null,
      "functionEvaluations": .integer(statistics.derivativeEvaluations),
      "jacobianEvaluations": .integer(statistics.jacobianEvaluations),
      "steps": .integer(statistics.accepted),
      "rejectedSteps": .integer(statistics.rejected),
    ]
    if let failure { tree["failure"] = .string(failure.line(in: .english)) }
    return tree
  }

  private func level(_ number: Int) -> ResultTree {
    let level = model.level(number)
    let own = record.levels[number - 1]
    var states = ResultTree.emptyObject
    for block in level.states.blocks {
      states[block.name] = population(
        own.states, block, truth: trueStates(level: number, block))
    }
    var outputs = ResultTree.emptyObject
    for block in level.outputs.blocks {
      outputs[block.name] = population(
        own.outputs, block, truth: trueOutputs(level: number, block))
    }
    return [
      "name": level.name.map(ResultTree.string) ?? .null, "states": states, "outputs": outputs,
      "errorNorm": .vector(own.errorNorm),
    ]
  }

  private func population(
    _ record: PopulationRecord, _ block: VariableBlock, truth: Tensor<Double>?
  ) -> ResultTree {
    var tree: ResultTree = [
      "mean": .tensor(record.mean.slice(columns: block.range)),
      "sd": .tensor(record.standardDeviation.slice(columns: block.range)),
    ]
    if let truth { tree["true"] = .tensor(truth) }
    tree["error"] = .tensor(record.error.slice(columns: block.range))
    tree["weightedError"] = .tensor(record.weightedError.slice(columns: block.range))
    let count = block.shape.count
    var covariance: [Double] = []
    for sample in 0..<record.mean.rows {
      for row in block.range {
        for column in block.range { covariance.append(record.covariance[sample, row, column]) }
      }
    }
    tree["covariance"] = .tensor(
      Tensor(shape: Shape([record.mean.rows, count, count]), values: covariance))
    return tree
  }

  /// The traces in columns, one row per sample: the content of a CSV file.
  public var columns: ColumnTable {
    var table = ColumnTable([ColumnTable.Column("t", values: record.times)])
    let channels = model.level(1).outputs.elementNames
    for (index, name) in channels.enumerated() {
      table.append(ColumnTable.Column(name, values: data.column(index)))
    }
    for (index, name) in channels.enumerated() {
      let own = record.levels[0].outputs
      table.append(ColumnTable.Column(name + ".mean", values: own.mean.column(index)))
      table.append(ColumnTable.Column(name + ".sd", values: own.standardDeviation.column(index)))
    }
    for quantity in hiddenQuantities {
      table.append(ColumnTable.Column(quantity.name + ".mean", values: quantity.mean))
      table.append(ColumnTable.Column(quantity.name + ".sd", values: quantity.deviation))
      if let truth = quantity.truth {
        table.append(ColumnTable.Column(quantity.name + ".true", values: truth))
      }
    }
    let missing = [Double](repeating: .nan, count: record.times.count - record.completed)
    for trace in freeEnergyTraces {
      table.append(ColumnTable.Column(trace.term.key, values: trace.values + missing))
    }
    for (index, level) in record.levels.enumerated() {
      table.append(ColumnTable.Column("xi.\(index + 1)", values: level.errorNorm))
    }
    return table
  }
}
