import DynamicModels
import Foundation
import ModelFiles
import ModelLanguage
import Recognition
import Reporting
import TensorCore
import Testing

@testable import Runs

@Suite("Model comparison")
struct ComparisonTests {
  /// A static linear Gaussian model, for which reduction is exact.
  static func regression(_ parameters: String, name: String = "regression") throws -> ModelFile {
    let text = """
      title: Regression
      time: {samples: 24, step: 1}
      inversion: {scheme: dem, iterations: 16}
      levels:
        - parameters: {\(parameters)}
          output: {y: "[a * v[1] + b * v[2], v[2]]"}
          precision: {y: exp(2)}
        - output: {v: "[cos(t / 3), sin(t / 2)]"}
          precision: {v: exp(12)}
      process:
        parameters: {a: 1.5, b: 0.1}
      """
    return try ModelLoader.load(source: SourceFile(name: "\(name).yaml", text: text))
  }

  static let full = "a: {value: 0, priorVariance: 1}, b: {value: 0, priorVariance: 1}"
  static let plan = RunPlan(model: "regression")

  @Test("log Bayes factors and posterior probabilities, with priors and failed rows")
  func mathematics() {
    func row(_ energy: Double?, _ prior: Double) -> ComparisonOutcome.Row {
      var row = ComparisonOutcome.Row(label: "", model: 0, reduction: nil, prior: prior)
      row.freeEnergy = energy
      return row
    }
    // Far beyond the range of exp.
    var rows = [row(5000, 0.25), row(5001, 0.5), row(nil, 0.125), row(7000, 0.125)]
    ComparisonOutcome.compare(&rows)
    #expect(rows.map(\.logBayesFactor) == [0, -1, nil, -2000])
    let weights = [0.25, 0.5 * exp(-1.0)]
    #expect(abs((rows[0].probability ?? .nan) - weights[0] / (weights[0] + weights[1])) < 1e-12)
    #expect(abs((rows[1].probability ?? .nan) - weights[1] / (weights[0] + weights[1])) < 1e-12)
    #expect(rows[2].probability == nil && rows[3].probability == 0)
    var impossible = [row(1, 0), row(nil, 1)]
    ComparisonOutcome.compare(&impossible)
    #expect(impossible[0].probability == nil && impossible[0].logBayesFactor == 0)
    var none = [row(nil, 1)]
    ComparisonOutcome.compare(&none)
    #expect(none[0].logBayesFactor == nil)
  }

  @Test("grades of evidence")
  func grades() {
    let factors: [Double] = [1, 2.9, 3.1, 19, 21, 149, 151]
    let grades: [ComparisonOutcome.Grade] = [
      .best, .barely, .positive, .positive, .strong, .strong, .veryStrong,
    ]
    #expect(factors.map { ComparisonOutcome.Grade(logBayesFactor: -log($0)) } == grades)
  }

  @Test("a reduction gives what fitting the reduced model gives", arguments: ["b", "b=0.1"])
  func reduction(text: String) throws {
    let full = try Self.regression(Self.full)
    let value = text == "b" ? "0" : "0.1"
    let fixed = try Self.regression(
      "a: {value: 0, priorVariance: 1}, b: \(value)", name: "fixed")
    let result = try Comparison(
      plan: Self.plan, files: [full, fixed], reductions: [try Reduction(text)]
    ).run()
    #expect(result.rows.count == 3)
    let energies = result.rows.compactMap(\.freeEnergy)
    try #require(energies.count == 3)
    // The same numbers from one posterior and from a second inversion.
    #expect(abs(energies[2] - energies[1]) < 0.02, "\(energies)")
    #expect(abs(energies[0] - energies[1]) > 0.1)
    let reduced = try #require(result.rows[2].reduced)
    #expect(reduced.names == ["a", "b"])
    #expect(reduced.mean[1] == (Double(value) ?? .nan) && reduced.deviation[1] == 0)
    let refitted = try #require(try result.results[1].get().estimateEntries.first)
    #expect(abs(reduced.mean[0] - refitted.posterior.mean) < 1e-3)
    #expect(abs(reduced.deviation[0] - refitted.posterior.deviation) < 1e-3)
    #expect(abs((result.rows.compactMap(\.probability).reduce(0, +)) - 1) < 1e-12)
    #expect(result.failure == nil)
  }

  @Test("rows, labels and files")
  func reports() throws {
    let full = try Self.regression(Self.full)
    let narrow = try Self.regression(
      "a: {value: 0, priorVariance: 0.01}, b: 0", name: "narrow")
    let result = try Comparison(
      plan: Self.plan, files: [full, narrow],
      reductions: [try Reduction("a"), try Reduction("b = 0")], priors: [2, 1, 1, 1, 0]
    ).run()
    let labels = ["regression", "narrow", "regression − a", "regression, b=0", "narrow − a"]
    #expect(result.rows.map(\.label) == labels)
    #expect(result.rows.map(\.prior) == [0.4, 0.2, 0.2, 0.2, 0])
    #expect(result.rows[4].probability == 0)
    for language in [ReportLanguage.english, .japanese] {
      let text = result.report(in: language, style: .plain)
      for label in labels { #expect(text.contains(label)) }
      #expect(text.contains(language.pick("process of regression, seed 1", "シード 1")))
    }
    let lines = result.csv.split(separator: "\n")
    #expect(lines.count == 6)
    // A label with a comma is quoted.
    #expect(lines[4].hasPrefix("\"regression, b=0\","))
    guard case .array(let models) = result.tree["models"] else {
      Issue.record("no models")
      return
    }
    #expect(models.count == 5)
    #expect(models[0]["without"] == .null && models[3]["without"] == .string("b=0"))
    #expect(models[3]["evidence"]?["F"] == result.rows[3].freeEnergy.map { .number($0) })
    #expect(models[2]["posterior"]?["names"] == .strings(["a", "b"]))
    let figure = result.figure(in: .english)
    #expect(figure.rows.joined().allSatisfy { $0.categories == labels })
    #expect(result.citationText(in: .english).contains("NeuroImage 56:2089"))
  }

  @Test("parts of the evidence stand under the table, block by block")
  func complexities() throws {
    let whole = try Comparison(
      plan: Self.plan, files: [try Self.regression(Self.full)], reductions: [try Reduction("b")]
    ).run()
    var inversion = try whole.results[0].get()
    var record = inversion.record
    record.evidence = EvidenceParts(
      accuracy: -7, complexities: [.init(block: "states", value: 2)])
    record.totalFreeEnergy = 9
    inversion = RunResult(
      plan: inversion.plan, file: inversion.file, truth: nil, data: inversion.data, record: record,
      seconds: 0)
    let result = ComparisonOutcome(
      whole.comparison, results: [.success(inversion)], data: whole.data)
    let table = try #require(result.complexityTable(in: .english)).text()
    #expect(table.contains("states") && table.contains("2.00"))
    #expect(result.table(in: .english).text().contains("-7.00"))
    #expect(result.csv.contains("-7.0,2.0"))
  }

  @Test("a model that fails does not lose the others")
  func failure() throws {
    let full = try Self.regression(Self.full)
    let comparison = try Comparison(plan: Self.plan, files: [full, full])
    let good = try comparison.run().results[0]
    let failed = RunError.recognition(.nonFinitePass(iteration: 2))
    let result = ComparisonOutcome(
      comparison, results: [good, .failure(failed)],
      data: try good.get().data)
    #expect(result.rows[0].probability == 1 && result.rows[1].freeEnergy == nil)
    #expect(result.failure == .comparison(.failedModels(1, of: 2)))
    #expect(result.report(in: .english, style: .plain).contains("iteration 2"))
    #expect(result.report(in: .japanese, style: .plain).contains("失敗"))
    let stop = StopFlag()
    let stopped = try comparison.run(stop: stop) { _, _ in stop.raise() }
    #expect(stopped.failure == .stoppedPasses(completed: 1, limit: 16))
    #expect(stopped.rows.allSatisfy { $0.freeEnergy == nil })
  }

  @Test("what cannot be compared is refused before anything runs")
  func refusals() throws {
    let full = try Self.regression(Self.full)
    func error(
      _ files: [ModelFile], _ reductions: [String] = [], _ priors: [Double]? = nil,
      plan: RunPlan = Self.plan
    ) -> ComparisonError? {
      do {
        _ = try Comparison(
          plan: plan, files: files, reductions: reductions.map { try Reduction($0) },
          priors: priors)
        return nil
      } catch RunError.comparison(let error) {
        return error
      } catch {
        return nil
      }
    }
    #expect(error([full]) == .nothingToCompare)
    #expect(
      error([full, full], plan: RunPlan(model: "m", scheme: .recognition))
        == .noEvidence(.recognition))
    #expect(
      error([full, full], [], [1])
        == .priorCount(found: 1, rows: ["regression.yaml", "regression.yaml"]))
    #expect(
      error([full], ["aa"])
        == .unknownParameter(name: "aa", suggestion: "a", known: ["a", "b"]))
    for text in ["", "a=", "a=b", "a=1=2", "=1"] {
      #expect(error([full], [text]) == .invalidReduction(text))
    }
    var longer = full
    longer.model.time.count = 25
    #expect(
      error([full, longer])
        == .differentData(
          model: "regression.yaml", other: "regression.yaml", .samples(24, 25)))
    var recorded = full
    var samples = Tensor<Double>(repeating: 0, shape: .matrix(24, 2))
    samples[3, 0] = .nan
    recorded.data = RecordedData(channels: ["y[1]", "y[2]"], samples: samples, path: "a.csv")
    #expect(error([recorded, recorded]) == nil)
    #expect(
      error([recorded, full])
        == .differentData(model: "regression.yaml", other: "regression.yaml", .absent))
    var changed = recorded
    changed.data?.samples[7, 1] = 1
    #expect(
      error([recorded, changed])
        == .differentData(
          model: "regression.yaml", other: "regression.yaml", .value(channel: "y[2]", sample: 8)))
  }

  @Test("a file that asks for recognition is compared by dem")
  func scheme() throws {
    var full = try Self.regression(Self.full)
    full.inversion.scheme = .recognition
    #expect(try Comparison(plan: Self.plan, files: [full, full]).scheme == .dem)
    full.inversion.scheme = .filter
    #expect(try Comparison(plan: Self.plan, files: [full, full]).scheme == .filter)
    var plan = Self.plan
    plan.scheme = .dem
    #expect(try Comparison(plan: plan, files: [full, full]).scheme == .dem)
  }
}
