import DynamicModels
import Foundation
import Recognition
import ReferenceCases
import TensorCore

/// Inversions against the reference implementation's times, and their growth with a model's size.
enum Inversions {
  /// A stored inversion with what the reference and a peer took for it, in seconds.
  struct Rival: Sendable {
    let name: String
    let seconds: Double
    let target: Double
    let scheme: @Sendable (InversionSettings) -> any InversionScheme
  }

  /// Seconds of the reference implementation (SPM12 r7771 under GNU Octave 7.3, one core).
  static let rivals = [
    Rival(name: "convolution", seconds: 0.8, target: 1000) {
      DynamicExpectationMaximization(settings: $0)
    },
    Rival(name: "double_well", seconds: 15.6, target: 1000) {
      DynamicExpectationMaximization(settings: $0)
    },
    Rival(name: "triple_DEM", seconds: 21.0, target: 500) {
      DynamicExpectationMaximization(settings: $0)
    },
    Rival(name: "convolution_LAP_lap", seconds: 25.7, target: 300) {
      GeneralizedFilter(settings: $0)
    },
  ]

  static func all(quick: Bool) throws -> [Finding] {
    var findings: [Finding] = []
    for rival in rivals {
      findings.append(try against(rival, quick: quick))
    }
    findings.append(try peer(quick: quick))
    findings += growth(quick: quick)
    return findings
  }

  /// The median time of one inversion in seconds, the model compiled beforehand.
  private static func seconds(
    _ scheme: some InversionScheme, _ model: HierarchicalDynamicModel, _ input: RecognitionInput,
    quick: Bool
  ) throws -> (seconds: Double, steps: Int) {
    var times: [Double] = []
    var steps = 0
    let clock = ContinuousClock()
    for _ in 0..<(quick ? 3 : 25) {
      var state = try scheme.initialState(model, on: input)
      steps = 0
      let start = clock.now
      while true {
        steps += 1
        if try scheme.step(&state, shouldStop: nil).isFinished { break }
      }
      let duration = (clock.now - start).components
      times.append(Double(duration.seconds) + Double(duration.attoseconds) * 1e-18)
    }
    return (Measurement.middle(times), steps)
  }

  private static func against(_ rival: Rival, quick: Bool) throws -> Finding {
    let reference = try ReferenceCase(rival.name, reference: .exact)
    let own = try seconds(
      rival.scheme(reference.settings), reference.model, reference.input, quick: quick)
    let ratio = rival.seconds / own.seconds
    return Finding(
      name: "inversion \(rival.name), SPM12 / ours", value: ratio, unit: "x",
      target: "at least \(Int(rival.target))", isMet: ratio >= rival.target,
      note: String(format: "%.3f ms in %d passes", own.seconds * 1e3, own.steps))
  }

  /// dempy takes 0.10 s of processor time for one E-step of the convolution model.
  private static func peer(quick: Bool) throws -> Finding {
    let reference = try ReferenceCase("convolution", reference: .exact)
    let own = try seconds(
      DynamicExpectationMaximization(settings: reference.settings), reference.model,
      reference.input, quick: quick)
    let ratio = 0.10 / own.seconds
    return Finding(
      name: "inversion convolution, dempy / ours", value: ratio, unit: "x", target: "at least 100",
      isMet: ratio >= 100, note: String(format: "%.3f ms", own.seconds * 1e3))
  }

  /// Cost against the number of levels and of samples.
  private static func growth(quick: Bool) -> [Finding] {
    func cost(_ levels: Int, _ samples: Int) -> Double {
      let model = ChainModel.make(levels: levels, samples: samples)
      var source = RandomSource(seed: 7)
      let data = Tensor(
        shape: .matrix(samples, 1), values: source.normals(samples).map { 0.3 * $0 })
      let input = RecognitionInput(data: data, model: model)
      let own = try? seconds(DynamicExpectationMaximization(), model, input, quick: quick)
      return own?.seconds ?? .nan
    }
    var findings: [Finding] = []
    let samples = quick ? 8 : 32
    let base = cost(4, samples)
    for levels in [8, 16, 32] {
      let ratio = cost(levels, samples) / base / (Double(levels) / 4)
      findings.append(
        Finding(
          name: "dem, \(levels) levels / 4, per level", value: ratio, unit: "x",
          target: "at most 1.3", isMet: ratio <= 1.3,
          note: String(format: "%.2f ms at 4 levels", base * 1e3)))
    }
    let few = cost(4, 2 * samples)
    let ratio = cost(4, 8 * samples) / few / 4
    findings.append(
      Finding(
        name: "dem, \(8 * samples) samples / \(2 * samples), per sample", value: ratio, unit: "x",
        target: "at most 1.1", isMet: ratio <= 1.1, note: ""))
    return findings
  }
}
