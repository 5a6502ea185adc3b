public import Foundation
public import TensorCore

/// A file of named tensors in the safetensors format, its numbers converted when asked for.
///
/// Eight bytes hold the length of a JSON header (little-endian), the header describes every tensor
/// by type, shape and offsets into the data, and the data fill the rest without gaps. Opening checks
/// all of that, so reading a tensor that exists cannot fail.
public struct SafetensorsFile: Sendable {
  /// What the header says about one tensor.
  public struct Entry: Sendable, Hashable {
    /// The name.
    public let name: String
    /// The number type.
    public let type: SafetensorsType
    /// The extents.
    public let shape: Shape
    /// Where the bytes lie in the data.
    public let offsets: Range<Int>
  }

  /// The tensors in the order of their data.
  public let entries: [Entry]
  /// What the file says about itself: the member `__metadata__`.
  public let metadata: [String: String]
  private let positions: [String: Int]
  private let data: Data
  private let dataStart: Int

  /// The longest header that is read, in bytes; the format's own implementation has the same limit.
  public static let headerLimit = 100_000_000

  /// Reads a file from its bytes.
  ///
  /// - Throws: `SafetensorsError`, one for the first fault found.
  public init(bytes: [UInt8]) throws(SafetensorsError) {
    try self.init(data: Data(bytes))
  }

  /// Reads a file by its path.
  ///
  /// - Throws: `SafetensorsError`, one for the first fault found.
  public init(path: String) throws(SafetensorsError) {
    guard !path.isEmpty else { throw .emptyPath }
    // Devices and pipes have no end, so only regular files are read.
    var isFolder: ObjCBool = false
    let manager = FileManager.default
    let present = unsafe manager.fileExists(atPath: path, isDirectory: &isFolder)
    guard present, !path.utf8.contains(0) else { throw .missingFile(path: path) }
    let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    let kind = (try? manager.attributesOfItem(atPath: target))?[.type] as? FileAttributeType
    guard !isFolder.boolValue, kind == .typeRegular else { throw .notAFile(path: path) }
    // Not mapped: a file that shrinks under a mapping would end the process.
    guard let data = try? Data(contentsOf: URL(fileURLWithPath: target)) else {
      throw .unreadable(path: path)
    }
    try self.init(data: data)
  }

  /// Reads a file from data in memory.
  ///
  /// - Throws: `SafetensorsError`, one for the first fault found.
  public init(data: Data) throws(SafetensorsError) {
    guard data.count >= 8 else { throw .noHeaderLength(byteCount: data.count) }
    var length: UInt64 = 0
    for byte in data.prefix(8).reversed() { length = length << 8 | UInt64(byte) }
    guard length <= UInt64(Self.headerLimit) else {
      throw .headerTooLong(byteCount: length, limit: Self.headerLimit)
    }
    guard length <= UInt64(data.count - 8) else {
      throw .headerCut(byteCount: length, available: data.count - 8)
    }
    dataStart = 8 + Int(length)
    self.data = data
    let header = try SafetensorsHeader(
      bytes: data.dropFirst(8).prefix(Int(length)), dataByteCount: data.count - dataStart)
    entries = header.entries
    metadata = header.metadata
    var positions: [String: Int] = [:]
    for (index, entry) in header.entries.enumerated() { positions[entry.name] = index }
    self.positions = positions
  }

  /// The names of the tensors in the order of their data.
  public var names: [String] { entries.map(\.name) }

  /// What the header says about a tensor, if the file has it.
  public subscript(name: String) -> Entry? { positions[name].map { entries[$0] } }

  /// The bytes of a tensor as they are stored.
  ///
  /// - Throws: `SafetensorsError.missingTensor`.
  public func bytes(of name: String) throws(SafetensorsError) -> [UInt8] {
    let entry = try entry(name)
    return Array(slice(entry))
  }

  /// A tensor with its numbers in the type asked for.
  ///
  /// Wider numbers are rounded to the nearest; truth values become 0 and 1.
  ///
  /// - Throws: `SafetensorsError.missingTensor`.
  public func tensor<Scalar: TensorScalar>(
    _ name: String, as type: Scalar.Type = Scalar.self
  ) throws(SafetensorsError) -> Tensor<Scalar> {
    let entry = try entry(name)
    return Tensor(shape: entry.shape, values: values(entry))
  }

  /// The numbers of a tensor in single precision, row by row.
  ///
  /// - Throws: `SafetensorsError.missingTensor`.
  public func floats(_ name: String) throws(SafetensorsError) -> [Float] {
    values(try entry(name))
  }

  /// The numbers of a tensor in double precision, row by row.
  ///
  /// - Throws: `SafetensorsError.missingTensor`.
  public func doubles(_ name: String) throws(SafetensorsError) -> [Double] {
    values(try entry(name))
  }

  private func entry(_ name: String) throws(SafetensorsError) -> Entry {
    guard let entry = self[name] else { throw .missingTensor(name) }
    return entry
  }

  private func slice(_ entry: Entry) -> Data {
    let start = data.startIndex + dataStart + entry.offsets.lowerBound
    return data[start..<(start + entry.offsets.count)]
  }

  private func values<Scalar: TensorScalar>(_ entry: Entry) -> [Scalar] {
    let slice = slice(entry)
    let count = entry.shape.count
    switch entry.type {
    case .bool, .uint8: return slice.map { Scalar($0) }
    case .int8: return slice.map { Scalar(Int8(bitPattern: $0)) }
    case .int16:
      return Self.decode(slice, count) { (bits: UInt16) in Scalar(Int16(bitPattern: bits)) }
    case .uint16: return Self.decode(slice, count) { (bits: UInt16) in Scalar(bits) }
    case .float16:
      return Self.decode(slice, count) { (bits: UInt16) in Scalar(SafetensorsType.half(bits)) }
    case .bfloat16:
      return Self.decode(slice, count) { (bits: UInt16) in
        Scalar(Float(bitPattern: UInt32(bits) << 16))
      }
    case .int32:
      return Self.decode(slice, count) { (bits: UInt32) in Scalar(Int32(bitPattern: bits)) }
    case .uint32: return Self.decode(slice, count) { (bits: UInt32) in Scalar(bits) }
    case .float32:
      let floats = Self.decode(slice, count) { (bits: UInt32) in Float(bitPattern: bits) }
      return floats as? [Scalar] ?? floats.map { Scalar($0) }
    case .float64:
      let doubles = Self.decode(slice, count) { (bits: UInt64) in Double(bitPattern: bits) }
      return doubles as? [Scalar] ?? doubles.map { Scalar($0) }
    case .int64:
      return Self.decode(slice, count) { (bits: UInt64) in Scalar(Int64(bitPattern: bits)) }
    case .uint64: return Self.decode(slice, count) { (bits: UInt64) in Scalar(bits) }
    }
  }

  /// Reads little-endian words, aligned or not.
  private static func decode<Word: FixedWidthInteger & BitwiseCopyable, Value>(
    _ slice: Data, _ count: Int, _ value: (Word) -> Value
  ) -> [Value] {
    let width = MemoryLayout<Word>.size
    precondition(slice.count == count * width, "\(slice.count) bytes for \(count) entries")
    return unsafe slice.withUnsafeBytes { raw in
      unsafe [Value](unsafeUninitializedCapacity: count) { buffer, filled in
        for index in 0..<count {
          let word = unsafe raw.loadUnaligned(fromByteOffset: index * width, as: Word.self)
          unsafe buffer.initializeElement(at: index, to: value(Word(littleEndian: word)))
        }
        filled = count
      }
    }
  }
}
