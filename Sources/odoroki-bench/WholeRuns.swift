import Foundation
import Glibc
import Runs

/// Whole runs: an ensemble on one and two cores, and the command as a process.
enum WholeRuns {
  /// 64 runs on two threads against one; the cores are shared, so the best of interleaved pairs.
  static func ensemble(models: String, quick: Bool) throws -> Finding {
    let plan = RunPlan(model: models + "/convolution.yaml")
    let file = try plan.load(from: ModelLibrary.installed)
    let ensemble = Ensemble(plan: plan, file: file, seeds: (1...64).map { UInt64($0) })
    let clock = ContinuousClock()
    func seconds(_ threads: Int) -> Double {
      let elapsed = clock.measure { _ = ensemble.run(threads: threads) }
      return Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
    }
    let pairs = (0..<(quick ? 1 : 10)).map { _ in (seconds(1), seconds(2)) }
    let ratios = pairs.map { $0.0 / $0.1 }
    let best = ratios.max() ?? .nan
    return Finding(
      name: "ensemble of 64, two cores", value: best, unit: "×", target: "≥ 1.8",
      isMet: best >= 1.8,
      note: String(
        format: "best of %d interleaved pairs; median %.2f; one core %.2f s", pairs.count,
        Measurement.middle(ratios), pairs.map(\.0).min() ?? .nan))
  }

  /// `odoroki run lorenz` as a whole process: start-up against its integration, and memory.
  static func startup(models: String, quick: Bool) throws -> [Finding] {
    let command = URL(fileURLWithPath: CommandLine.arguments[0])
      .deletingLastPathComponent().appendingPathComponent("odoroki").path
    guard FileManager.default.isExecutableFile(atPath: command) else {
      print("startup: build the command first (swift build -c release --product odoroki)")
      return []
    }
    var starts: [Double] = []
    var runs: [Double] = []
    for _ in 0..<(quick ? 1 : 5) {
      // One sample has nothing to integrate: what is left is the start of a run.
      starts.append(
        try seconds(command, models, ["--set", "time.samples=1"]))
      runs.append(try seconds(command, models, []))
    }
    let start = Measurement.middle(starts)
    let whole = Measurement.middle(runs)
    let limit = max(0.05, 0.1 * (whole - start))
    let megabytes = peakMegabytes([
      command, "run", models + "/lorenz.yaml", "--no-figure", "--quiet",
    ])
    return [
      Finding(
        name: "run lorenz: start-up", value: start * 1000, unit: "ms",
        target: String(format: "≤ %.0f ms", limit * 1000), isMet: start <= limit,
        note: String(format: "the whole process takes %.0f ms", whole * 1000)),
      Finding(
        name: "run lorenz: peak memory", value: megabytes, unit: "MB", target: "< 100",
        isMet: megabytes < 100, note: "of that process alone"),
    ]
  }

  /// The largest resident size of one process, from the system's own account of it.
  private static func peakMegabytes(_ arguments: [String]) -> Double {
    var pointers: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) }
    unsafe pointers.append(nil)
    defer { unsafe pointers.forEach { unsafe free($0) } }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
      unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
    }
    var child: pid_t = 0
    var usage = rusage()
    var status: Int32 = 0
    guard unsafe posix_spawn(&child, arguments[0], &actions, nil, pointers, environ) == 0,
      unsafe wait4(child, &status, 0, &usage) == child
    else { return .nan }
    return Double(usage.ru_maxrss) / 1024
  }

  private static func seconds(
    _ command: String, _ models: String, _ arguments: [String]
  ) throws -> Double {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: command)
    process.arguments = ["run", models + "/lorenz.yaml", "--no-figure", "--quiet"] + arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let clock = ContinuousClock()
    let elapsed = try clock.measure {
      try process.run()
      process.waitUntilExit()
    }
    return Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
  }
}
