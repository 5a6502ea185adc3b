internal import Dispatch
internal import DynamicModels
internal import Foundation
public import ModelFiles
internal import Recognition
public import Reporting
internal import Synchronization

/// The same plan run for several seeds, on several threads.
///
/// Results come in the order of the seeds, and each is the one that its plan gives alone: the
/// number of threads changes nothing but the time.
public struct Ensemble: Sendable {
  /// The plan; its own seed is not used.
  public let plan: RunPlan
  /// The model.
  public let file: ModelFile
  /// The seeds in order.
  public let seeds: [UInt64]

  /// Creates an ensemble.
  public init(plan: RunPlan, file: ModelFile, seeds: [UInt64]) {
    self.plan = plan
    self.file = file
    self.seeds = seeds
  }

  private struct State {
    var next = 0
    var finished = 0
    var outcomes: [Result<RunResult, RunError>?]
  }

  /// Runs every seed.
  ///
  /// - Parameters:
  ///   - threads: how many runs may be under way at once; nil for the number of cores.
  ///   - stop: raised to end with what is there; seeds not begun are then reported as stopped.
  ///   - progress: called, from any thread, with the number of finished runs and of all.
  /// - Returns: the outcomes in the order of the seeds.
  public func run(
    threads: Int? = nil, stop: StopFlag? = nil, progress: (@Sendable (Int, Int) -> Void)? = nil
  ) -> [Result<RunResult, RunError>] {
    let workers = max(
      1, min(threads ?? ProcessInfo.processInfo.activeProcessorCount, seeds.count))
    let state = Mutex(State(outcomes: Array(repeating: nil, count: seeds.count)))
    let total = seeds.count
    let samples = file.model.time.count
    // One worker takes seeds until none are left; every run has its own workspaces.
    @Sendable func work() {
      while true {
        let index = state.withLock { state -> Int? in
          guard state.next < total else { return nil }
          defer { state.next += 1 }
          return state.next
        }
        guard let index else { return }
        var own = plan
        own.seed = seeds[index]
        let outcome: Result<RunResult, RunError>
        if stop?.isRaised == true {
          outcome = .failure(.stopped(completed: 0, total: samples))
        } else {
          outcome = Result { () throws(RunError) in try own.run(file, stop: stop) }
        }
        let finished = state.withLock { state -> Int in
          state.outcomes[index] = outcome
          state.finished += 1
          return state.finished
        }
        progress?(finished, total)
      }
    }
    if workers == 1 {
      work()
    } else {
      let group = DispatchGroup()
      for _ in 0..<workers {
        let thread = Thread {
          work()
          group.leave()
        }
        // Foundation's half megabyte is little for a factorization called from a deep step.
        thread.stackSize = 8 << 20
        group.enter()
        thread.start()
      }
      group.wait()
    }
    return state.withLock { state in
      state.outcomes.map { $0 ?? .failure(.stopped(completed: 0, total: samples)) }
    }
  }
}

/// What an ensemble found, one row per seed.
public struct EnsembleReport: Sendable {
  private let seeds: [UInt64]
  private let outcomes: [Result<RunResult, RunError>]

  /// Creates a report of the outcomes of an ensemble.
  public init(_ ensemble: Ensemble, outcomes: [Result<RunResult, RunError>]) {
    seeds = ensemble.seeds
    self.outcomes = outcomes
  }

  /// The first error, if a run failed.
  public var failure: RunError? {
    for outcome in outcomes {
      switch outcome {
      case .failure(let error): return error
      case .success(let result): if let error = result.failure { return error }
      }
    }
    return nil
  }

  /// Per seed: F as a mean, at the last sample and of the record, and the correlation with the truth of every hidden quantity.
  public var columns: ColumnTable {
    let results = outcomes.map { try? $0.get() }
    let quantities = results.map { $0?.hiddenQuantities ?? [] }
    let names = quantities.first { !$0.isEmpty }?.map(\.name) ?? []
    var table = ColumnTable([ColumnTable.Column("seed", values: seeds.map { Double($0) })])
    for (index, name) in names.enumerated() {
      table.append(
        ColumnTable.Column(
          "correlation." + name,
          values: quantities.map { index < $0.count ? $0[index].correlation : nil }))
    }
    for (index, name) in names.enumerated() {
      table.append(
        ColumnTable.Column(
          "rmse." + name,
          values: quantities.map { index < $0.count ? $0[index].rootMeanSquaredError : nil }))
    }
    let traces = results.map { $0?.record.freeEnergy.map(\.freeEnergy) ?? [] }
    table.append(ColumnTable.Column("F.mean", values: traces.map(Self.mean)))
    table.append(ColumnTable.Column("F.last", values: traces.map { $0.last }))
    // Of the whole record, for schemes that give it one.
    let totals = results.map { $0?.record.totalFreeEnergy }
    if totals.contains(where: { $0 != nil }) {
      table.append(ColumnTable.Column("F", values: totals))
    }
    return table
  }

  /// The table for people, its last row the median of every column.
  public func table(in language: ReportLanguage) -> TextTable {
    let columns = columns
    return TextTable(
      columns: columns.columns.enumerated().map { index, column in
        let title = column.name
          .replacing("correlation.", with: language.pick("corr. ", "相関 "))
          .replacing("rmse.", with: language.pick("rmse ", "誤差 "))
        if index == 0 {
          return TextTable.Column(
            language.pick("seed", "シード"),
            seeds.map { .text(String($0)) } + [.text(language.pick("median", "中央値"))],
            alignment: .right)
        }
        return TextTable.Column(title, numbers: column.values + [Self.median(column.values)])
      })
  }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0) { $0 + $1 / Double(values.count) }
  }

  /// The median of the values that are there.
  static func median(_ values: [Double?]) -> Double? {
    let sorted = values.compactMap { $0 }.filter(\.isFinite).sorted()
    guard !sorted.isEmpty else { return nil }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}
