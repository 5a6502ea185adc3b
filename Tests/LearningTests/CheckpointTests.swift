import Foundation
import Learning
import TensorCore
import Testing

@Suite("Checkpoints")
struct CheckpointTests {
  private func sample<Scalar: TensorScalar>(_ type: Scalar.Type) -> Checkpoint<Scalar> {
    Checkpoint(
      kind: "transformer", configuration: "{\"layers\":1,\"題\":\"百人一首\"}",
      parameters: [
        "readout.weight": Tensor(shape: .matrix(2, 3), values: [1, 2, 3, 4, 5, Scalar(1) / 3]),
        "readout.bias": Tensor(vector: [0.1, -0.2, 0.3]),
      ],
      optimizer: [
        "mean.readout.bias": Tensor(vector: [1, 2, 3]), "step": Tensor(Scalar(7)),
      ],
      step: 1200, epoch: 12, seeds: ["batches": .max, "initial": 3],
      curves: ["loss": [4.2, 1.0 / 3, .infinity], "held-out loss": []])
  }

  private func roundTrip<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
    let checkpoint = sample(type)
    let bytes = checkpoint.bytes()
    let read = try Checkpoint<Scalar>(bytes: bytes, kind: "transformer")
    #expect(read == checkpoint)
    #expect(read.bytes() == bytes)
    #expect(sample(type).bytes() == bytes)
    let header = try CheckpointHeader(file: SafetensorsFile(bytes: bytes))
    #expect(header.version == 1 && header.kind == "transformer" && header.step == 1200)
    #expect(header.type == (Scalar.self == Float.self ? .float32 : .float64))
  }

  @Test("a checkpoint comes back as it was, and its bytes too")
  func roundTrips() throws {
    try roundTrip(Float.self)
    try roundTrip(Double.self)
  }

  @Test("a checkpoint on disk")
  func file() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent(
      "odoroki-checkpoint-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    try Data(sample(Float.self).bytes()).write(to: url)
    #expect(try Checkpoint<Float>(path: url.path, kind: "transformer") == sample(Float.self))
    let missing = url.path + "x"
    #expect(throws: CheckpointError.file(.missingFile(path: missing))) {
      try Checkpoint<Float>(path: missing, kind: "transformer")
    }
  }

  /// The sample's file with one entry of its metadata changed or removed.
  private func changed(_ key: String, _ value: String?) throws -> [UInt8] {
    let file = try SafetensorsFile(bytes: sample(Float.self).bytes())
    var metadata = file.metadata
    metadata[key] = value
    var writer = SafetensorsWriter(metadata: metadata)
    for entry in file.entries {
      writer.add(
        entry.name, type: entry.type, shape: entry.shape, bytes: try file.bytes(of: entry.name))
    }
    return writer.bytes()
  }

  private func expect(_ error: CheckpointError, _ bytes: [UInt8]) {
    #expect(throws: error) { try Checkpoint<Float>(bytes: bytes, kind: "transformer") }
    #expect(!error.english.isEmpty && !error.japanese.isEmpty && error.english != error.japanese)
  }

  @Test("files that are no usable checkpoint")
  func faults() throws {
    expect(.file(.noHeaderLength(byteCount: 2)), [1, 2])
    expect(.notACheckpoint, SafetensorsWriter().bytes())
    expect(
      .newerVersion(found: 2, supported: 1), try changed("odoroki.checkpoint", "2"))
    expect(
      .invalidEntry(key: "odoroki.checkpoint", text: "0"), try changed("odoroki.checkpoint", "0"))
    expect(
      .wrongKind(expected: "transformer", found: "codes"), try changed("odoroki.kind", "codes"))
    for key in ["kind", "configuration", "type", "step", "epoch", "seeds"] {
      expect(.missingEntry(key: "odoroki." + key), try changed("odoroki." + key, nil))
    }
    for (key, text) in [
      ("type", "F16"), ("step", "-1"), ("epoch", "1.5"), ("seeds", "[]"), ("seeds", "{\"a\":1}"),
      ("seeds", "{\"a\":\"-1\"}"),
    ] {
      expect(
        .invalidEntry(key: "odoroki." + key, text: text), try changed("odoroki." + key, text))
    }
    #expect(
      throws: CheckpointError.wrongType(
        tensor: "optimizer.mean.readout.bias", expected: .float64, found: .float32)
    ) { try Checkpoint<Double>(bytes: sample(Float.self).bytes(), kind: "transformer") }
  }

  @Test("a model asks for its own tensors")
  func shapes() throws {
    let checkpoint = sample(Double.self)
    let own: [String: Shape] = ["readout.weight": .matrix(2, 3), "readout.bias": .vector(3)]
    let state: [String: Shape] = ["mean.readout.bias": .vector(3), "step": .scalar]
    try checkpoint.check(parameters: own, optimizer: state)
    try checkpoint.check(parameters: own)
    var shapes = own
    shapes["readout.weight"] = .matrix(3, 2)
    let wrong = CheckpointError.wrongShape(
      tensor: "readout.weight", expected: [3, 2], found: [2, 3])
    #expect(throws: wrong) { try checkpoint.check(parameters: shapes) }
    #expect(
      wrong.english == "the tensor 'readout.weight' has the shape 2 × 3, expected 3 × 2")
    #expect(
      wrong.japanese == "テンソル「readout.weight」の形は 2 × 3 ですが、3 × 2 が必要です")
    shapes = own
    shapes["positions"] = .matrix(4, 3)
    #expect(throws: CheckpointError.missingTensor("positions")) {
      try checkpoint.check(parameters: shapes)
    }
    #expect(throws: CheckpointError.unexpectedTensor("readout.weight")) {
      try checkpoint.check(parameters: ["readout.bias": .vector(3)])
    }
    #expect(throws: CheckpointError.missingTensor("optimizer.variance")) {
      try checkpoint.check(parameters: own, optimizer: ["variance": .scalar])
    }
    #expect(throws: CheckpointError.unexpectedTensor("optimizer.mean.readout.bias")) {
      try checkpoint.check(parameters: own, optimizer: ["step": .scalar])
    }
  }
}
