internal import TensorCore

/// The header of a file of tensors, checked against the size of the data.
struct SafetensorsHeader {
  private(set) var entries: [SafetensorsFile.Entry] = []
  private(set) var metadata: [String: String] = [:]

  /// The member that is no tensor.
  static let metadataName = "__metadata__"

  init(bytes: some Collection<UInt8>, dataByteCount: Int) throws(SafetensorsError) {
    guard case .object(let members) = try Self.parse(bytes) else { throw .headerNotObject }
    for member in members {
      if member.key == Self.metadataName {
        metadata = try Self.metadata(member.value)
      } else {
        entries.append(try Self.entry(member.key, member.value, dataByteCount))
      }
    }
    entries.sort {
      ($0.offsets.lowerBound, $0.offsets.upperBound, $0.name)
        < ($1.offsets.lowerBound, $1.offsets.upperBound, $1.name)
    }
    try checkCover(dataByteCount)
  }

  private static func parse(
    _ bytes: some Collection<UInt8>
  ) throws(SafetensorsError) -> StrictJSON {
    do {
      return try StrictJSON(bytes: bytes)
    } catch {
      switch error {
      case .notText(let offset): throw .headerNotText(offset: offset)
      case .syntax(let offset): throw .headerSyntax(offset: offset)
      case .nesting(let offset, let limit): throw .headerNesting(offset: offset, limit: limit)
      case .duplicateKey(let key): throw .duplicateName(key)
      }
    }
  }

  private static func metadata(_ value: StrictJSON) throws(SafetensorsError) -> [String: String] {
    guard case .object(let members) = value else { throw .metadataNotText(key: nil) }
    var result: [String: String] = [:]
    for member in members {
      guard let text = member.value.text else { throw .metadataNotText(key: member.key) }
      result[member.key] = text
    }
    return result
  }

  private static func entry(
    _ name: String, _ value: StrictJSON, _ dataByteCount: Int
  ) throws(SafetensorsError) -> SafetensorsFile.Entry {
    guard case .object = value else { throw .notADescription(tensor: name) }
    let type = try type(name, value)
    let (shape, expected) = try shape(name, value, type)
    let (begin, end) = try offsets(name, value)
    guard begin <= end else { throw .reversedOffsets(tensor: name, begin: begin, end: end) }
    guard end <= dataByteCount else {
      throw .offsetsOutside(tensor: name, begin: begin, end: end, byteCount: dataByteCount)
    }
    guard end - begin == expected else {
      throw .wrongByteCount(tensor: name, expected: expected, found: end - begin)
    }
    return SafetensorsFile.Entry(name: name, type: type, shape: shape, offsets: begin..<end)
  }

  private static func type(
    _ name: String, _ value: StrictJSON
  ) throws(SafetensorsError) -> SafetensorsType {
    guard let member = value[SafetensorsError.Member.type.rawValue] else {
      throw .missingMember(tensor: name, member: .type)
    }
    guard let text = member.text else { throw .wrongMember(tensor: name, member: .type) }
    guard let type = SafetensorsType(rawValue: text) else {
      throw .unknownType(tensor: name, type: text)
    }
    return type
  }

  /// The shape with the number of bytes it needs.
  private static func shape(
    _ name: String, _ value: StrictJSON, _ type: SafetensorsType
  ) throws(SafetensorsError) -> (Shape, Int) {
    guard let member = value[SafetensorsError.Member.shape.rawValue] else {
      throw .missingMember(tensor: name, member: .shape)
    }
    guard case .array(let extents) = member else {
      throw .wrongMember(tensor: name, member: .shape)
    }
    var dimensions: [Int] = []
    for (axis, extent) in extents.enumerated() {
      guard case .number(let text) = extent else {
        throw .wrongMember(tensor: name, member: .shape)
      }
      guard let count = extent.count else {
        throw .invalidExtent(tensor: name, axis: axis, text: brief(text))
      }
      dimensions.append(count)
    }
    // Zeros do not excuse the others: strides multiply some of the extents only.
    var byteCount = type.byteCount
    for extent in dimensions where extent != 0 {
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw .tooManyEntries(tensor: name, shape: dimensions) }
      byteCount = product
    }
    return (Shape(dimensions), dimensions.contains(0) ? 0 : byteCount)
  }

  private static func offsets(
    _ name: String, _ value: StrictJSON
  ) throws(SafetensorsError) -> (Int, Int) {
    guard let member = value[SafetensorsError.Member.offsets.rawValue] else {
      throw .missingMember(tensor: name, member: .offsets)
    }
    guard case .array(let entries) = member, entries.count == 2 else {
      throw .wrongMember(tensor: name, member: .offsets)
    }
    var offsets: [Int] = []
    for entry in entries {
      guard case .number(let text) = entry else {
        throw .wrongMember(tensor: name, member: .offsets)
      }
      guard let offset = entry.count else {
        throw .invalidOffset(tensor: name, text: brief(text))
      }
      offsets.append(offset)
    }
    return (offsets[0], offsets[1])
  }

  /// Checks that the tensors, sorted, fill the data exactly.
  private func checkCover(_ dataByteCount: Int) throws(SafetensorsError) {
    var end = 0
    var last: String?
    for entry in entries {
      if entry.offsets.lowerBound < end, let last {
        throw .overlap(first: last, second: entry.name)
      }
      guard entry.offsets.lowerBound == end else {
        throw .unusedBytes(begin: end, end: entry.offsets.lowerBound)
      }
      end = entry.offsets.upperBound
      last = entry.name
    }
    guard end == dataByteCount else { throw .unusedBytes(begin: end, end: dataByteCount) }
  }

  /// A number as it was written, cut where a hostile file made it long.
  private static func brief(_ text: String) -> String {
    text.count <= 40 ? text : text.prefix(40) + "…"
  }
}
