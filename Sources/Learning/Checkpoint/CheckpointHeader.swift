/// What a checkpoint says about itself, readable without knowing its kind or precision.
public struct CheckpointHeader: Sendable, Equatable {
  /// The version of the format that the file was written in.
  public let version: Int
  /// What was trained.
  public let kind: String
  /// The model's settings as JSON text.
  public let configuration: String
  /// The number type of the parameters.
  public let type: SafetensorsType
  /// The number of parameter updates.
  public let step: Int
  /// The number of passes through the data.
  public let epoch: Int
  /// The seeds of the random sources by what they are used for.
  public let seeds: [String: UInt64]

  /// The version of the format that is written here, and the newest that is read.
  public static let currentVersion = 1

  /// Reads what a file says about itself.
  ///
  /// - Throws: `CheckpointError`: not a checkpoint, of a newer version, or incomplete.
  public init(file: SafetensorsFile) throws(CheckpointError) {
    guard let versionText = file.metadata[Key.version.rawValue] else { throw .notACheckpoint }
    guard let version = Int(versionText), version >= 1 else {
      throw .invalidEntry(key: Key.version.rawValue, text: versionText)
    }
    guard version <= Self.currentVersion else {
      throw .newerVersion(found: version, supported: Self.currentVersion)
    }
    self.version = version
    kind = try Self.text(.kind, file)
    configuration = try Self.text(.configuration, file)
    let typeText = try Self.text(.type, file)
    guard let type = SafetensorsType(rawValue: typeText), type == .float32 || type == .float64
    else { throw .invalidEntry(key: Key.type.rawValue, text: typeText) }
    self.type = type
    step = try Self.count(.step, file)
    epoch = try Self.count(.epoch, file)
    let seedsText = try Self.text(.seeds, file)
    guard let tree = try? StrictJSON(bytes: Array(seedsText.utf8)), case .object(let members) = tree
    else { throw .invalidEntry(key: Key.seeds.rawValue, text: seedsText) }
    var seeds: [String: UInt64] = [:]
    for member in members {
      guard let text = member.value.text, let seed = UInt64(text) else {
        throw .invalidEntry(key: Key.seeds.rawValue, text: seedsText)
      }
      seeds[member.key] = seed
    }
    self.seeds = seeds
  }

  init<Scalar>(_ checkpoint: Checkpoint<Scalar>) {
    version = Self.currentVersion
    kind = checkpoint.kind
    configuration = checkpoint.configuration
    type = CheckpointNames.type(of: Scalar.self)
    step = checkpoint.step
    epoch = checkpoint.epoch
    seeds = checkpoint.seeds
  }

  var metadata: [String: String] {
    // Seeds as text: many readers of JSON round numbers beyond 2⁵³.
    let pairs = seeds.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      .map { StrictJSON.quote($0.key) + ":\"\($0.value)\"" }
    return [
      Key.version.rawValue: String(version), Key.kind.rawValue: kind,
      Key.configuration.rawValue: configuration, Key.type.rawValue: type.rawValue,
      Key.step.rawValue: String(step), Key.epoch.rawValue: String(epoch),
      Key.seeds.rawValue: "{\(pairs.joined(separator: ","))}",
    ]
  }

  private enum Key: String {
    case version = "odoroki.checkpoint"
    case kind = "odoroki.kind"
    case configuration = "odoroki.configuration"
    case type = "odoroki.type"
    case step = "odoroki.step"
    case epoch = "odoroki.epoch"
    case seeds = "odoroki.seeds"
  }

  private static func text(_ key: Key, _ file: SafetensorsFile) throws(CheckpointError) -> String {
    guard let text = file.metadata[key.rawValue] else { throw .missingEntry(key: key.rawValue) }
    return text
  }

  private static func count(_ key: Key, _ file: SafetensorsFile) throws(CheckpointError) -> Int {
    let text = try text(key, file)
    guard let count = Int(text), count >= 0, count <= 1 << 53 else {
      throw .invalidEntry(key: key.rawValue, text: text)
    }
    return count
  }
}
