import Foundation
import Testing

@Suite("The command odoroki", .serialized)
struct CommandTests {
  let odoroki: Command

  init() throws { odoroki = try Command() }

  @Test("help names every subcommand and costs nothing")
  func help() throws {
    defer { odoroki.remove() }
    let outcome = try odoroki("--help")
    #expect(outcome.status == 0)
    for name in ["run", "trace", "simulate", "check", "compare", "models", "doctor"] {
      #expect(outcome.output.contains("  \(name) "))
    }
    #expect(try odoroki("--version").output == "0.1.0\n")
  }

  @Test("models lists what ships, in both languages, from any folder")
  func models() throws {
    defer { odoroki.remove() }
    let outcome = try odoroki("models", "--quiet")
    #expect(outcome.status == 0 && outcome.errors.isEmpty)
    #expect(outcome.output.contains("\nconvolution         Linear convolution\n"))
    let japanese = try odoroki("models", "--quiet", "--lang", "ja")
    #expect(japanese.output.contains("\nconvolution         線形畳み込み\n"))
    #expect(
      try odoroki("models", "--quiet", environment: ["LANG": "ja_JP.UTF-8"]).output
        == japanese.output)
  }

  @Test("doctor tells versions and places")
  func doctor() throws {
    defer { odoroki.remove() }
    let outcome = try odoroki("doctor")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("GNU Scientific Library"))
    let bare = try odoroki("doctor", "--lang", "ja", environment: ["PATH": "/nowhere"])
    #expect(bare.status == 0)
    #expect(bare.output.contains("apt-get install gnuplot-nox"))
    #expect(bare.output.contains("足りないもの"))
  }

  @Test(
    "check passes every shipped model",
    arguments: [
      "birdsong", "convolution", "double-well", "linear-hierarchy", "lorenz", "ornstein-uhlenbeck",
      "pendulum-sensor", "size-inference",
    ])
  func check(model: String) throws {
    defer { odoroki.remove() }
    let outcome = try odoroki("check", model, "--lang", "ja")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("階層"))
  }

  @Test("the text of a check")
  func checkText() throws {
    defer { odoroki.remove() }
    let text = try odoroki("check", "convolution").output
    #expect(
      text.contains("32 samples, one every 1 time units; orders n = 7, d = 3; smoothness 0.5"))
    #expect(text.contains("Second derivatives: all zero."))
    #expect(text.contains("Linear and Gaussian: surprise is computed exactly beside F."))
    #expect(text.contains("17 units; at the start decay rates from"))
    #expect(text.contains("Stiff: "))
  }

  @Test("run writes figure and result and prints how well causes were recognised")
  func run() throws {
    defer { odoroki.remove() }
    let outcome = try odoroki("run", "convolution", "--output", "a.json")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(
      outcome.output.hasPrefix("Linear convolution  convolution · recognition · local-linear"))
    #expect(outcome.output.contains("\ncause v         2        0.9"))
    #expect(outcome.output.contains("…  (20 more rows)"))
    #expect(!outcome.output.contains("\u{1b}"))
    #expect(outcome.errors.contains("wrote a.json") && outcome.errors.contains("convolution.png"))
    #expect(try odoroki.read("convolution.png").starts(with: [0x89, 0x50, 0x4e, 0x47]))
    let object = try #require(
      JSONSerialization.jsonObject(with: odoroki.read("a.json")) as? [String: Any])
    #expect(object["model"] as? String == "convolution")
    #expect((object["time"] as? [Any])?.count == 32)
    // No temporary file stays behind.
    let left = try FileManager.default.contentsOfDirectory(atPath: odoroki.folder.path)
    #expect(Set(left) == ["stdout", "stderr", "a.json", "convolution.png"])
  }

  @Test("the same seed gives the same bytes twice; another seed gives others")
  func determinism() throws {
    defer { odoroki.remove() }
    let first = try odoroki("run", "convolution", "--output", "a.json", "--no-figure", "--quiet")
    let second = try odoroki("run", "convolution", "--output", "b.json", "--no-figure", "--quiet")
    #expect(first.errors.isEmpty && first.output == second.output && !first.output.isEmpty)
    #expect(try odoroki.read("a.json") == odoroki.read("b.json"))
    let other = try odoroki("run", "convolution", "--seed", "2", "--no-figure", "--quiet")
    #expect(other.output != first.output)
    let one = try odoroki("run", "convolution", "--seeds", "1-4", "--threads", "1", "--quiet")
    let two = try odoroki("run", "convolution", "--seeds", "1-4", "--threads", "2", "--quiet")
    #expect(one.output == two.output && one.status == 0)
  }

  @Test("trace has a table, CSV and JSON")
  func trace() throws {
    defer { odoroki.remove() }
    let table = try odoroki("trace", "convolution", "--quiet").output
    #expect(table.split(separator: "\n").count == 34)
    let csv = try odoroki("trace", "convolution", "--format", "csv").output
    #expect(
      csv.hasPrefix(
        "t,F,energy,entropy,accuracy,complexity,surprise,divergence,volume,xi.1,xi.2\n1.0,"))
    let json = try odoroki("trace", "convolution", "--format", "json").output
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    let terms = try #require(object["freeEnergy"] as? [String: [Double]])
    #expect(terms["F"]?.count == 32)
    let japanese = try odoroki("trace", "convolution", "--lang", "ja").output
    #expect(japanese.contains("エントロピー"))
  }

  @Test("simulate prints data, states and causes")
  func simulate() throws {
    defer { odoroki.remove() }
    let outcome = try odoroki("simulate", "convolution", "--format", "csv", "--output", "s.json")
    #expect(outcome.status == 0)
    #expect(outcome.output.hasPrefix("t,y[1],y[2],y[3],y[4],x[1],x[2],v\n1.0,"))
    #expect(odoroki.exists("s.json"))
  }

  @Test("the exit status says what went wrong")
  func statuses() throws {
    defer { odoroki.remove() }
    #expect(try odoroki("run").status == 64)
    #expect(try odoroki("run", "convolution", "--stepper", "euler").status == 64)
    #expect(try odoroki("run", "convolution", "--scheme", "dream").status == 64)
    #expect(try odoroki("run", "convolution", "--tolerance", "2").status == 64)
    let unknown = try odoroki("run", "convolutoin")
    #expect(unknown.status == 64)
    #expect(
      unknown.errors.hasPrefix(
        "error: there is no model 'convolutoin'; did you mean 'convolution'?\n"))
    #expect(try odoroki("run", "convolution", "--figure", "a.gif").status == 64)
    #expect(try odoroki("run", "absent.yaml").status == 65)
    try odoroki.write("bad.yaml", "title: x\nlevels: [\n")
    let bad = try odoroki("check", "bad.yaml")
    #expect(bad.status == 65 && bad.errors.contains("bad.yaml:") && bad.errors.contains("^"))
    let override = try odoroki("run", "convolution", "--set", "levels.1.precision.y=exp(")
    #expect(override.status == 65)
    let folder = try odoroki("run", "convolution", "--output", "absent/a.json")
    #expect(folder.status == 73 && folder.errors.contains("absent"))
    let blind = try odoroki(
      "run", "convolution", "--figure", "a.svg", environment: ["PATH": "/nowhere"])
    #expect(blind.status == 73 && blind.errors.contains("apt-get install gnuplot-nox"))
    #expect(!odoroki.exists("a.svg"))
    let lenient = try odoroki("run", "convolution", environment: ["PATH": "/nowhere"])
    #expect(lenient.status == 0 && lenient.errors.contains("apt-get install gnuplot-nox"))
  }

  @Test("an interrupted run keeps what is there and exits 75")
  func interruption() throws {
    defer { odoroki.remove() }
    // Recorded data leave no simulation to interrupt; explicit steps make the stiff model slow.
    let rows = String(repeating: "0.1,0.2,0.1,0\n", count: 4000)
    try odoroki.write("long.csv", "y.1,y.2,y.3,y.4\n" + rows)
    let process = try odoroki.process([
      "run", "convolution", "--stepper", "rkf45", "--data", "long.csv", "--output", "part.json",
      "--figure", "part.svg",
    ])
    try process.run()
    Thread.sleep(forTimeInterval: 2.5)
    #expect(process.isRunning)
    process.interrupt()
    // Whatever happens, the test ends.
    let pid = process.processIdentifier
    let watchdog = DispatchWorkItem { kill(pid, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 30, execute: watchdog)
    defer { watchdog.cancel() }
    let outcome = try odoroki.finish(process)
    #expect(outcome.status == 75, "\(outcome.errors)")
    #expect(outcome.errors.contains("stopped on request after"))
    #expect(odoroki.exists("part.svg"))
    let object = try #require(
      JSONSerialization.jsonObject(with: odoroki.read("part.json")) as? [String: Any])
    let completed = try #require(object["completed"] as? Int)
    let terms = try #require(object["freeEnergy"] as? [String: [Double]])
    #expect(completed >= 1 && completed < 4000)
    #expect(terms["F"]?.count == completed)
  }

  @Test("a reader who closes the pipe early is no error")
  func closedPipe() throws {
    defer { odoroki.remove() }
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/sh")
    shell.arguments = [
      "-c",
      "{ '\(Command.executable.path)' trace convolution --format csv; echo $? > status; } 2> errors "
        + "| true",
    ]
    shell.currentDirectoryURL = odoroki.folder
    try shell.run()
    shell.waitUntilExit()
    #expect(String(decoding: try odoroki.read("errors"), as: UTF8.self).isEmpty)
    #expect(String(decoding: try odoroki.read("status"), as: UTF8.self) == "0\n")
  }

  @Test("the papers behind a run")
  func citations() throws {
    defer { odoroki.remove() }
    let text = try odoroki(
      "run", "convolution", "--citations", "--no-figure", "--stepper", "msbdf", "--quiet"
    ).output
    for paper in ["NeuroImage 41:849", "Trends Cogn Sci 13:293", "GNU Scientific Library", "Byrne"]
    { #expect(text.contains(paper)) }
  }

  @Test("recorded data take the place of the process")
  func data() throws {
    defer { odoroki.remove() }
    let rows = (1...9).map { "\($0),0.1,0.2,\($0),0\n" }.joined()
    try odoroki.write("d.csv", "t,y.1,y.2,y.3,y.4\n" + rows)
    let outcome = try odoroki(
      "run", "convolution", "--data", "d.csv", "--no-figure", "--output", "r.csv")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("recorded data") && !outcome.output.contains("correlation"))
    let lines = String(decoding: try odoroki.read("r.csv"), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 10 && !lines[0].contains("true"))
    try odoroki.write("bad.csv", "y.1,y.2,y.3,y.4\n1,2,three,4\n")
    let bad = try odoroki("run", "convolution", "--data", "bad.csv")
    #expect(bad.status == 65 && bad.errors.contains("bad.csv:2:5"))
  }

  @Test(
    "what simulate writes is read back as data, from every format", arguments: ["npy", "nc", "csv"])
  func simulatedDataAreReadBack(_ ending: String) throws {
    defer { odoroki.remove() }
    let simulated = try odoroki("simulate", "convolution", "--output", "s." + ending)
    #expect(simulated.status == 0 && simulated.errors.contains("wrote s." + ending))
    func data(_ arguments: String...) throws -> [[Double]] {
      let outcome = try odoroki.callAsFunction(
        arguments[0], arguments[1], "--output", "r.json", "--no-figure", "--quiet",
        arguments.count > 2 ? "--data" : "--seed", arguments.count > 2 ? arguments[2] : "1")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let object = try #require(
        JSONSerialization.jsonObject(with: odoroki.read("r.json")) as? [String: Any])
      return try #require((object["data"] as? [String: Any])?["y"] as? [[Double]])
    }
    let direct = try data("run", "convolution")
    let text = String(decoding: try odoroki.read("r.json"), as: UTF8.self)
    #expect(try data("run", "convolution", "s." + ending) == direct && direct.count == 32)
    // The text has every bit of a number.
    let rows = { (text: String) in text.split(separator: "freeEnergy")[0] }
    #expect(
      rows(String(decoding: try odoroki.read("r.json"), as: UTF8.self)) == rows(text))
  }

  @Test("an output that cannot be a record names the endings that can")
  func unknownOutput() throws {
    defer { odoroki.remove() }
    let simulated = try odoroki("simulate", "convolution", "--output", "s.mat")
    #expect(simulated.status == 64)
    #expect(simulated.errors.contains("must end in .json, .csv, .nc or .npy"))
    let run = try odoroki("run", "convolution", "--output", "r.npy")
    #expect(run.status == 64 && run.errors.contains("must end in .json, .csv or .nc"))
  }
}
