import DynamicModels
import Foundation
import ModelFiles
import ModelLanguage
import ODEEngine
import Recognition
import Reporting
import TensorCore
import Testing

@testable import Runs

@Suite("What an inversion in passes reports")
struct PosteriorTests {
  /// Unknown parameters, of which one entry is known, and two unknown precisions.
  static let text = """
    title: Decay
    time: {samples: 16, step: 1}
    embedding: {states: 3, causes: 2}
    inversion: {scheme: dem, iterations: 3}
    levels:
      - parameters:
          k: {value: -0.5, priorVariance: 0.25}
          b: {value: [1, 0.5], priorVariance: [0, 1]}
        states: {x: 0}
        motion: {x: k * x + v}
        output: {y: b * x}
        precision:
          y: {components: [identity], logPrior: {mean: 2, variance: 4}}
          x: exp(4)
      - output: {v: exp(-(t - 5)^2 / 4)}
        precision: {v: exp(6)}
    process:
      parameters: {k: -0.25}
      precision: {y: exp(3), x: exp(6)}
    """

  static func file(_ change: (String) -> String = { $0 }) throws -> ModelFile {
    try ModelLoader.load(source: SourceFile(name: "decay.yaml", text: change(text)))
  }

  @Test("priors, posteriors and true values of every unknown number")
  func entries() throws {
    let result = try RunPlan(model: "decay").run(try Self.file())
    let entries = result.estimateEntries
    #expect(entries.map(\.name) == ["k", "b[1]", "b[2]", "y"])
    #expect(entries.map(\.prior.mean) == [-0.5, 1, 0.5, 2])
    #expect(entries.map(\.prior.deviation) == [0.5, 0, 1, 2])
    #expect(entries[1].posterior == (1, 0))
    #expect(entries[0].posterior.deviation > 0 && entries[0].posterior.deviation < 0.5)
    #expect(entries.map(\.truth) == [-0.25, 1, 0.5, 3])
    let english = try #require(result.estimateTable(in: .english)).text()
    #expect(english.contains("parameter k          1  -0.500 ± 0.500"))
    #expect(english.contains("truth"))
    #expect(try #require(result.estimateTable(in: .japanese)).text().contains("対数精度 y"))
  }

  @Test("recorded data have no true values")
  func recorded() throws {
    var file = try Self.file()
    let names = file.model.level(1).outputs.elementNames
    let count = file.model.time.count
    file.data = RecordedData(
      channels: names,
      samples: Tensor(repeating: 0.1, shape: .matrix(count, names.count)), path: "d.csv")
    let result = try RunPlan(model: "decay").run(file)
    #expect(result.estimateEntries.allSatisfy { $0.truth == nil })
    #expect(result.tree()["parameters"]?["k"]?["true"] == nil)
  }

  @Test("a true log-precision is told only where the process is of the model's form")
  func trueLogPrecision() {
    func component(_ name: String, _ diagonal: [Double]) -> PrecisionComponent {
      PrecisionComponent(name: name, matrix: .diagonal(diagonal), priorMean: 0, priorVariance: 1)
    }
    let model = PrecisionModel(
      fixed: .diagonal([0, 0, 2]),
      components: [component("a", [1, 0, 0]), component("b", [0, 1, 2])])
    let process = Tensor<Double>.diagonal([exp(3), exp(-1), 2 + 2 * exp(-1)])
    func value(_ name: String, _ process: Tensor<Double>?) -> Double? {
      RunResult.trueLogPrecision(name, model, process)
    }
    #expect(abs((value("a", process) ?? .nan) - 3) < 1e-12)
    #expect(abs((value("b", process) ?? .nan) + 1) < 1e-12)
    #expect(value("b", .diagonal([exp(3), 1, 1])) == nil)
    #expect(value("a", nil) == nil)
    #expect(value("c", process) == nil)
  }

  @Test("a result file of an inversion in passes")
  func tree() throws {
    let result = try RunPlan(model: "decay").run(try Self.file())
    let tree = result.tree()
    guard case .object(let members) = tree else {
      Issue.record("no object")
      return
    }
    let names = members.map(\.name)
    #expect(
      names == [
        "model", "scheme", "stepper", "seed", "version", "time", "completed", "data", "freeEnergy",
        "iterations", "evidence", "levels", "parameters", "logPrecisions", "posterior", "elapsed",
      ])
    #expect(tree["stepper"] == .null)
    guard case .tensor(let energies) = tree["iterations"]?["F"],
      case .array(let accepted) = tree["iterations"]?["accepted"],
      case .number(let total) = tree["evidence"]?["F"],
      case .tensor(let covariance) = tree["posterior"]?["parameters"]?["covariance"],
      case .tensor(let deviation) = tree["parameters"]?["b"]?["sd"]
    else {
      Issue.record("a member is missing")
      return
    }
    #expect(energies.values == result.record.passes.map(\.freeEnergy))
    #expect(accepted.count == energies.shape.count)
    #expect(total == result.record.totalFreeEnergy)
    #expect(tree["evidence"]?["logEvidence"] == .number(-total))
    #expect(tree["posterior"]?["parameters"]?["names"] == .strings(["k", "b[1]", "b[2]"]))
    #expect(covariance.shape == .matrix(3, 3))
    #expect(abs(deviation.values[1] - covariance[2, 2].squareRoot()) < 1e-12)
    #expect(tree["posterior"]?["logPrecisions"]?["names"] == .strings(["y"]))
    #expect(tree["logPrecisions"]?["y"]?["priorSd"] == .number(2))
  }

  @Test("the parts of an evidence stand in file and report, and sum up")
  func evidence() throws {
    let whole = try RunPlan(model: "decay").run(try Self.file())
    var record = whole.record
    let parts = EvidenceParts(
      accuracy: -10,
      complexities: [.init(block: "states", value: 3), .init(block: "parameters.k", value: 1.5)])
    record.evidence = parts
    record.totalFreeEnergy = parts.freeEnergy
    let result = RunResult(
      plan: whole.plan, file: whole.file, truth: whole.truth, data: whole.data, record: record,
      seconds: 1)
    #expect(result.tree()["evidence"]?["complexity"]?["parameters.k"] == .number(1.5))
    #expect(result.tree()["evidence"]?["accuracy"] == .number(-10))
    let text = result.report(in: .english, style: .plain)
    #expect(text.contains("F 14.50, log evidence -14.50 = accuracy -10.00 − complexity 4.500"))
    #expect(text.contains("complexity: states 3.000, parameters.k 1.500"))
  }

  @Test("an inversion that broke off keeps what was accepted, or says that there is nothing")
  func failures() throws {
    let whole = try RunPlan(model: "decay").run(try Self.file())
    func broken(_ record: InversionRecord, _ failure: RecognitionError) -> RunResult {
      var record = record
      record.failure = failure
      return RunResult(
        plan: whole.plan, file: whole.file, truth: whole.truth, data: whole.data, record: record,
        seconds: 1)
    }
    let late = broken(whole.record, .divergence(iteration: 3, sample: 7, unit: "x"))
    #expect(late.failure?.exitStatus == .stoppedEarly)
    #expect(late.tree()["completed"] == .integer(16))
    guard case .string(let reason) = late.tree()["failure"] else {
      Issue.record("no reason")
      return
    }
    for word in ["iteration 3", "sample 7", "x is not"] { #expect(reason.contains(word)) }
    #expect(late.report(in: .english, style: .plain).contains("parameter k"))

    let empty = broken(
      InversionRecord(model: whole.model), .divergence(iteration: 1, sample: 1, unit: "x"))
    #expect(empty.tree()["completed"] == .integer(0))
    #expect(empty.tree().json().contains("\"F\": []"))
    #expect(empty.columns.rowCount == 16)
    #expect(empty.report(in: .english, style: .plain).contains("Nothing was estimated."))
    #expect(!empty.figure(in: .japanese).rows.isEmpty)

    #expect(broken(whole.record, .stopped).failure == .stoppedPasses(completed: 3, limit: 3))
    #expect(
      broken(InversionRecord(model: whole.model), .stopped).failure
        == .stoppedPasses(completed: 0, limit: 3))
  }

  @Test("a raised flag ends an inversion between its passes")
  func stopping() throws {
    let stop = StopFlag()
    let result = try RunPlan(model: "decay").run(try Self.file(), stop: stop) { info in
      if info.completed == 2 { stop.raise() }
    }
    #expect(result.failure == .stoppedPasses(completed: 2, limit: 3))
    #expect(result.record.passes.count == 2 && result.record.completed == 16)
  }

  @Test("the lines of convergence: aligned, signed, and a rejected pass says so")
  func convergence() throws {
    func info(_ number: Int, _ energy: Double, _ isAccepted: Bool = true) -> InversionInfo {
      InversionInfo(
        unit: .pass, completed: number, limit: 8, freeEnergy: energy, isAccepted: isAccepted,
        parameterChange: 0.5, precisionChange: 1e-5, isFinished: false)
    }
    for language in [ReportLanguage.english, .japanese] {
      var text = ConvergenceText(language: language)
      let opening = text.text(after: info(1, 100))
      let first = try #require(opening).split(separator: "\n")
      let secondText = text.text(after: info(2, 90))
      let second = try #require(secondText)
      let thirdText = text.text(after: info(3, 95, false))
      let third = try #require(thirdText)
      let fourthText = text.text(after: info(4, 85))
      let fourth = try #require(fourthText)
      #expect(first.count == 2)
      let widths = (first.map(String.init) + [second, fourth]).map { DisplayWidth.cells($0) }
      #expect(Set(widths).count == 1)
      #expect(second.contains("-10.000") && third.contains("+5.000"))
      #expect(third.contains(language.pick("rejected: kept the last estimate", "不採用")))
      // Changes are told against the estimate that was kept.
      #expect(fourth.contains("-5.000"))
    }
    var text = ConvergenceText(language: .english)
    let sample = InversionInfo(
      unit: .sample, completed: 1, limit: 8, freeEnergy: 1, isFinished: false)
    let silence = text.text(after: sample)
    #expect(silence == nil)
  }

  @Test("an option that only recognition understands is refused elsewhere")
  func options() throws {
    let file = try Self.file()
    let plans: [(RunPlan, String)] = [
      (RunPlan(model: "m", stepper: .rk4), "--stepper"),
      (RunPlan(model: "m", tolerance: 1e-4), "--tolerance"),
      (RunPlan(model: "m", errorUnits: .algebraic), "--errors"),
      (RunPlan(model: "m", friction: 2), "--friction"),
    ]
    for (plan, name) in plans {
      for scheme in [InversionSettings.Scheme.dem, .filter, .kalman] {
        var plan = plan
        plan.scheme = scheme
        #expect(throws: RunError.unusableOption(name, scheme: scheme)) {
          try plan.scheme(for: file)
        }
      }
      var plan = plan
      plan.scheme = .recognition
      #expect(try plan.scheme(for: file).scheme == .recognition)
    }
    #expect(try RunPlan(model: "m").scheme(for: file).scheme == .dem)
    #expect(try RunPlan(model: "m", scheme: .kalman).scheme(for: file).scheme == .kalman)
    let filter = try RunPlan(model: "m", scheme: .filter).scheme(for: file)
    #expect((filter as? GeneralizedFilter)?.settings.scheme == .filter)
  }

  @Test("missing data are refused by recognition with their place, and passed to others")
  func missing() throws {
    var file = try Self.file()
    let observed = try RunPlan(model: "decay").run(file)
    var data = observed.data
    data[4, 1] = .nan
    data[9, 0] = .nan
    file.data = RecordedData(
      channels: file.model.level(1).outputs.elementNames, samples: data, path: "d.csv")
    #expect(
      throws: RunError.missingData(channel: "y[2]", sample: 5, count: 2, scheme: .recognition)
    ) {
      try RunPlan(model: "decay", scheme: .recognition).run(file)
    }
    let result = try RunPlan(model: "decay", scheme: .filter).run(file)
    #expect(result.failure == nil && result.record.completed == 16)
    guard case .tensor(let written) = result.tree()["data"]?["y"] else {
      Issue.record("no data")
      return
    }
    #expect(written[4, 1].isNaN && written[9, 0].isNaN && written[0, 0].isFinite)
    #expect(result.tree().json().contains("null"))
  }

  @Test("confounds reach the scheme, and their weights the report and the file")
  func confounds() throws {
    var file = try Self.file()
    let observed = try RunPlan(model: "decay").run(file)
    let count = file.model.time.count
    let drift = (0..<count).map { Double($0) / Double(count) - 0.5 }
    file.dataSettings.confounds = Tensor(shape: .matrix(count, 1), values: drift)
    file.dataSettings.confoundNames = ["drift"]
    file.data = RecordedData(
      channels: file.model.level(1).outputs.elementNames, samples: observed.data, path: "d.csv")
    let result = try RunPlan(model: "decay").run(file)
    guard case .tensor(let weights) = result.tree()["confounds"]?["drift"] else {
      Issue.record("no weights")
      return
    }
    #expect(weights.shape == .vector(2))
    #expect(result.report(in: .english, style: .plain).contains("weight in y[2]"))
    #expect(
      throws: RunError.recognition(.unsupported(scheme: .recognition, .confounds))
    ) {
      try RunPlan(model: "decay", scheme: .recognition).run(file)
    }
    file.dataSettings.confounds = Tensor(shape: .matrix(3, 1), values: [1, 2, 3])
    #expect(throws: RunError.rowCount(.confounds, 3, samples: 16)) {
      try RunPlan(model: "decay").run(file)
    }
  }

  @Test("prior causes from data take the place of the equations")
  func priorCauses() throws {
    var file = try Self.file()
    let plain = try RunPlan(model: "decay").run(file)
    file.dataSettings.priorCauses = file.model.priorCauses()
    let same = try RunPlan(model: "decay").run(file)
    #expect(same.record.levels[1].outputs.mean.values == plain.record.levels[1].outputs.mean.values)
    file.dataSettings.priorCauses = Tensor(
      repeating: 0.5, shape: .matrix(file.model.time.count, 1))
    let other = try RunPlan(model: "decay").run(file)
    #expect(
      other.record.levels[1].outputs.mean.values != plain.record.levels[1].outputs.mean.values)
  }

  @Test("the papers behind every scheme")
  func citations() throws {
    let file = try Self.file()
    func text(_ scheme: InversionSettings.Scheme) -> String {
      RunPlan(model: "m", scheme: scheme).citationText(for: file, in: .english)
    }
    #expect(text(.dem).contains("NeuroImage 41:849") && !text(.dem).contains("Ozaki"))
    #expect(text(.filter).contains("Math Probl Eng 2010:621670"))
    #expect(text(.kalman).contains("Kalman 1960") && text(.kalman).contains("Rauch, Tung"))
    #expect(text(.recognition).contains("Trends Cogn Sci 13:293"))
  }
}
