package import AttentionBridge
internal import ModelFiles
package import Reporting

/// What the comparisons found.
package struct BridgeResult: Sendable {
  /// One comparison and its outcome.
  package struct Entry: Sendable {
    /// The comparison.
    package let comparison: any BridgeComparison
    /// What it found, or why it could not be made.
    package let outcome: Result<Finding, BridgeError>
    /// How long it took.
    package let seconds: Double

    /// What the command calls the comparison.
    package var name: String { comparison.name }

    /// The finding, if there is one.
    package var finding: Finding? { try? outcome.get() }

    /// Whether all that is claimed holds.
    package var holds: Bool { finding?.holds ?? false }
  }

  /// What was asked for.
  package let request: BridgeRequest
  /// The comparisons that were made.
  package let entries: [Entry]

  /// The figures that were made, each with the name of its file.
  package func figures(in language: ReportLanguage) -> [(file: String, figure: Figure)] {
    entries.compactMap { entry in
      entry.finding?.figure.map {
        ("bridge-\(entry.comparison.name).png", $0.figure(language))
      }
    }
  }

  /// Why a comparison could not be made: the first such reason.
  package var failure: RunError? {
    for entry in entries {
      if case .failure(let error) = entry.outcome { return .bridge(error) }
    }
    return nil
  }

  /// Whether every claim that was examined holds.
  package var holds: Bool { entries.allSatisfy { $0.finding?.holds ?? true } }

  /// Every number as a tree, for a result file; names and texts in English.
  package var tree: ResultTree {
    [
      "version": .string(OdorokiVersion.current), "seed": Self.seed(request.seed),
      "instances": .integer(request.instances), "holds": .bool(holds && failure == nil),
      "comparisons": .array(entries.map(Self.tree)),
    ]
  }

  /// A seed as a number, or as a text where files have no such number.
  private static func seed(_ seed: UInt64) -> ResultTree {
    Int(exactly: seed).map(ResultTree.integer) ?? .string("\(seed)")
  }

  private static func tree(_ entry: Entry) -> ResultTree {
    let comparison = entry.comparison
    var tree: ResultTree = [
      "name": .string(comparison.name), "number": .string(comparison.number),
      "kind": .string(comparison.kind.rawValue), "title": .string(comparison.title.english),
      "equation": .strings(comparison.claim.equation),
      "section": .string(comparison.claim.section),
      "references": .strings(comparison.claim.references),
      "glossary": .strings(comparison.glossary), "holds": .bool(entry.holds),
    ]
    switch entry.outcome {
    case .failure(let error):
      tree["failure"] = .string(RunError.bridge(error).line(in: .english))
    case .success(let finding):
      tree["deviations"] = .array(
        finding.deviations.map { deviation in
          [
            "statement": .string(deviation.statement.english),
            "value": .number(deviation.value), "tolerance": .number(deviation.tolerance),
            "instances": .integer(deviation.instances), "holds": .bool(deviation.holds),
          ]
        })
      tree["effects"] = .array(finding.effects.map(Self.tree))
      if let verdict = finding.verdict { tree["verdict"] = .string(verdict.english) }
      if let data = finding.data { tree["data"] = data }
      if let figure = finding.figure {
        tree["figure"] = .array(figure.english.rows.joined().map(Self.tree))
      }
    }
    return tree
  }

  private static func tree(_ effect: Effect) -> ResultTree {
    var tree: ResultTree = [
      "name": .string(effect.name.english), "value": .number(effect.value),
      "unit": .string(effect.unit),
    ]
    switch effect.null {
    case .analytic(let value, let reason):
      tree["null"] = [
        "kind": "analytic", "value": .number(value), "reason": .string(reason.english),
      ]
    case .shuffled(let mean, let range, let p, let count, let method):
      tree["null"] = [
        "kind": "shuffled", "value": .number(mean),
        "range": .vector([range.lowerBound, range.upperBound]), "p": .number(p),
        "count": .integer(count), "method": .string(method.english),
      ]
    }
    if let holds = effect.holds { tree["holds"] = .bool(holds) }
    return tree
  }

  /// The data of one panel of a figure.
  private static func tree(_ panel: Panel) -> ResultTree {
    var tree: ResultTree = [
      "title": .string(panel.title), "x": .string(panel.xLabel), "y": .string(panel.yLabel),
    ]
    tree["series"] = .array(
      panel.series.map { series in
        var tree: ResultTree = ["name": .string(series.name)]
        switch series.mark {
        case .line(let x, let y), .points(let x, let y), .stems(let x, let y),
          .stackedArea(let x, let y):
          tree["x"] = .vector(x)
          tree["y"] = .vector(y)
        case .band(let x, let lower, let upper), .intervals(let x, let lower, let upper):
          tree["x"] = .vector(x)
          tree["lower"] = .vector(lower)
          tree["upper"] = .vector(upper)
        case .heatMap(let map):
          tree["values"] = .tensor(map.values)
        case .texts(let x, let y, let texts, _):
          tree["x"] = .vector(x)
          tree["y"] = .vector(y)
          tree["texts"] = .strings(texts)
        }
        return tree
      })
    if !panel.categories.isEmpty { tree["columns"] = .strings(panel.categories) }
    if !panel.yCategories.isEmpty { tree["rows"] = .strings(panel.yCategories) }
    return tree
  }

  /// One line per deviation and per effect: the content of a CSV file.
  package var csv: String {
    var text = "number,name,kind,statement,value,tolerance,instances,null,low,high,p,holds\n"
    func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "" }
    for entry in entries {
      let comparison = entry.comparison
      let start = "\(comparison.number),\(comparison.name),\(comparison.kind.rawValue),"
      if case .failure(let error) = entry.outcome {
        let reason = RunError.bridge(error).line(in: .english)
        text += start + CSVText.field(reason) + ",,,,,,,,false\n"
      }
      for deviation in entry.finding?.deviations ?? [] {
        text += start + CSVText.field(deviation.statement.english) + ","
        text += "\(number(deviation.value)),\(deviation.tolerance),\(deviation.instances),,,,,"
        text += "\(deviation.holds)\n"
      }
      for effect in entry.finding?.effects ?? [] {
        text += start + CSVText.field(effect.name.english) + ",\(number(effect.value)),,,"
        switch effect.null {
        case .analytic(let value, _): text += "\(number(value)),,,,"
        case .shuffled(let mean, let range, let p, _, _):
          text += "\(number(mean)),\(range.lowerBound),\(range.upperBound),\(p),"
        }
        text += (effect.holds.map { "\($0)" } ?? "") + "\n"
      }
    }
    return text
  }

  /// Writes the result in the format that the name of the file asks for.
  ///
  /// - Throws: `ReportingError`.
  package func write(to path: String) throws(ReportingError) {
    try CSVText.write(tree, csv: csv, to: path)
  }
}
