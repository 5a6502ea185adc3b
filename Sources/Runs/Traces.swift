internal import DynamicModels
internal import Recognition
public import Reporting
internal import TensorCore

/// A term of the decompositions of free energy that a trace may have.
struct FreeEnergyTerm {
  /// Its key in files.
  let key: String
  /// Its headings for people.
  let english: String
  let japanese: String
  /// Its value at a sample; nil where the model has no such term.
  let value: (FreeEnergyTerms) -> Double?

  /// Every term, F first.
  static var all: [FreeEnergyTerm] {
    [
      FreeEnergyTerm(key: "F", english: "F", japanese: "F") { $0.freeEnergy },
      FreeEnergyTerm(key: "energy", english: "energy", japanese: "エネルギー") { $0.energy },
      FreeEnergyTerm(key: "entropy", english: "entropy", japanese: "エントロピー") { $0.entropy },
      FreeEnergyTerm(key: "accuracy", english: "accuracy", japanese: "正確さ") { $0.accuracy },
      FreeEnergyTerm(key: "complexity", english: "complexity", japanese: "複雑さ") { $0.complexity },
      FreeEnergyTerm(key: "surprise", english: "surprise", japanese: "驚き") { $0.surprise },
      FreeEnergyTerm(key: "divergence", english: "divergence", japanese: "乖離") { $0.divergence },
      FreeEnergyTerm(key: "volume", english: "volume", japanese: "体積項") { $0.volume },
    ]
  }
}

extension RunResult {
  /// The terms that this model has, each over the completed samples.
  var freeEnergyTraces: [(term: FreeEnergyTerm, values: [Double])] {
    // Without samples nothing says which terms the model would have had.
    let terms = record.freeEnergy.isEmpty ? Array(FreeEnergyTerm.all.prefix(1)) : FreeEnergyTerm.all
    return terms.compactMap { term in
      let values = record.freeEnergy.compactMap(term.value)
      // A term that only some samples have would not line up with the others.
      guard values.count == record.freeEnergy.count else { return nil }
      return (term, values)
    }
  }

  /// The sample times that were completed.
  var completedTimes: [Double] { Array(record.times.prefix(record.completed)) }

  /// What a person calls a level.
  func levelName(_ number: Int, in language: ReportLanguage) -> String {
    let name = model.level(number).name
    let plain = language.pick("level \(number)", "階層 \(number)")
    return name.map { "\(plain) (\($0))" } ?? plain
  }

  /// The free-energy trace for people: t, F and its terms, ‖ξ‖ per level.
  public func traceTable(in language: ReportLanguage, style: TerminalStyle) -> TextTable {
    var columns = [
      TextTable.Column("t", numbers: completedTimes.map { $0 })
    ]
    let traces = freeEnergyTraces
    func append(_ keys: Set<String>) {
      for trace in traces where keys.contains(trace.term.key) {
        columns.append(
          TextTable.Column(
            language.pick(trace.term.english, trace.term.japanese),
            numbers: trace.values.map { $0 }))
      }
    }
    append(["F", "energy", "entropy", "accuracy", "complexity", "surprise"])
    let norm = style.usesUnicode ? "‖ξ‖" : "|xi|"
    for (index, level) in record.levels.enumerated() {
      columns.append(
        TextTable.Column(
          "\(norm) \(index + 1)", numbers: level.errorNorm.prefix(record.completed).map { $0 }))
    }
    append(["divergence", "volume"])
    return TextTable(columns: columns)
  }

  /// The free-energy trace for programs.
  public var traceColumns: ColumnTable {
    var table = ColumnTable([ColumnTable.Column("t", values: completedTimes)])
    for trace in freeEnergyTraces {
      table.append(ColumnTable.Column(trace.term.key, values: trace.values))
    }
    for (index, level) in record.levels.enumerated() {
      table.append(
        ColumnTable.Column(
          "xi.\(index + 1)", values: Array(level.errorNorm.prefix(record.completed))))
    }
    return table
  }

  /// The free-energy trace as a tree, with the names that a result file gives it.
  public var traceTree: ResultTree {
    var tree = heading
    tree["time"] = .vector(completedTimes)
    tree["freeEnergy"] = freeEnergyTree
    tree["levels"] = .array(
      record.levels.indices.map { index in
        [
          "name": model.level(index + 1).name.map(ResultTree.string) ?? .null,
          "errorNorm": .vector(Array(record.levels[index].errorNorm.prefix(record.completed))),
        ]
      })
    return tree
  }

  /// F over time in one line, with its first, last and mean value.
  public func freeEnergyLine(in language: ReportLanguage, style: TerminalStyle) -> String {
    let values = record.freeEnergy.map(\.freeEnergy)
    guard let first = values.first, let last = values.last else { return "" }
    let mean = values.reduce(0) { $0 + $1 / Double(values.count) }
    let line = Sparkline.text(values, width: 40, usesUnicode: style.usesUnicode)
    let text = language.pick(
      "first \(brief(first)), last \(brief(last)), mean \(brief(mean)) nats",
      "最初 \(brief(first))、最後 \(brief(last))、平均 \(brief(mean)) ナット")
    return "F  \(line)  \(text)\n"
  }
}
