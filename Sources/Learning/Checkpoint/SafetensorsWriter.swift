public import TensorCore

/// Collects named tensors and makes the bytes of a safetensors file.
///
/// The same tensors and metadata give the same bytes in whatever order they were added: wider types
/// come first, so that all data are aligned, then names in the order of their bytes.
public struct SafetensorsWriter: Sendable {
  private struct Item: Sendable {
    let name: String
    let type: SafetensorsType
    let shape: Shape
    let bytes: [UInt8]
  }

  /// What the file says about itself.
  public var metadata: [String: String]
  private var items: [String: Item] = [:]

  /// Creates a file without tensors.
  public init(metadata: [String: String] = [:]) {
    self.metadata = metadata
  }

  /// Adds a tensor in its own precision; a name that is there already is a caller's bug.
  public mutating func add<Scalar: TensorScalar>(_ name: String, _ tensor: Tensor<Scalar>) {
    // Not by casting the array: an empty one casts to anything.
    if Scalar.self == Float.self {
      let bytes = Self.encode(tensor.values) { Float($0).bitPattern }
      add(name, type: .float32, shape: tensor.shape, bytes: bytes)
    } else {
      let bytes = Self.encode(tensor.values) { Double($0).bitPattern }
      add(name, type: .float64, shape: tensor.shape, bytes: bytes)
    }
  }

  /// Adds a tensor of integers.
  public mutating func add(_ name: String, _ integers: [Int64], shape: Shape) {
    add(
      name, type: .int64, shape: shape,
      bytes: Self.encode(integers) { UInt64(bitPattern: $0) })
  }

  /// Adds a tensor by its bytes, which must be as many as its shape and type need.
  public mutating func add(
    _ name: String, type: SafetensorsType, shape: Shape, bytes: [UInt8]
  ) {
    precondition(name != SafetensorsHeader.metadataName, "a tensor cannot be called \(name)")
    precondition(items[name] == nil, "two tensors are called \(name)")
    precondition(
      bytes.count == shape.count * type.byteCount,
      "\(bytes.count) bytes for a tensor of shape \(shape) and type \(type.rawValue)")
    items[name] = Item(name: name, type: type, shape: shape, bytes: bytes)
  }

  /// The file, its data beginning at a multiple of eight bytes.
  public func bytes() -> [UInt8] {
    let ordered = items.values.sorted {
      if $0.type.byteCount != $1.type.byteCount { return $0.type.byteCount > $1.type.byteCount }
      return Self.precedes($0.name, $1.name)
    }
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { Self.precedes($0.key, $1.key) }
        .map { StrictJSON.quote($0.key) + ":" + StrictJSON.quote($0.value) }
      members.append("\"\(SafetensorsHeader.metadataName)\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for item in ordered {
      let end = offset + item.bytes.count
      let shape = item.shape.dimensions.map(String.init).joined(separator: ",")
      members.append(
        StrictJSON.quote(item.name) + ":{\"dtype\":\"\(item.type.rawValue)\","
          + "\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(members.joined(separator: ","))}".utf8)
    header.append(contentsOf: repeatElement(0x20, count: (8 - header.count % 8) % 8))
    var result: [UInt8] = []
    result.reserveCapacity(8 + header.count + offset)
    for shift in 0..<8 { result.append(UInt8(truncatingIfNeeded: header.count >> (8 * shift))) }
    result.append(contentsOf: header)
    for item in ordered { result.append(contentsOf: item.bytes) }
    return result
  }

  /// Whether a name comes first by its bytes, which no locale and no Unicode version changes.
  private static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }

  /// Little-endian words.
  private static func encode<Value, Word: FixedWidthInteger>(
    _ values: [Value], _ word: (Value) -> Word
  ) -> [UInt8] {
    let width = MemoryLayout<Word>.size
    return unsafe [UInt8](unsafeUninitializedCapacity: values.count * width) { buffer, filled in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      for (index, value) in values.enumerated() {
        unsafe raw.storeBytes(
          of: word(value).littleEndian, toByteOffset: index * width, as: Word.self)
      }
      filled = values.count * width
    }
  }
}
