import Foundation
import Runs

/// The table of the bridge beside its slowest entry, measured in one run.
enum BridgeSpeed {
  static func all(models: String, quick: Bool) throws -> [Finding] {
    let library = ModelLibrary(
      environment: ["ODOROKI_MODELS": models], executable: nil, currentFolder: ".")
    let request = BridgeRequest(.identities, instances: quick ? 5 : 100)
    var ratios: [Double] = []
    var last: BridgeResult?
    // The first pass loads what later ones share.
    for _ in 0..<(quick ? 1 : 4) {
      let result = try request.run(library: library)
      if let failure = result.failure { throw failure }
      let times = result.entries.map(\.seconds)
      if last != nil || quick { ratios.append(times.reduce(0, +) / (times.max() ?? .nan)) }
      last = result
    }
    guard let last, let slowest = last.entries.max(by: { $0.seconds < $1.seconds }) else {
      return []
    }
    let ratio = Measurement.middle(ratios)
    return [
      Finding(
        name: "bridge: table / slowest identity", value: ratio, unit: "×", target: "< 10",
        isMet: ratio < 10,
        note: String(
          format: "%d identities in %.2f s; the slowest, %@, %.2f s", last.entries.count,
          last.entries.reduce(0) { $0 + $1.seconds }, slowest.name, slowest.seconds))
    ]
  }
}
