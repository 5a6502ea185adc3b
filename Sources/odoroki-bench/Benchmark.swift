import Foundation
import TensorCore

/// The benchmark: every figure is a ratio measured in one run, with medians and the machine.
@main
enum Benchmark {
  static func main() throws {
    var arguments = Array(CommandLine.arguments.dropFirst())
    let quick = arguments.contains("--smoke")
    arguments.removeAll { $0.hasPrefix("--") }
    let models = ProcessInfo.processInfo.environment["ODOROKI_MODELS"] ?? "models"
    print("odoroki-bench on \(machine())")
    let all = arguments.isEmpty
    if all || arguments.contains("lorenz") {
      print(try RightHandSide.lorenz(models: models, quick: quick).line)
    }
    if all || arguments.contains("chain") {
      print(try RightHandSide.chain(quick: quick).line)
    }
    if all || arguments.contains("ensemble") {
      print(try WholeRuns.ensemble(models: models, quick: quick).line)
    }
    if all || arguments.contains("inversion") {
      for finding in try Inversions.all(quick: quick) { print(finding.line) }
    }
    if all || arguments.contains("calibration") {
      for finding in try Calibration.all(quick: quick) { print(finding.line) }
    }
    if arguments.contains("calibration-study") {
      for finding in try Calibration.study(quick: quick) { print(finding.line) }
    }
    if all || arguments.contains("training") {
      for finding in try TrainingSpeed.all(models: models, quick: quick) { print(finding.line) }
    }
    if all || arguments.contains("products") {
      if BLASLibrary.shared.refusal != nil { print("products: no OpenBLAS to compare with") }
      for finding in Products.all(quick: quick) { print(finding.line) }
    }
    if all || arguments.contains("attention") {
      for finding in AttentionSpeed.all(quick: quick) { print(finding.line) }
    }
    if all || arguments.contains("predictive-coding") {
      for finding in try PredictiveCodingSpeed.all(quick: quick) { print(finding.line) }
    }
    if all || arguments.contains("bridge") {
      for finding in try BridgeSpeed.all(models: models, quick: quick) { print(finding.line) }
    }
    if all || arguments.contains("startup") {
      for finding in try WholeRuns.startup(models: models, quick: quick) { print(finding.line) }
    }
  }

  private static func machine() -> String {
    let info = ProcessInfo.processInfo
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let model =
      text.split(separator: "\n").first { $0.hasPrefix("model name") }?
      .split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
      ?? "an unnamed processor"
    return "\(model), \(info.activeProcessorCount) cores"
  }
}
