internal import Foundation

/// The length that a NetCDF file of a classic format must have.
///
/// The library reads zeros where such a file was cut short, so its length is checked beforehand.
/// The format is the `CDF` of the NetCDF Classic Format Specification, versions 1, 2 and 5.
struct ClassicFile {
  private var bytes: ArraySlice<UInt8>
  private let version: UInt8

  /// The number of bytes up to the end of the last number; nil where the file is no classic one.
  ///
  /// A header that ends early or makes no sense needs more bytes than there can be.
  static func requiredLength(_ header: [UInt8]) -> Int? {
    guard header.starts(with: Array("CDF".utf8)), header.count > 3, [1, 2, 5].contains(header[3])
    else { return nil }
    var file = ClassicFile(bytes: header[4...], version: header[3])
    return file.end() ?? .max
  }

  private mutating func end() -> Int? {
    guard let records = number(width: version == 5 ? 8 : 4), let dimensions = dimensions(),
      skipAttributes(), let tag = number(width: 4), let count = number(), tag == 0x0B || count == 0
    else { return nil }
    // Files being written by a stream give no number of records.
    let recordCount = records == 0xFFFF_FFFF ? 0 : records
    var end = 0
    var recordSize = 0
    var recordVariables: [(begin: Int, size: Int)] = []
    for _ in 0..<count {
      guard skipName(), let rank = number(), rank <= 1024 else { return nil }
      var size = 1
      var isRecord = false
      for axis in 0..<rank {
        guard let dimension = number(), dimension < dimensions.count else { return nil }
        if axis == 0 && dimensions[dimension] == 0 {
          isRecord = true
        } else {
          let (product, overflow) = size.multipliedReportingOverflow(by: dimensions[dimension])
          if overflow { return nil }
          size = product
        }
      }
      guard skipAttributes(), let type = number(width: 4), let width = ClassicFile.width(type),
        number() != nil, let begin = number(width: version == 1 ? 4 : 8),
        size < .max / 16, begin < .max / 4
      else { return nil }
      size *= width
      if isRecord {
        recordVariables.append((begin, size))
        recordSize += (size + 3) / 4 * 4
      } else {
        end = max(end, begin + size)
      }
      if recordSize > .max / 16 { return nil }
    }
    // A single record variable is not padded.
    if recordVariables.count == 1 { recordSize = recordVariables[0].size }
    if recordCount > 0 {
      let (skipped, overflow) = (recordCount - 1).multipliedReportingOverflow(by: recordSize)
      guard !overflow, skipped < .max / 4 else { return nil }
      for (begin, size) in recordVariables { end = max(end, begin + skipped + size) }
    }
    return end
  }

  /// The bytes of one number of a type.
  private static func width(_ type: Int) -> Int? {
    switch type {
    case 1, 2, 7: 1
    case 3, 8: 2
    case 4, 5, 9: 4
    case 6, 10, 11: 8
    default: nil
    }
  }

  /// A number that is not negative; lengths take four bytes, in version 5 eight.
  private mutating func number(width: Int? = nil) -> Int? {
    let width = width ?? (version == 5 ? 8 : 4)
    guard bytes.count >= width else { return nil }
    let value = bytes.prefix(width).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    bytes = bytes.dropFirst(width)
    return Int(exactly: value)
  }

  private mutating func skip(_ count: Int) -> Bool {
    guard count <= bytes.count else { return false }
    // Everything in a header is padded to four bytes.
    bytes = bytes.dropFirst((count + 3) / 4 * 4)
    return true
  }

  private mutating func skipName() -> Bool {
    guard let length = number() else { return false }
    return skip(length)
  }

  private mutating func dimensions() -> [Int]? {
    guard let tag = number(width: 4), let count = number(), tag == 0x0A || count == 0 else {
      return nil
    }
    var lengths: [Int] = []
    for _ in 0..<count {
      guard skipName(), let length = number() else { return nil }
      lengths.append(length)
    }
    return lengths
  }

  private mutating func skipAttributes() -> Bool {
    guard let tag = number(width: 4), let count = number(), tag == 0x0C || count == 0 else {
      return false
    }
    for _ in 0..<count {
      guard skipName(), let type = number(width: 4), let width = ClassicFile.width(type),
        let length = number(), length <= bytes.count, skip(length * width)
      else { return false }
    }
    return true
  }
}
