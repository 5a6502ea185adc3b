internal import DynamicModels
internal import ModelFiles
internal import Recognition
public import Reporting
internal import TensorCore

extension ComparisonOutcome {
  /// The whole content of a result file.
  public var tree: ResultTree {
    let first = comparison.files.first
    var source = ResultTree.emptyObject
    if let path = first?.data?.path {
      source["file"] = .string(path)
    } else {
      source["process"] = first.map { .string($0.name) } ?? .null
      source["seed"] = .integer(Int(clamping: comparison.plan.seed))
    }
    source["channels"] = .strings(first?.model.level(1).outputs.elementNames ?? [])
    source["y"] = .tensor(data)
    return [
      "scheme": .string(comparison.scheme.rawValue), "version": .string(OdorokiVersion.current),
      "data": source, "models": .array(rows.map(tree)),
    ]
  }

  private func tree(_ row: Row) -> ResultTree {
    let file = comparison.files[row.model]
    var tree: ResultTree = [
      "name": .string(row.label), "model": .string(file.name), "path": .string(file.path),
      "without": row.reduction.map { .string($0.label) } ?? .null,
      "prior": .number(row.prior), "probability": row.probability.map(ResultTree.number) ?? .null,
      "logBayesFactor": row.logBayesFactor.map(ResultTree.number) ?? .null,
      "evidence": row.freeEnergy.map { ResultTree.evidence(freeEnergy: $0, parts: row.evidence) }
        ?? .null,
    ]
    if row.reduction == nil, case .success(let result) = results[row.model] {
      if let iterations = result.iterationTree { tree["iterations"] = iterations }
      tree["parameters"] = result.estimateTree(result.record.parameters, .parameter)
      tree["logPrecisions"] = result.estimateTree(result.record.logPrecisions, .logPrecision)
    }
    if let reduced = row.reduced {
      tree["logEvidenceChange"] = .number(reduced.logEvidenceChange)
      tree["posterior"] = [
        "names": .strings(reduced.names), "mean": .vector(reduced.mean),
        "sd": .vector(reduced.deviation),
      ]
    }
    if let failure = row.failure { tree["failure"] = .string(failure.line(in: .english)) }
    return tree
  }

  /// One line per row: the content of a CSV file.
  public var csv: String {
    func quote(_ text: String) -> String {
      let special = text.contains { ",\"\n\r".contains($0) }
      return special ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
    }
    func number(_ value: Double?) -> String {
      value.flatMap { $0.isFinite ? $0.description : nil } ?? ""
    }
    var text = "model,F,logEvidence,logBayesFactor,prior,probability,accuracy,complexity\n"
    for row in rows {
      let cells = [
        quote(row.label), number(row.freeEnergy), number(row.freeEnergy.map { -$0 }),
        number(row.logBayesFactor), number(row.prior), number(row.probability),
        number(row.evidence?.accuracy), number(row.evidence?.complexity),
      ]
      text += cells.joined(separator: ",") + "\n"
    }
    return text
  }

  /// Writes the result in the format that the name of the file asks for.
  ///
  /// - Throws: `ReportingError`.
  public func write(to path: String) throws(ReportingError) {
    if try ResultFormat(path: path) == .csv {
      try AtomicFile.write(csv, to: path)
    } else {
      try ResultFile.write(tree, table: ColumnTable(), to: path)
    }
  }

  /// Log evidences above the weakest row, and posterior probabilities.
  public func figure(in language: ReportLanguage) -> Figure {
    let places = rows.indices.map { Double($0 + 1) }
    let evidences = rows.map { $0.freeEnergy.map { -$0 } ?? .nan }
    let weakest = evidences.filter(\.isFinite).min() ?? 0
    // Bars leave some white between them, however many there are.
    let highest = evidences.filter(\.isFinite).max().map { $0 - weakest } ?? 0
    let width = min(90, 380 / Double(max(rows.count, 1)))
    func bars(_ values: [Double], _ role: SeriesRole) -> [Series] {
      [.stems(role: role, x: places, y: values, width: width)]
    }
    let names = rows.map(\.label)
    let panels = [
      Panel(
        title: language.pick(
          "Log evidence above the weakest model", "対数証拠（最も弱いモデルとの差）"),
        yLabel: language.pick("nats", "ナット"),
        series: bars(evidences.map { $0 - weakest }, .surprise),
        // Alike models leave no height of their own.
        yRange: 0...max(highest * 1.06, 1), legend: .none, categories: names),
      Panel(
        title: language.pick("Posterior probability", "モデルの事後確率"),
        yLabel: language.pick("probability", "確率"),
        series: bars(rows.map { $0.probability ?? .nan }, .state), yRange: 0...1, legend: .none,
        categories: names),
    ]
    return Figure(
      title: language.pick("Model comparison", "モデル比較"),
      rows: rows.count > 4 ? panels.map { [$0] } : [panels], width: 1600,
      height: rows.count > 4 ? 1000 : 620, language: language)
  }
}
