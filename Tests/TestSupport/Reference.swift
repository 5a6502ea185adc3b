internal import Foundation
public import TensorCore

/// A stored reference result: a tree read from a JSON file under `Reference/`.
///
/// `1e999` reads as infinity and `null` as not-a-number; a matrix is a list of rows, and a matrix
/// of one entry may stand as a plain number.
public indirect enum Reference: Sendable {
  /// A JSON object.
  case object([String: Reference])
  /// A JSON array.
  case array([Reference])
  /// A number, an infinity or (for `null`) NaN.
  case number(Double)
  /// A string.
  case string(String)
  /// A truth value.
  case flag(Bool)

  /// Why a reference could not be used.
  public enum Failure: Error, Equatable {
    /// No such file among the resources.
    case missingFile(String)
    /// Not JSON at a byte offset.
    case syntax(offset: Int)
    /// No such key in an object.
    case missingKey(String)
    /// Something else stands where this kind was expected.
    case notA(String)
  }

  /// Reads a file by its name without extension, as in `spm/units`.
  public static func load(_ name: String) throws -> Reference {
    guard let url = Bundle.module.url(forResource: "Reference/" + name, withExtension: "json")
    else { throw Failure.missingFile(name) }
    var parser = ReferenceParser(bytes: [UInt8](try Data(contentsOf: url)))
    return try parser.document()
  }

  /// The member of an object.
  public subscript(key: String) -> Reference {
    get throws {
      guard case .object(let members) = self else { throw Failure.notA("object with \(key)") }
      guard let member = members[key] else { throw Failure.missingKey(key) }
      return member
    }
  }

  /// The entry of an array, from zero.
  public subscript(index: Int) -> Reference {
    get throws {
      let entries = try list
      guard entries.indices.contains(index) else { throw Failure.missingKey(String(index)) }
      return entries[index]
    }
  }

  /// Whether an object has a member of this name.
  public func has(_ key: String) -> Bool {
    if case .object(let members) = self { return members[key] != nil }
    return false
  }

  /// The entries of an array; anything else is a list of itself.
  public var list: [Reference] {
    get throws {
      if case .array(let entries) = self { return entries }
      return [self]
    }
  }

  /// A number; an array of one entry counts.
  public var number: Double {
    get throws {
      switch self {
      case .number(let value): return value
      case .array(let entries) where entries.count == 1: return try entries[0].number
      default: throw Failure.notA("number")
      }
    }
  }

  /// A whole number.
  public var integer: Int {
    get throws {
      guard let value = Int(exactly: try number) else { throw Failure.notA("integer") }
      return value
    }
  }

  /// A string.
  public var text: String {
    get throws {
      guard case .string(let value) = self else { throw Failure.notA("string") }
      return value
    }
  }

  /// A truth value, also written as 0 or 1.
  public var isTrue: Bool {
    get throws {
      if case .flag(let value) = self { return value }
      return try number != 0
    }
  }

  /// All numbers of an array in the order of the file, nested ones row by row.
  public var numbers: [Double] {
    get throws {
      switch self {
      case .number(let value): return [value]
      case .array(let entries): return try entries.flatMap { try $0.numbers }
      default: throw Failure.notA("array of numbers")
      }
    }
  }

  /// A matrix from a list of rows; a plain number is a matrix of one entry.
  public var matrix: Tensor<Double> {
    get throws {
      if case .number(let value) = self { return Tensor(rows: [[value]]) }
      guard case .array(let entries) = self else { throw Failure.notA("matrix") }
      var rows: [[Double]] = []
      for entry in entries {
        guard case .array = entry else { throw Failure.notA("matrix: a row is no list") }
        rows.append(try entry.numbers)
      }
      guard rows.allSatisfy({ $0.count == rows[0].count }) else {
        throw Failure.notA("matrix: rows of different lengths")
      }
      return Tensor(rows: rows)
    }
  }
}

/// A reader of JSON that accepts numbers out of range as infinities, which Foundation's refuses.
private struct ReferenceParser {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws -> Reference {
    let result = try value()
    skipBlanks()
    guard position == bytes.count else { throw Reference.Failure.syntax(offset: position) }
    return result
  }

  private mutating func value() throws -> Reference {
    skipBlanks()
    switch peek {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .flag(true))
    case UInt8(ascii: "f"): return try word("false", .flag(false))
    case UInt8(ascii: "n"): return try word("null", .number(.nan))
    default: return try number()
    }
  }

  private mutating func object() throws -> Reference {
    position += 1
    var members: [String: Reference] = [:]
    skipBlanks()
    if try take("}") { return .object(members) }
    repeat {
      skipBlanks()
      let key = try string()
      skipBlanks()
      guard try take(":") else { throw Reference.Failure.syntax(offset: position) }
      members[key] = try value()
      skipBlanks()
    } while try take(",")
    guard try take("}") else { throw Reference.Failure.syntax(offset: position) }
    return .object(members)
  }

  private mutating func array() throws -> Reference {
    position += 1
    var entries: [Reference] = []
    skipBlanks()
    if try take("]") { return .array(entries) }
    repeat {
      entries.append(try value())
      skipBlanks()
    } while try take(",")
    guard try take("]") else { throw Reference.Failure.syntax(offset: position) }
    return .array(entries)
  }

  private mutating func string() throws -> String {
    guard try take("\"") else { throw Reference.Failure.syntax(offset: position) }
    let start = position
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    guard position < bytes.count else { throw Reference.Failure.syntax(offset: start) }
    let raw = bytes[start..<position]
    position += 1
    guard raw.contains(UInt8(ascii: "\\")) else { return String(decoding: raw, as: UTF8.self) }
    let quoted = Data([UInt8(ascii: "\"")] + raw + [UInt8(ascii: "\"")])
    return try JSONDecoder().decode(String.self, from: quoted)
  }

  private mutating func number() throws -> Reference {
    let start = position
    let allowed = Set("+-.0123456789eE".utf8)
    while position < bytes.count, allowed.contains(bytes[position]) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    guard let value = Double(text) else { throw Reference.Failure.syntax(offset: start) }
    return .number(value)
  }

  private mutating func word(_ text: String, _ result: Reference) throws -> Reference {
    guard bytes[position...].starts(with: text.utf8) else {
      throw Reference.Failure.syntax(offset: position)
    }
    position += text.utf8.count
    return result
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) throws -> Bool {
    guard let byte = peek else { throw Reference.Failure.syntax(offset: position) }
    guard byte == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipBlanks() {
    while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
      position += 1
    }
  }
}
