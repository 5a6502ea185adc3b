public import DynamicModels
public import ModelFiles
internal import Recognition
public import Reporting
internal import TensorCore

extension RunResult {
  /// The default figure of a run.
  public func figure(in language: ReportLanguage) -> Figure {
    let channels = model.level(1).outputs.elementNames.enumerated().map { index, name in
      RecognitionTraces.Channel(
        name, values: data.column(index),
        prediction: record.levels[0].outputs.mean.column(index))
    }
    let quantities = hiddenQuantities
    func estimates(_ kind: HiddenQuantity.Kind) -> [RecognitionTraces.Estimate] {
      quantities.filter { $0.kind == kind }.map {
        RecognitionTraces.Estimate(
          $0.name, mean: $0.mean, standardDeviation: $0.deviation, truth: $0.truth)
      }
    }
    let missing = [Double](repeating: .nan, count: record.times.count - record.completed)
    let terms = freeEnergyTraces
    func term(_ key: String) -> [Double]? {
      terms.first { $0.term.key == key }.map { $0.values + missing }
    }
    return RecognitionTraces(
      title: file.title.text(language.diagnostic), time: record.times, channels: channels,
      states: estimates(.state), causes: estimates(.cause),
      errors: record.levels.enumerated().map { index, level in
        RecognitionTraces.Trace(levelName(index + 1, in: language), values: level.errorNorm)
      },
      freeEnergy: RecognitionTraces.FreeEnergy(
        total: term("F") ?? missing, energy: term("energy"), entropy: term("entropy"),
        accuracy: term("accuracy"), complexity: term("complexity"), surprise: term("surprise")),
      iterations: record.passes.map {
        RecognitionTraces.Iteration(freeEnergy: $0.freeEnergy, isAccepted: $0.isAccepted)
      }
    ).figure(language: language)
  }
}

/// What a process did, for people and programs.
public struct SimulationReport: Sendable {
  /// The model.
  public let file: ModelFile
  /// The seed of the fluctuations.
  public let seed: UInt64
  /// What the process did.
  public let record: SimulatedRecord

  /// Creates a report.
  public init(file: ModelFile, seed: UInt64, record: SimulatedRecord) {
    self.file = file
    self.seed = seed
    self.record = record
  }

  /// The columns of one sort: data (level 1), causes (above), or hidden states.
  private func traces(_ states: Bool, levels: ClosedRange<Int>) -> [(
    name: String, values: [Double]
  )] {
    levels.flatMap { number -> [(name: String, values: [Double])] in
      let level = file.process.levels[number - 1]
      let own = record.levels[number - 1]
      let layout = states ? level.states : level.outputs
      let tensor = states ? own.states : own.outputs
      return layout.elementNames.enumerated().map { ($0.element, tensor.column($0.offset)) }
    }
  }

  private var count: Int { file.process.levels.count }
  private var data: [(name: String, values: [Double])] { traces(false, levels: 1...1) }
  private var states: [(name: String, values: [Double])] { traces(true, levels: 1...count) }
  private var causes: [(name: String, values: [Double])] {
    count > 1 ? traces(false, levels: 2...count) : []
  }

  /// One row per sample: time, data, hidden states, causes.
  public var columns: ColumnTable {
    var table = ColumnTable([ColumnTable.Column("t", values: record.times)])
    for trace in data + states + causes {
      table.append(ColumnTable.Column(trace.name, values: trace.values))
    }
    return table
  }

  /// The same names as in a result file, the truth alone.
  public var tree: ResultTree {
    var tree: ResultTree = [
      "model": .string(file.name), "seed": .integer(Int(clamping: seed)),
      "version": .string(OdorokiVersion.current),
    ]
    tree["time"] = .vector(record.times)
    tree["data"] = [
      "channels": .strings(file.process.levels[0].outputs.elementNames),
      "y": .tensor(record.data),
    ]
    tree["levels"] = .array(
      record.levels.enumerated().map { index, own in
        let level = file.process.levels[index]
        var states = ResultTree.emptyObject
        for block in level.states.blocks {
          states[block.name] = ["true": .tensor(own.states.slice(columns: block.range))]
        }
        var outputs = ResultTree.emptyObject
        for block in level.outputs.blocks {
          outputs[block.name] = ["true": .tensor(own.outputs.slice(columns: block.range))]
        }
        return ["states": states, "outputs": outputs]
      })
    return tree
  }

  /// Data, causes and hidden states over time.
  public func figure(in language: ReportLanguage) -> Figure {
    func panel(
      _ title: String, _ traces: [(name: String, values: [Double])],
      _ role: (Int) -> SeriesRole, points: Bool
    ) -> Panel? {
      guard !traces.isEmpty else { return nil }
      let series = traces.enumerated().map { index, trace in
        points
          ? Series.points(
            trace.name, role: role(index), x: record.times, y: trace.values, size: 7)
          : Series.line(
            trace.name, role: role(index), variant: index, x: record.times, y: trace.values,
            width: 3)
      }
      return Panel(
        title: title, xLabel: language.pick("time [time units]", "時間 [時間単位]"),
        yLabel: language.pick("value", "値"), series: series)
    }
    let panels = [
      panel(language.pick("Data", "感覚データ"), data, SeriesRole.neutral, points: true),
      panel(
        language.pick("Hidden states x", "隠れ状態 x"), states, { _ in .state }, points: false),
      panel(language.pick("Causes v", "原因 v"), causes, { _ in .cause }, points: false),
    ].compactMap { $0 }
    return Figure(
      title: file.title.text(language.diagnostic), rows: panels.map { [$0] }, width: 1200,
      height: 160 + 320 * panels.count, language: language)
  }
}
