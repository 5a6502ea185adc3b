import AttentionBridge
import Foundation
import ModelFiles
import Reporting
import TensorCore
import Testing

/// The comparison as a whole, small, and the user's own arrays.
@Suite struct RepresentationsTests {
  /// Small enough for a debug build.
  static var sizes: RepresentationSizes {
    var sizes = RepresentationSizes()
    sizes.tokens = 80
    sizes.songs = 1
    sizes.samples = 64
    sizes.shifts = 5
    sizes.learning.passes = 2
    sizes.sensors.sensors = 12
    return sizes
  }

  static func settings(seed: UInt64 = 1) -> BridgeSettings {
    var folder = URL(fileURLWithPath: #filePath)
    for _ in 0..<4 { folder.deleteLastPathComponent() }
    let models = folder.appendingPathComponent("models").path
    return BridgeSettings(seed: seed, path: { "\(models)/\($0)" })
  }

  @Test func everyNumberHasItsNull() throws {
    let comparison = RepresentationsComparison(sizes: Self.sizes)
    let finding = try comparison.examine(Self.settings())
    #expect(finding.holds)
    // Surprisal; F and three norms; attention; 4 + 4 levels; 4 layers, the bound and the order.
    #expect(finding.effects.count == 20)
    #expect(finding.effects.allSatisfy { $0.value.isFinite })
    #expect(finding.verdict != nil && finding.figure != nil)
    #expect(try comparison.examine(Self.settings()) == finding)
    let bound = try #require(
      finding.effects.first { $0.name.english.contains("upper bound") })
    #expect(bound.value > 0.8)
  }

  @Test func aMissingModelIsNamed() {
    #expect(throws: BridgeError.missingFile(name: "birdsong.yaml")) {
      try RepresentationsComparison(sizes: Self.sizes).examine(BridgeSettings())
    }
  }

  @Test func theUserMayStop() {
    var settings = Self.settings()
    settings.shouldStop = { true }
    #expect(throws: BridgeError.stopped) {
      try RepresentationsComparison(sizes: Self.sizes).examine(settings)
    }
  }

  /// Writes rows as `.npy` and gives the path.
  private func file(_ name: String, _ array: Tensor<Double>) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      UUID().uuidString, isDirectory: true)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var header =
      "{'descr': '<f8', 'fortran_order': False, 'shape': (\(array.rows), \(array.columns)), }"
    while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
    header += "\n"
    var data = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0])
    data += Data([UInt8(header.utf8.count & 0xFF), UInt8(header.utf8.count >> 8)])
    data += Data(header.utf8)
    for value in array.values {
      let bits = value.bitPattern
      data += Data((0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) })
    }
    let path = folder.appendingPathComponent(name)
    try data.write(to: path)
    return path.path
  }

  @Test func givenArraysTakeThePlaceOfBothSides() throws {
    var source = RandomSource(seed: 8)
    let x = MeasureTests.random(90, 4, &source)
    let y = LinearAlgebra.product(x, MeasureTests.random(4, 20, &source))
    let arrays = RepresentationArrays(
      first: try file("x.npy", x), second: try file("y.npy", y))
    // No song is needed, and so no model file.
    let finding = try RepresentationsComparison(arrays: arrays, sizes: Self.sizes).examine(
      BridgeSettings())
    #expect(finding.effects.count == 4)
    let accuracy = try #require(
      finding.effects.first { $0.name.english == "2-vs-2 accuracy from given features" })
    #expect(accuracy.value > 0.99)
    #expect(finding.figure?.english.rows.count == 1)
  }

  @Test func unitsDoNotMatterAndWhatIsUndefinedIsLeftOut() throws {
    var source = RandomSource(seed: 8)
    let x = MeasureTests.random(90, 4, &source)
    let y = LinearAlgebra.product(x, MeasureTests.random(4, 20, &source))
    func finding(_ x: Tensor<Double>, _ name: String) throws -> Finding {
      let arrays = RepresentationArrays(
        first: try file(name, x), second: try file("y.npy", y))
      return try RepresentationsComparison(arrays: arrays, sizes: Self.sizes).examine(
        BridgeSettings(draws: false))
    }
    let plain = try finding(x, "x.npy").effects
    // Powers of two change no digit.
    for power in [0x1p600, 0x1p-600] {
      let scaled = Tensor(shape: x.shape, values: x.values.map { $0 * power })
      #expect(try finding(scaled, "scaled.npy").effects == plain)
    }
    // Dissimilarities of single numbers are not defined, which is no lack of similarity.
    let single = Tensor(shape: .matrix(90, 1), values: (0..<90).map { x[$0, 0] })
    let alone = try finding(single, "single.npy")
    let names = alone.effects.map(\.name.english)
    let verdict = try #require(alone.verdict).english
    #expect(verdict.contains("similarity is not defined") && !verdict.contains("of 0"))
    #expect(names.contains { $0.contains("CKA") } && !names.contains { $0.contains("RSA") })
  }

  @Test func aSingleArrayGetsASongOfItsLength() throws {
    var source = RandomSource(seed: 9)
    let path = try file("x.npy", MeasureTests.random(84, 3, &source))
    let settings = Self.settings()
    let features = try RepresentationsComparison(
      arrays: RepresentationArrays(first: path), sizes: Self.sizes
    ).examine(settings)
    // Four levels twice, one layer, the bound and the order.
    #expect(features.effects.count == 11)
    let responses = try RepresentationsComparison(
      arrays: RepresentationArrays(second: path), sizes: Self.sizes
    ).examine(settings)
    // One level twice, four layers, the order.
    #expect(responses.effects.count == 7)
  }

  @Test func arraysThatDoNotFitAreRefused() throws {
    var source = RandomSource(seed: 10)
    let good = MeasureTests.random(80, 2, &source)
    let path = try file("good.npy", good)
    func problem(_ first: String?, _ second: String?) -> BridgeError.ArrayProblem? {
      do {
        _ = try RepresentationArrays(first: first, second: second).read()
        return nil
      } catch {
        guard case .arrays(let problem) = error else { return nil }
        return problem
      }
    }
    #expect(problem(path, path) == nil)
    let longer = try file("longer.npy", MeasureTests.random(81, 2, &source))
    #expect(problem(path, longer) == .rowCounts(first: 80, second: 81))
    let short = try file("short.npy", MeasureTests.random(79, 2, &source))
    #expect(problem(short, nil) == .tooFewRows(count: 79, needed: 80))
    var hole = good
    hole.values[5] = .nan
    let holed = try file("hole.npy", hole)
    #expect(problem(nil, holed) == .notFinite(path: holed, row: 3, column: 2))
    let flat = try file("flat.npy", Tensor(repeating: 2, shape: .matrix(80, 3)))
    #expect(problem(flat, nil) == .constant(path: flat))
    guard case .file = problem(path + ".missing", nil) else {
      Issue.record("a missing file was read")
      return
    }
  }

  @Test func alphabetUsesEveryLetterEqually() {
    var source = RandomSource(seed: 14)
    let song = MeasureTests.random(400, 2, &source)
    let alphabet = SongAlphabet([song])
    #expect(alphabet.count == 16)
    let tokens = alphabet.tokens(song)
    #expect(tokens.allSatisfy { (0..<16).contains($0) })
    for letter in 0..<4 { #expect(tokens.count { $0 / 4 == letter } == 100) }
    for letter in 0..<4 { #expect(tokens.count { $0 % 4 == letter } == 100) }
  }

  @Test func sensorsHaveTheStatedNoise() {
    var source = RandomSource(seed: 15)
    let units = MeasureTests.random(201, 5, &source)
    var quiet = SimulatedSensors(), loud = SimulatedSensors()
    quiet.signalToNoise = .infinity
    loud.signalToNoise = 0.25
    let signal = quiet.measure(units, from: RandomSource(seed: 1))
    let noisy = loud.measure(units, from: RandomSource(seed: 1))
    #expect(signal.shape == .matrix(200, 1530))
    func power(_ values: [Double]) -> Double {
      values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
    }
    let noise = zip(noisy.values, signal.values).map { $0 - $1 }
    #expect(abs(power(signal.values) / power(noise) - 0.25) < 0.01)
  }

  /// A song that repeats itself is learned: surprisal falls far below that of no knowledge.
  @Test func transformerLearnsARepeatingSong() throws {
    var settings = SongTransformer.Settings()
    settings.context = 8
    settings.width = 12
    settings.passes = 30
    let song = (0..<200).map { [0, 1, 2, 1, 3][$0 % 5] }
    let model = try SongTransformer(songs: [song], vocabulary: 4, settings: settings, seed: 2)
    let before = model.read(song, from: 20, isTrained: false)
    let reading = model.read(song, from: 20)
    #expect(reading.surprisals.count == 180)
    #expect(reading.layers.map(\.shape) == Array(repeating: .matrix(180, 12), count: 3))
    #expect(SampleCorrelation.mean(reading.surprisals) < 0.3)
    #expect(SampleCorrelation.mean(before.surprisals) > 0.8)
    for heads in reading.attention {
      for map in heads {
        for row in 0..<map.rows {
          let sum = map.values[(row * 8)..<((row + 1) * 8)].reduce(0, +)
          #expect(abs(sum - 1) < 1e-5)
        }
      }
    }
  }
}
