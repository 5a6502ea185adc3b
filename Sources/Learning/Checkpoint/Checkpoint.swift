public import TensorCore

/// Where a training run stands: parameters, the optimizer's state, counters, seeds and curves.
///
/// Stored as a safetensors file at full precision, parameters under their own names, so that other
/// programs can read them too; the same checkpoint always gives the same bytes.
public struct Checkpoint<Scalar: TensorScalar>: Sendable, Equatable {
  /// What was trained, as in `transformer`: a checkpoint of another kind is refused.
  public var kind: String
  /// The model's settings as JSON text, which only the model itself understands.
  public var configuration: String
  /// The parameters by name.
  public var parameters: [String: Tensor<Scalar>]
  /// The optimizer's tensors by name, as in `mean.readout.weight`.
  public var optimizer: [String: Tensor<Scalar>]
  /// The number of parameter updates so far.
  public var step: Int
  /// The number of passes through the data so far.
  public var epoch: Int
  /// The seeds of the random sources by what they are used for.
  public var seeds: [String: UInt64]
  /// Numbers recorded so far by name, as in `loss`, in double precision.
  public var curves: [String: [Double]]

  /// Creates a checkpoint; names of parameters must not begin like those of the other tensors.
  public init(
    kind: String, configuration: String, parameters: [String: Tensor<Scalar>],
    optimizer: [String: Tensor<Scalar>] = [:], step: Int = 0, epoch: Int = 0,
    seeds: [String: UInt64] = [:], curves: [String: [Double]] = [:]
  ) {
    self.kind = kind
    self.configuration = configuration
    self.parameters = parameters
    self.optimizer = optimizer
    self.step = step
    self.epoch = epoch
    self.seeds = seeds
    self.curves = curves
  }

  /// The bytes of the file.
  public func bytes() -> [UInt8] {
    precondition(step >= 0 && epoch >= 0, "step \(step) and epoch \(epoch) of a checkpoint")
    var writer = SafetensorsWriter(metadata: CheckpointHeader(self).metadata)
    for (name, tensor) in parameters {
      let reserved = [CheckpointNames.optimizer, CheckpointNames.curve]
      precondition(
        !reserved.contains { name.hasPrefix($0) }, "a parameter cannot be called \(name)")
      writer.add(name, tensor)
    }
    for (name, tensor) in optimizer { writer.add(CheckpointNames.optimizer + name, tensor) }
    for (name, curve) in curves {
      writer.add(CheckpointNames.curve + name, Tensor(vector: curve))
    }
    return writer.bytes()
  }

  /// Reads a checkpoint from the bytes of a file.
  ///
  /// - Throws: `CheckpointError`: not a checkpoint, of another kind, of a newer version, of another
  ///   precision, or without something that every checkpoint has.
  public init(bytes: [UInt8], kind: String) throws(CheckpointError) {
    let file: SafetensorsFile
    do { file = try SafetensorsFile(bytes: bytes) } catch { throw .file(error) }
    try self.init(file: file, kind: kind)
  }

  /// Reads a checkpoint by its path.
  ///
  /// - Throws: `CheckpointError` as for bytes.
  public init(path: String, kind: String) throws(CheckpointError) {
    let file: SafetensorsFile
    do { file = try SafetensorsFile(path: path) } catch { throw .file(error) }
    try self.init(file: file, kind: kind)
  }

  /// Reads a checkpoint from an open file.
  ///
  /// - Throws: `CheckpointError` as for bytes.
  public init(file: SafetensorsFile, kind: String) throws(CheckpointError) {
    let header = try CheckpointHeader(file: file)
    guard header.kind == kind else { throw .wrongKind(expected: kind, found: header.kind) }
    self.init(
      kind: header.kind, configuration: header.configuration, parameters: [:],
      step: header.step, epoch: header.epoch, seeds: header.seeds)
    let own = CheckpointNames.type(of: Scalar.self)
    for entry in file.entries {
      let isCurve = entry.name.hasPrefix(CheckpointNames.curve)
      let type = isCurve ? .float64 : own
      guard entry.type == type else {
        throw .wrongType(tensor: entry.name, expected: type, found: entry.type)
      }
      if isCurve {
        guard entry.shape.rank == 1 else {
          throw .wrongShape(
            tensor: entry.name, expected: [entry.shape.count], found: entry.shape.dimensions)
        }
        let curve = try Self.tensor(entry.name, file, Double.self)
        curves[String(entry.name.dropFirst(CheckpointNames.curve.count))] = curve.values
      } else if entry.name.hasPrefix(CheckpointNames.optimizer) {
        let name = String(entry.name.dropFirst(CheckpointNames.optimizer.count))
        optimizer[name] = try Self.tensor(entry.name, file, Scalar.self)
      } else {
        parameters[entry.name] = try Self.tensor(entry.name, file, Scalar.self)
      }
    }
  }

  private static func tensor<Number: TensorScalar>(
    _ name: String, _ file: SafetensorsFile, _ type: Number.Type
  ) throws(CheckpointError) -> Tensor<Number> {
    do { return try file.tensor(name, as: type) } catch { throw .file(error) }
  }

  /// Checks that the parameters, and the optimizer's tensors if given, are those of a model.
  ///
  /// - Parameters:
  ///   - shapes: the shape of every parameter of the model.
  ///   - optimizerShapes: the shape of every tensor of the optimizer; `nil` leaves them unchecked.
  /// - Throws: `CheckpointError` for the first tensor, by name, that is missing, of another shape or
  ///   too many.
  public func check(
    parameters shapes: [String: Shape], optimizer optimizerShapes: [String: Shape]? = nil
  ) throws(CheckpointError) {
    try Self.check(parameters, shapes, prefix: "")
    if let optimizerShapes {
      try Self.check(optimizer, optimizerShapes, prefix: CheckpointNames.optimizer)
    }
  }

  private static func check(
    _ tensors: [String: Tensor<Scalar>], _ shapes: [String: Shape], prefix: String
  ) throws(CheckpointError) {
    for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
      guard let tensor = tensors[name] else { throw .missingTensor(prefix + name) }
      guard tensor.shape == shape else {
        throw .wrongShape(
          tensor: prefix + name, expected: shape.dimensions, found: tensor.shape.dimensions)
      }
    }
    if let extra = tensors.keys.filter({ shapes[$0] == nil }).min() {
      throw .unexpectedTensor(prefix + extra)
    }
  }
}

/// How the tensors of a checkpoint that are no parameters are called.
enum CheckpointNames {
  static let optimizer = "optimizer."
  static let curve = "curve."

  static func type<Scalar: TensorScalar>(of scalar: Scalar.Type) -> SafetensorsType {
    scalar == Float.self ? .float32 : .float64
  }
}
