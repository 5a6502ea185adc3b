import DynamicModels
import Foundation
import ModelFiles
import ModelLanguage
import Recognition
import Reporting
import Runs
import TensorCore
import Testing

@Suite("Runs and their reports")
struct RunTests {
  static let text = """
    title: {en: Leak, ja: 漏れ}
    glossary: [hidden-state]
    time: {samples: 12, step: 1}
    embedding: {states: 4, causes: 2}
    smoothness: 0.5
    levels:
      - states: {x: 0}
        motion: {x: -x / 2 + v}
        output: {y: "[x, 2 * x]"}
        precision: {y: exp(4), x: exp(4)}
      - output: {v: 0}
        precision: {v: 1}
    process:
      causes: {v: exp(-(t - 5)^2 / 4)}
    """

  static func file() throws -> ModelFile {
    try ModelLoader.load(source: SourceFile(name: "leak.yaml", text: text))
  }

  private func memberNames(_ tree: ResultTree?) -> [String] {
    guard case .object(let members) = tree else { return [] }
    return members.map(\.name)
  }

  @Test("a result file holds what the documentation says, and in its order")
  func tree() throws {
    let result = try RunPlan(model: "leak").run(try Self.file())
    let tree = result.tree()
    #expect(
      memberNames(tree) == [
        "model", "scheme", "stepper", "seed", "version", "time", "completed", "data", "freeEnergy",
        "levels", "parameters", "logPrecisions", "elapsed",
      ])
    #expect(
      memberNames(tree["freeEnergy"]) == [
        "F", "energy", "entropy", "accuracy", "complexity", "surprise", "divergence", "volume",
      ])
    guard case .array(let levels) = tree["levels"] else {
      Issue.record("levels are no array")
      return
    }
    #expect(levels.count == 2)
    #expect(
      memberNames(levels[0]["states"]?["x"]) == [
        "mean", "sd", "true", "error", "weightedError", "covariance",
      ])
    #expect(
      memberNames(levels[0]["outputs"]?["y"]) == [
        "mean", "sd", "error", "weightedError", "covariance",
      ])
    let cause = memberNames(levels[1]["outputs"]?["v"])
    #expect(cause.contains("true"))
    guard case .tensor(let covariance) = levels[0]["outputs"]?["y"]?["covariance"],
      case .tensor(let deviation) = levels[0]["outputs"]?["y"]?["sd"]
    else {
      Issue.record("no covariance")
      return
    }
    #expect(covariance.shape == Shape([12, 2, 2]) && deviation.shape == .matrix(12, 2))
    #expect(abs(covariance[3, 1, 1] - deviation[3, 1] * deviation[3, 1]) < 1e-12)
    let untold = tree["elapsed"]?["seconds"]
    #expect(untold == .null)
    let told = result.tree(timing: true)["elapsed"]?["seconds"]
    #expect(told != nil && told != .null)
  }

  @Test("the sums of free energy agree in the trace")
  func sums() throws {
    let columns = try RunPlan(model: "leak").run(try Self.file()).traceColumns.columns
    func values(_ name: String) -> [Double] {
      columns.first { $0.name == name }?.values.compactMap { $0 } ?? []
    }
    let total = values("F")
    #expect(total.count == 12)
    for (index, value) in total.enumerated() {
      #expect(abs(values("energy")[index] - values("entropy")[index] - value) < 1e-9 * abs(value))
      #expect(
        abs(values("complexity")[index] - values("accuracy")[index] - value) < 1e-9 * abs(value))
      let bound =
        values("surprise")[index] + values("divergence")[index] + values("volume")[index]
      #expect(abs(bound - value) < 1e-9 * abs(value))
    }
  }

  @Test("the columns of a CSV file")
  func columns() throws {
    let names = try RunPlan(model: "leak").run(try Self.file()).columns.columns.map(\.name)
    #expect(
      names == [
        "t", "y[1]", "y[2]", "y[1].mean", "y[1].sd", "y[2].mean", "y[2].sd", "v.mean", "v.sd",
        "v.true", "x.mean", "x.sd", "x.true", "F", "energy", "entropy", "accuracy", "complexity",
        "surprise", "divergence", "volume", "xi.1", "xi.2",
      ])
  }

  @Test("an ensemble gives the same bytes on one thread and on two, and as single runs")
  func ensemble() throws {
    let file = try Self.file()
    let ensemble = Ensemble(plan: RunPlan(model: "leak"), file: file, seeds: [3, 1, 2, 9, 4])
    let one = ensemble.run(threads: 1)
    let two = ensemble.run(threads: 2)
    #expect(
      EnsembleReport(ensemble, outcomes: one).columns.csv()
        == EnsembleReport(ensemble, outcomes: two).columns.csv())
    for (index, seed) in ensemble.seeds.enumerated() {
      var plan = ensemble.plan
      plan.seed = seed
      let alone = try plan.run(file).tree().json()
      #expect(try one[index].get().tree().json() == alone)
      #expect(try two[index].get().tree().json() == alone)
    }
    #expect(try one[0].get().tree().json() != (try one[1].get().tree().json()))
  }

  @Test("a raised flag ends a run with what is there")
  func stopping() throws {
    let stop = StopFlag()
    let result = try RunPlan(model: "leak").run(try Self.file(), stop: stop) { info in
      if info.completed == 5 { stop.raise() }
    }
    #expect(result.failure == .stopped(completed: 5, total: 12))
    #expect(result.record.freeEnergy.count == 5)
    #expect(result.traceColumns.rowCount == 5)
    #expect(result.columns.rowCount == 12)
  }

  @Test("every error has its exit status and a text in both languages")
  func statuses() {
    let errors: [(RunError, CommandStatus)] = [
      (.unknownModel(name: "a", suggestion: nil, known: []), .usage),
      (.invalidOption(name: "tolerance", value: 2), .usage),
      (.modelFile(.unreadable(path: "m.yaml", .notFound)), .badData),
      (.unusableOption("--stepper", scheme: .dem), .usage),
      (.missingData(channel: "y", sample: 3, count: 2, scheme: .recognition), .badData),
      (.rowCount(.confounds, 3, samples: 4), .badData),
      (.rowCount(.priorCauses, 3, samples: 4), .badData),
      (.recognition(.unsupported(scheme: .recognition, .confounds)), .badData),
      (.recognition(.divergence(iteration: 2, sample: 3, unit: "x")), .stoppedEarly),
      (.stoppedPasses(completed: 0, limit: 8), .stoppedEarly),
      (.stoppedPasses(completed: 2, limit: 8), .stoppedEarly),
      (.comparison(.nothingToCompare), .usage),
      (.comparison(.noEvidence(.recognition)), .usage),
      (.comparison(.differentData(model: "a", other: "b", .absent)), .badData),
      (.comparison(.differentData(model: "a", other: "b", .samples(3, 4))), .badData),
      (.comparison(.differentData(model: "a", other: "b", .sampleSteps(1, 2))), .badData),
      (.comparison(.differentData(model: "a", other: "b", .channels(["y"], ["z"]))), .badData),
      (
        .comparison(.differentData(model: "a", other: "b", .value(channel: "y", sample: 3))),
        .badData
      ),
      (.comparison(.priorCount(found: 1, rows: ["a", "b"])), .usage),
      (.comparison(.invalidReduction("a=b")), .usage),
      (.comparison(.unknownParameter(name: "a", suggestion: "A", known: ["A"])), .usage),
      (.comparison(.unknownParameter(name: "a", suggestion: nil, known: [])), .usage),
      (.comparison(.reduction(model: "m", parameter: "a", .singular(row: 0))), .stoppedEarly),
      (.comparison(.noPosterior(model: "m")), .stoppedEarly),
      (.comparison(.failedModels(1, of: 3)), .stoppedEarly),
      (.process(.nonFinite(level: 1, variable: "x", sample: 3, time: 3)), .stoppedEarly),
      (.process(.precision(level: 1, .singular(row: 0))), .badData),
      (.recognition(.nonFiniteFreeEnergy(sample: 3, time: 3)), .stoppedEarly),
      (.recognition(.improperPosterior(sample: 1, unit: "v")), .stoppedEarly),
      (.recognition(.dataShape(expected: 2, found: 3)), .badData),
      (.reporting(.unknownExtension(path: "a.b", allowed: ["csv"])), .usage),
      (.reporting(.cannotWrite(path: "a", .noSpace)), .cannotWrite),
      (.reporting(.gnuplotMissing(executable: "gnuplot")), .cannotWrite),
      (.stopped(completed: 3, total: 5), .stoppedEarly),
    ]
    for (error, status) in errors {
      #expect(error.exitStatus == status)
      let english = error.text(in: .english)
      let japanese = error.text(in: .japanese)
      #expect(english.hasSuffix("\n") && japanese.hasSuffix("\n"))
      #expect(english != japanese)
      #expect(english.unicodeScalars.allSatisfy { $0.value < 0x3000 })
    }
  }

  @Test("what a check finds out about a linear model")
  func check() throws {
    let check = try ModelCheck(try Self.file(), plan: RunPlan(model: "leak"))
    #expect(check.isLinearGaussian)
    #expect(check.levels[0].first.map(\.name) == ["f_x", "f_v", "g_x", "g_v"])
    #expect(
      check.levels[0].first.map(\.dependence) == [.constant, .constant, .constant, .zero])
    #expect(check.levels[0].second.allSatisfy { $0.dependence == .zero })
    #expect(check.stiffness?.dimension == 6)
  }
}
