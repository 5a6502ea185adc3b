internal import Dispatch
internal import Foundation
internal import Learning
package import Reporting
internal import Synchronization
internal import TensorCore
internal import Transformers

/// Toy versions of three published figures, on masked prediction of poems.
///
/// Source of the originals: Devlin et al. 2019.
///
/// They have the shape of the originals (one setting varied, several seeds), not their scale: a few
/// thousand characters in place of billions of words. Accuracy is that of hidden characters in poems
/// held out, and nothing can be concluded from it about large models.
package struct TrainingSweep: Sendable {
  /// What is varied.
  package enum Kind: String, Sendable, CaseIterable {
    /// What happens to selected tokens (Devlin et al. 2019, table 8).
    case masking
    /// The size of the model (table 6).
    case size
    /// Whether the context is seen on both sides (table 5).
    case direction
  }

  /// What is varied.
  package let kind: Kind
  /// Everything else.
  package let request: TrainingRequest
  /// The number of seeds from that of the request on.
  package let seeds: Int
  private let poems: PoemCollection

  /// Prepares a sweep on the poems that ship.
  package init(
    _ kind: Kind, _ request: TrainingRequest, seeds: Int, library: ModelLibrary = .installed
  ) throws(RunError) {
    self.kind = kind
    self.request = request
    self.seeds = seeds
    poems = try TrainingRun.poems(in: library)
  }

  private struct Setting: Sendable {
    let name: String
    let request: TrainingRequest
  }

  private func settings(in language: ReportLanguage) -> [Setting] {
    func varied(_ name: String, _ change: (inout TrainingRequest) -> Void) -> Setting {
      var own = request
      own.task = .masked
      change(&own)
      return Setting(name: name, request: own)
    }
    switch kind {
    case .masking:
      return [[1, 0, 0], [0.8, 0.1, 0.1], [0.8, 0, 0.2], [0.8, 0.2, 0], [0, 0, 1]].map { shares in
        varied(shares.map { "\(Int(($0 * 100).rounded()))" }.joined(separator: ":")) {
          $0.maskShares = shares
        }
      }
    case .size:
      return [(16, 1), (32, 1), (32, 2), (64, 2)].map { width, blocks in
        varied(language.pick("\(width) × \(blocks)", "\(width) × \(blocks)")) {
          $0.width = width
          $0.feedforward = 2 * width
          $0.blocks = blocks
        }
      }
    case .direction:
      return [
        varied(language.pick("both directions", "双方向")) { $0.isOneDirectional = false },
        varied(language.pick("left to right", "左から右のみ")) { $0.isOneDirectional = true },
      ]
    }
  }

  /// How selected tokens appear when accuracy is measured.
  private func conditions(
    in language: ReportLanguage
  ) -> [(name: String, shares: [Double])] {
    let hidden = (language.pick("hidden", "隠した文字"), [1.0, 0, 0])
    guard kind == .masking else { return [hidden] }
    return [hidden, (language.pick("left as they are", "そのままの文字"), [0, 0, 1.0])]
  }

  /// Trains every setting with every seed; the number of threads changes nothing but the time.
  ///
  /// - Parameters:
  ///   - language: the language of names.
  ///   - stop: raised to end without beginning further runs.
  ///   - progress: called, from any thread, with the number of finished runs and of all.
  /// - Returns: all accuracies.
  /// - Throws: the error of the first run that failed.
  package func run(
    in language: ReportLanguage, stop: StopFlag? = nil,
    progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws(RunError) -> SweepResult {
    let settings = settings(in: language)
    let conditions = conditions(in: language)
    let total = settings.count * seeds
    let outcomes = Mutex([Result<[Double], RunError>?](repeating: nil, count: total))
    let next = Mutex(0)
    let done = Mutex(0)
    let shares = conditions.map(\.shares)
    let workers = max(
      1, min(request.threads ?? ProcessInfo.processInfo.activeProcessorCount, total))
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while true {
        let job = next.withLock { value in
          defer { value += 1 }
          return value
        }
        guard job < total else { return }
        var own = settings[job / seeds].request
        own.seed = request.seed &+ UInt64(job % seeds)
        let outcome: Result<[Double], RunError>
        if stop?.isRaised ?? false {
          outcome = .failure(
            .training(.stoppedSweep(runs: done.withLock { $0 }, of: total)))
        } else {
          do throws(TrainingError) {
            outcome = .success(try accuracies(own, shares, stop))
          } catch {
            if case .stopped = error {
              outcome = .failure(
                .training(.stoppedSweep(runs: done.withLock { $0 }, of: total)))
            } else {
              outcome = .failure(.training(error))
            }
          }
        }
        outcomes.withLock { $0[job] = outcome }
        let finished = done.withLock { value in
          value += 1
          return value
        }
        progress?(finished, total)
      }
    }
    var values: [[[Double]]] = conditions.map { _ in settings.map { _ in [] } }
    for (job, outcome) in outcomes.withLock({ $0 }).enumerated() {
      guard let outcome else { preconditionFailure("every job was done") }
      switch outcome {
      case .failure(let error): throw error
      case .success(let found):
        for (condition, accuracy) in found.enumerated() {
          values[condition][job / seeds].append(accuracy)
        }
      }
    }
    return SweepResult(
      kind: kind, settings: settings.map(\.name), conditions: conditions.map(\.name),
      values: values, chance: try commonest(), seeds: seeds)
  }

  /// The accuracy on hidden characters of poems held out, per condition.
  private func accuracies(
    _ request: TrainingRequest, _ shares: [[Double]], _ stop: StopFlag?
  ) throws(TrainingError) -> [Double] {
    let specification = try request.specification(for: poems)
    let session = try TrainingSession<Float>(try TaskData(specification, poems: poems))
    while session.trainer.epoch < request.epochs {
      if stop?.isRaised ?? false {
        throw .stopped(passes: session.trainer.epoch, of: request.epochs)
      }
      try session.runEpoch(measures: false)
    }
    let model = session.model()
    var accuracies: [Double] = []
    for shares in shares {
      var other = specification
      other.maskShares = shares
      let data = try TaskData(other, poems: poems)
      var extents = try data.extents()
      extents.batch = 20
      accuracies.append(
        model.teacherForced(try data.evaluation(heldOut: true), extents: extents).ofLabels)
    }
    return accuracies
  }

  /// The share of the commonest character among those to be found: what needs no model.
  private func commonest() throws(RunError) -> Double {
    do throws(TrainingError) {
      var request = request
      request.task = .masked
      let data = try TaskData(try request.specification(for: poems), poems: poems)
      var counts: [Int: Int] = [:]
      var total = 0
      for example in try data.evaluation(heldOut: true) {
        for (label, weight) in zip(example.labels, example.weights) where weight > 0 {
          counts[label, default: 0] += 1
          total += 1
        }
      }
      return Double(counts.values.max() ?? 0) / Double(max(1, total))
    } catch { throw .training(error) }
  }
}

/// What a sweep gave.
package struct SweepResult: Sendable {
  /// What was varied.
  package let kind: TrainingSweep.Kind
  /// The settings, and the conditions under which accuracy was measured.
  package let settings: [String], conditions: [String]
  /// Accuracies [condition][setting][seed].
  package let values: [[[Double]]]
  /// The share of the commonest character.
  package let chance: Double
  /// The number of seeds.
  package let seeds: Int

  /// The name of the axis.
  private func label(in language: ReportLanguage) -> String {
    switch kind {
    case .masking: language.pick("hidden : random : kept [%]", "隠す : 置換 : そのまま [%]")
    case .size: language.pick("width × blocks", "幅 × ブロック数")
    case .direction: language.pick("context", "文脈")
    }
  }

  private func title(in language: ReportLanguage) -> String {
    switch kind {
    case .masking: language.pick("what happens to selected tokens", "選んだ文字の扱い")
    case .size: language.pick("size of the model", "モデルの大きさ")
    case .direction: language.pick("direction of the context", "文脈の向き")
    }
  }

  /// The figure, whose title says that it is a toy.
  package func figure(in language: ReportLanguage) -> Figure {
    SweepFigure(
      title: title(in: language), settings: settings,
      methods: zip(conditions, values).map { SweepFigure.Method($0, values: $1) },
      settingLabel: label(in: language),
      measure: language.pick("accuracy on poems held out", "未学習の歌での正答率"),
      isOrdered: kind == .size, chance: chance
    ).figure(language: language)
  }

  /// The result as a person reads it.
  package func report(in language: ReportLanguage, style: TerminalStyle) -> String {
    var columns = [TextTable.Column(label(in: language), texts: settings)]
    for (condition, values) in zip(conditions, values) {
      columns.append(
        TextTable.Column(
          condition,
          values.map { accuracies in
            .text(Self.text(accuracies))
          }, alignment: .right))
    }
    return language.pick(
      "Toy version of a figure of Devlin et al. 2019: \(title(in: language)).\n"
        + "Accuracy on characters of poems held out, mean ± s.d. over \(seeds) seeds; always the "
        + "commonest character: \(Self.percent(chance)).\n\n",
      "Devlin ら (2019) の図の簡易版: \(title(in: language))。\n"
        + "未学習の歌の文字の正答率（シード \(seeds) 個の平均 ± 標準偏差）。"
        + "常に最も多い文字を答えた場合は \(Self.percent(chance))。\n\n")
      + TextTable(columns: columns).text(style: style, language: language) + "\n"
  }

  private static func percent(_ value: Double) -> String {
    String(format: "%.1f %%", 100 * value)
  }

  private static func text(_ values: [Double]) -> String {
    let mean = values.reduce(0, +) / Double(max(1, values.count))
    guard values.count > 1 else { return percent(mean) }
    let variance =
      values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
    return String(format: "%.1f ± %.1f %%", 100 * mean, 100 * variance.squareRoot())
  }

  /// Everything, for a result file.
  package var tree: ResultTree {
    var accuracies = ResultTree.emptyObject
    for (condition, values) in zip(conditions, values) {
      accuracies[condition] = .matrix(values)
    }
    return [
      "sweep": .string(kind.rawValue), "toy": .bool(true), "settings": .strings(settings),
      "chance": .number(chance), "seeds": .integer(seeds), "accuracy": accuracies,
      "version": .string(OdorokiVersion.current),
    ]
  }

  /// One row per setting and seed.
  package var columns: ColumnTable {
    var columns = [
      ColumnTable.Column(
        "setting",
        values: settings.indices.flatMap { [Double](repeating: Double($0 + 1), count: seeds) })
    ]
    columns.append(
      ColumnTable.Column(
        "seed", values: settings.indices.flatMap { _ in (0..<seeds).map { Double($0 + 1) } }))
    for (condition, values) in zip(conditions, values) {
      columns.append(ColumnTable.Column(condition, values: values.flatMap { $0 }))
    }
    return ColumnTable(columns)
  }
}
