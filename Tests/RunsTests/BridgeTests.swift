import AttentionBridge
import Foundation
import Glossary
import ModelFiles
import Reporting
import Testing

@testable import Runs

@Suite("the bridge as runs see it")
struct BridgeTests {
  private static var root: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
  }

  @Test("names and numbers are unique, and every comparison speaks both languages")
  func registry() {
    let all = Bridge.comparisons
    #expect(Set(all.map(\.name)).count == all.count)
    #expect(Set(all.map(\.number)).count == all.count)
    #expect(Bridge.identities.allSatisfy { $0.kind == .identity && $0.number.hasPrefix("P") })
    #expect(Bridge.measurements.allSatisfy { $0.kind == .measurement && $0.number.hasPrefix("M") })
    for comparison in all {
      #expect(Bridge.comparison(comparison.name.uppercased())?.number == comparison.number)
      #expect(Bridge.comparison(comparison.number.lowercased())?.name == comparison.name)
      #expect(!comparison.claim.equation.isEmpty, "\(comparison.name)")
      for text in [comparison.title, comparison.claim.meaning] {
        #expect(!text.english.isEmpty && text.english.allSatisfy { !Self.isJapanese($0) })
        #expect(text.japanese.contains(where: Self.isJapanese), "\(comparison.name)")
      }
    }
  }

  private static func isJapanese(_ character: Character) -> Bool {
    character.unicodeScalars.contains {
      (0x3040...0x30ff).contains($0.value) || (0x4e00...0x9fff).contains($0.value)
    }
  }

  @Test("every term is in the glossary, every source in the bibliography and in the table")
  func links() throws {
    let bibliography = try String(
      contentsOf: Self.root.appendingPathComponent("docs/references.bib"), encoding: .utf8)
    for comparison in Bridge.comparisons {
      #expect(!comparison.glossary.isEmpty)
      for slug in comparison.glossary {
        #expect(Glossary.entry(slug) != nil, "\(comparison.name): \(slug)")
      }
      for key in comparison.claim.references {
        #expect(BridgeReferences.text(key) != nil, "\(comparison.name): \(key)")
      }
    }
    let used = Set(Bridge.comparisons.flatMap(\.claim.references))
    for key in BridgeReferences.keys {
      #expect(bibliography.contains("{\(key),"), "\(key)")
      #expect(used.contains(key), "\(key) is cited by nothing")
    }
  }

  /// A comparison with a given outcome.
  private struct Fixed: BridgeComparison {
    let name = "fixed"
    let number = "P0"
    var kind = ComparisonKind.identity
    let title = LocalizedText(english: "One is two", japanese: "一は二")
    let claim = Claim(equation: ["1 = 2"], meaning: LocalizedText(english: "No.", japanese: "否。"))
    let glossary = ["prior"]
    func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding { Finding() }
  }

  private func result(
    _ outcome: Result<Finding, BridgeError>, kind: ComparisonKind = .identity,
    subject: BridgeRequest.Subject = .identities
  ) -> BridgeResult {
    BridgeResult(
      request: BridgeRequest(subject),
      entries: [
        BridgeResult.Entry(comparison: Fixed(kind: kind), outcome: outcome, seconds: 0)
      ])
  }

  @Test("a deviation above its tolerance, one that is no number, and one without instances fail")
  func failing() {
    let statement = LocalizedText(english: "1 = 2", japanese: "1 = 2")
    for (value, instances, holds) in [
      (1e-13, 5, true), (0.5, 5, false), (.nan, 5, false), (0, 0, false),
    ] {
      let finding = Finding(deviations: [
        Deviation(statement, value: value, tolerance: 1e-12, instances: instances)
      ])
      let result = result(.success(finding))
      #expect(result.holds == holds && result.failure == nil)
      let text = result.report(in: .english, style: .plain)
      #expect(text.contains(holds ? "All 1 identities hold" : "1 of 1 identities do not hold."))
      #expect(text.contains(holds ? "✓" : "✗"))
    }
  }

  @Test("what could not be made is told with its reason, and gives the status")
  func failure() {
    let result = result(.failure(.missingFile(name: "attention-cell.yaml")))
    #expect(result.failure == .bridge(.missingFile(name: "attention-cell.yaml")))
    #expect(result.failure?.exitStatus == .badData)
    #expect(result.report(in: .english, style: .plain).contains("'attention-cell.yaml'"))
    #expect(result.report(in: .japanese, style: .plain).contains("見つかりません"))
    #expect(RunError.bridge(.stopped).exitStatus == .stoppedEarly)
  }

  @Test("an effect stands beside its null, with p where controls were shuffled")
  func effects() {
    let name = LocalizedText(english: "correlation", japanese: "相関")
    let method = LocalizedText(english: "circular shifts", japanese: "循環シフト")
    let finding = Finding(
      effects: [
        Effect(name, value: 0.5, null: .shuffled([0.1, -0.2, 0.7], value: 0.5, method)),
        Effect(
          name, value: -1, null: .analytic(0, LocalizedText(english: "no slope", japanese: "傾きなし")),
          holds: false),
      ], verdict: LocalizedText(english: "Nothing.", japanese: "何もありません。"))
    let result = result(.success(finding), kind: .measurement, subject: .one("fixed"))
    #expect(!result.holds)
    let text = result.report(in: .english, style: .plain)
    #expect(text.contains("0.5000") && text.contains("0.500") && text.contains("✗"))
    #expect(text.contains("null a: circular shifts (mean and 95 % of 3 controls)"))
    #expect(text.contains("null b: no slope\n") && text.contains("Nothing."))
    #expect(result.csv.split(separator: "\n").count == 3)
    guard case .object(let members)? = Optional(result.tree) else { return }
    #expect(members.contains { $0.name == "comparisons" })
  }

  @Test("p counts the measured value among the controls, and the range holds 95 %")
  func null() {
    let method = LocalizedText(english: "a", japanese: "b")
    let controls = (0..<100).map { Double($0) }
    guard
      case .shuffled(let mean, let range, let p, let count, _) = Null.shuffled(
        controls, value: 98, method)
    else { return }
    #expect(mean == 49.5 && count == 100 && p == 3.0 / 101)
    #expect(range == 2...97)
  }

  @Test("identities run on the files that ship, and stop when asked")
  func running() throws {
    let library = ModelLibrary(
      environment: ["ODOROKI_MODELS": Self.root.appendingPathComponent("models").path],
      executable: nil, currentFolder: "/")
    let result = try BridgeRequest(.one("P1c"), instances: 4).run(library: library)
    #expect(result.holds && result.failure == nil && result.figures(in: .english).isEmpty)
    let drawn = try BridgeRequest(.one("online"), instances: 1, draws: true).run(library: library)
    #expect(drawn.figures(in: .japanese).map(\.file) == ["bridge-online.png"])
    let flag = StopFlag()
    flag.raise()
    let stopped = try BridgeRequest(.everything, instances: 1).run(library: library, stop: flag)
    #expect(stopped.entries.count == 1 && stopped.failure == .bridge(.stopped))
    #expect(throws: RunError.invalidOption(name: "--instances", value: 0)) {
      try BridgeRequest(instances: 0).run(library: library)
    }
  }
}
