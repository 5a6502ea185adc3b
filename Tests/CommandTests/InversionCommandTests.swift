import Foundation
import Testing

@Suite("Inversion schemes and model comparison from the command line", .serialized)
struct InversionCommandTests {
  let odoroki: Command

  init() throws { odoroki = try Command() }

  /// Two unknown parameters and an unknown precision.
  static let decay = """
    title: {en: Decay, ja: 減衰}
    time: {samples: 16, step: 1}
    embedding: {states: 3, causes: 2}
    inversion: {scheme: dem, iterations: 3}
    levels:
      - parameters:
          k: {value: -0.5, priorVariance: 0.25}
          b: {value: 0.5, priorVariance: 1}
        states: {x: 0}
        motion: {x: k * x + v}
        output: {y: "[x, b * x]"}
        precision:
          y: {components: [identity], logPrior: {mean: 2, variance: 4}}
          x: exp(4)
      - output: {v: exp(-(t - 5)^2 / 4)}
        precision: {v: exp(6)}
    process:
      parameters: {k: -0.25, b: 0}
      precision: {y: exp(3), x: exp(6)}

    """

  /// Its state leaves the domain of the root where the data are negative.
  static let root = """
    title: Root
    time: {samples: 6, step: 1}
    inversion: {scheme: dem}
    levels:
      - states: {x: 1}
        motion: {x: -x + v}
        output: {y: sqrt(x)}
        precision: {y: exp(4), x: 1}
      - output: {v: 1}
        precision: {v: 1}

    """

  private func object(_ name: String) throws -> [String: Any] {
    try #require(JSONSerialization.jsonObject(with: odoroki.read(name)) as? [String: Any])
  }

  @Test("dem on a shipped model: the same report, and its pass on standard error")
  func shipped() throws {
    defer { odoroki.remove() }
    let outcome = try odoroki("run", "convolution", "--scheme", "dem", "--no-figure")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.hasPrefix("Linear convolution  convolution · dem · seed 1\n"))
    #expect(outcome.output.contains("\ncause v         2        0.9"))
    #expect(outcome.output.contains("\nEvidence of the record (nats)\nF "))
    #expect(outcome.errors.contains("iteration      F [nats]      change"))
    #expect(outcome.errors.contains("      1/1  "))
  }

  @Test("dem learns: convergence, posterior, file, figure; settings by --set")
  func learning() throws {
    defer { odoroki.remove() }
    try odoroki.write("decay.yaml", Self.decay)
    let outcome = try odoroki(
      "run", "decay.yaml", "--output", "d.json", "--figure", "d.png", "--set",
      "inversion.iterations=2", "--citations")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.count { $0.contains("/2  ") } == 2)
    #expect(outcome.output.contains("parameter k          1  -0.500 ± 0.500"))
    #expect(outcome.output.contains("log-precision y      1   2.000 ± 2.000"))
    #expect(outcome.output.contains("NeuroImage 41:849"))
    #expect(try odoroki.read("d.png").starts(with: [0x89, 0x50, 0x4e, 0x47]))
    let file = try object("d.json")
    #expect(file["scheme"] as? String == "dem" && file["stepper"] is NSNull)
    let iterations = try #require(file["iterations"] as? [String: Any])
    #expect((iterations["F"] as? [Double])?.count == 2)
    #expect((iterations["accepted"] as? [Bool])?.first == true)
    let parameters = try #require(file["parameters"] as? [String: [String: Double]])
    #expect(parameters["k"]?["prior"] == -0.5 && parameters["k"]?["true"] == -0.25)
    #expect((parameters["k"]?["sd"] ?? 0) > 0)
    let evidence = try #require(file["evidence"] as? [String: Any])
    #expect(evidence["F"] as? Double == (iterations["F"] as? [Double])?.last)
    let posterior = try #require(file["posterior"] as? [String: [String: Any]])
    #expect((posterior["parameters"]?["covariance"] as? [[Double]])?.count == 2)
    let quiet = try odoroki("run", "decay.yaml", "--quiet", "--no-figure", "--lang", "ja")
    #expect(quiet.errors.isEmpty && quiet.output.contains("パラメータ k"))
    let japanese = try odoroki("trace", "decay.yaml", "--lang", "ja")
    #expect(japanese.status == 0 && japanese.errors.contains("反復"))
    let filter = try odoroki(
      "run", "decay.yaml", "--scheme", "filter", "--no-figure", "--set", "inversion.passes=2")
    #expect(filter.status == 0 && filter.output.contains(" · filter · "), "\(filter.errors)")
    let seeds = try odoroki("run", "decay.yaml", "--seeds", "1-2", "--quiet")
    #expect(seeds.status == 0 && seeds.output.contains("median"), "\(seeds.errors)")
    #expect(seeds.output.split(separator: "\n").first?.hasSuffix(" F") == true)
  }

  @Test("models are compared on the same data, reductions beside them")
  func comparison() throws {
    defer { odoroki.remove() }
    try odoroki.write("decay.yaml", Self.decay)
    try odoroki.write(
      "single.yaml",
      Self.decay.replacing("b: {value: 0.5, priorVariance: 1}", with: "b: 0"))
    let outcome = try odoroki(
      "compare", "decay.yaml", "single.yaml", "--without", "b=0", "--output", "c.json", "--figure",
      "c.svg", "--citations")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("dem · data from the process of decay, seed 1 · 16 samples"))
    #expect(outcome.output.contains("\ndecay, b=0  "))
    #expect(outcome.output.contains("(best)") && outcome.output.contains("NeuroImage 56:2089"))
    #expect(outcome.errors.contains("[2/2] single") && odoroki.exists("c.svg"))
    let models = try #require(try object("c.json")["models"] as? [[String: Any]])
    #expect(models.compactMap { $0["name"] as? String } == ["decay", "single", "decay, b=0"])
    let probabilities = models.compactMap { $0["probability"] as? Double }
    #expect(abs(probabilities.reduce(0, +) - 1) < 1e-9)
    #expect(models.compactMap { $0["logBayesFactor"] as? Double }.max() == 0)
    let csv = try odoroki(
      "compare", "decay.yaml", "single.yaml", "--prior", "1,0", "--output", "c.csv", "--quiet",
      "--lang", "ja")
    #expect(csv.status == 0 && csv.errors.isEmpty && csv.output.contains("モデル比較"))
    #expect(
      String(decoding: try odoroki.read("c.csv"), as: UTF8.self).hasPrefix(
        "model,F,logEvidence,logBayesFactor,prior,probability,accuracy,complexity\ndecay,"))
  }

  @Test("what a scheme or a comparison cannot do is said, with its status")
  func refusals() throws {
    defer { odoroki.remove() }
    try odoroki.write("decay.yaml", Self.decay)
    func check(_ status: Int32, _ text: String, _ outcome: Command.Outcome) {
      #expect(outcome.status == status, "\(outcome.errors)")
      #expect(outcome.errors.contains(text), "\(outcome.errors)")
    }
    check(64, "'recognition', 'dem', 'filter'", try odoroki("run", "decay.yaml", "--scheme", "x"))
    check(
      64, "--stepper has no use with --scheme dem",
      try odoroki("run", "decay.yaml", "--stepper", "rk4"))
    try odoroki.write("holes.csv", "y.1,y.2\n1,2\nNA,3\n4,5\n")
    check(
      65,
      "y[1] is missing at sample 2; the scheme recognition needs every value: use --scheme dem, "
        + "filter or kalman",
      try odoroki(
        "run", "decay.yaml", "--scheme", "recognition", "--data", "holes.csv", "--no-figure"))
    check(
      65, "do not have the same data: channels",
      try odoroki("compare", "decay.yaml", "convolution"))
    check(
      64, "did you mean 'b'?", try odoroki("compare", "decay.yaml", "--without", "bb"))
    check(64, "name a second one", try odoroki("compare", "decay.yaml"))
    check(
      64, "use --scheme dem | filter | kalman",
      try odoroki("compare", "decay.yaml", "decay.yaml", "--scheme", "recognition"))
    check(
      64, "--prior has 3 probabilities for 2 rows",
      try odoroki("compare", "decay.yaml", "--without", "b", "--prior", "1,1,1"))
    check(
      64, "is not a list of probabilities",
      try odoroki("compare", "decay.yaml", "--without", "b", "--prior", "1,-1"))
    check(64, "Missing expected argument", try odoroki("compare"))
  }

  @Test("a model that diverges exits 75 and still writes its file; others are still compared")
  func divergence() throws {
    defer { odoroki.remove() }
    try odoroki.write("root.yaml", Self.root)
    try odoroki.write("linear.yaml", Self.root.replacing("sqrt(x)", with: "x"))
    try odoroki.write("d.csv", "y\n-3\n-3\n-3\n-3\n-3\n-3\n")
    let outcome = try odoroki(
      "run", "root.yaml", "--data", "d.csv", "--output", "d.json", "--figure", "d.png")
    #expect(outcome.status == 75, "\(outcome.errors)")
    #expect(outcome.errors.contains("iteration 1") && outcome.errors.contains("sample "))
    #expect(odoroki.exists("d.png"))
    let file = try object("d.json")
    #expect((file["completed"] as? Int ?? 6) < 6)
    #expect((file["failure"] as? String)?.contains("iteration 1") == true)
    let comparison = try odoroki(
      "compare", "root.yaml", "linear.yaml", "--data", "d.csv", "--output", "c.json", "--quiet")
    #expect(comparison.status == 75)
    #expect(comparison.output.contains("failed") && comparison.output.contains("1.000"))
    let models = try #require(try object("c.json")["models"] as? [[String: Any]])
    #expect(models[0]["probability"] is NSNull && models[1]["probability"] as? Double == 1)
    #expect(models[0]["failure"] is String)
  }

  @Test("an interrupt ends an inversion after its pass and exits 75")
  func interruption() throws {
    defer { odoroki.remove() }
    try odoroki.write("decay.yaml", Self.decay)
    let rows = (0..<3000).map { "\(sin(Double($0) / 9)),\(cos(Double($0) / 7))\n" }.joined()
    try odoroki.write("long.csv", "y.1,y.2\n" + rows)
    let process = try odoroki.process([
      "run", "decay.yaml", "--data", "long.csv", "--output", "p.json", "--no-figure", "--set",
      "inversion.iterations=400",
    ])
    try process.run()
    let pid = process.processIdentifier
    let watchdog = DispatchWorkItem { kill(pid, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: watchdog)
    defer { watchdog.cancel() }
    // The line of the first pass says that it is there to be kept.
    while process.isRunning,
      !String(decoding: try odoroki.read("stderr"), as: UTF8.self).contains("1/400")
    {
      Thread.sleep(forTimeInterval: 0.02)
    }
    process.interrupt()
    let outcome = try odoroki.finish(process)
    #expect(outcome.status == 75, "\(outcome.errors)")
    #expect(outcome.errors.contains("of at most 400 iterations; what is there is kept"))
    let file = try object("p.json")
    #expect(file["completed"] as? Int == 3000)
    #expect((file["evidence"] as? [String: Any])?["F"] is Double)
  }
}
