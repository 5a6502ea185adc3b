/// A JSON value that keeps numbers as they were written and members in their order.
///
/// Foundation's reader accepts repeated keys and rounds numbers to `Double`; headers of files that
/// come from elsewhere need to know about both.
package indirect enum StrictJSON: Sendable, Equatable {
  /// A member of an object.
  package struct Member: Sendable, Equatable {
    /// The key.
    package let key: String
    /// Its value.
    package let value: StrictJSON
  }

  /// An object, its keys all different.
  case object([Member])
  /// An array.
  case array([StrictJSON])
  /// A string.
  case string(String)
  /// A number by its characters.
  case number(String)
  /// `true` or `false`.
  case flag(Bool)
  /// `null`.
  case null

  /// The deepest nesting that is read: recursion must not depend on the file.
  package static let nestingLimit = 32

  /// Reads a whole document.
  ///
  /// - Throws: `StrictJSONError` for anything that RFC 8259 does not allow, for repeated keys and
  ///   for nesting deeper than `nestingLimit`.
  package init(bytes: some Collection<UInt8>) throws(StrictJSONError) {
    var parser = StrictJSONParser(bytes: Array(bytes))
    self = try parser.document()
  }

  /// The value of a key, if this is an object that has it.
  package subscript(key: String) -> StrictJSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// The string, if this is one.
  package var text: String? {
    if case .string(let value) = self { return value }
    return nil
  }

  /// The whole number that is not negative, if this is one written with digits only.
  package var count: Int? {
    guard case .number(let text) = self, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
    else { return nil }
    return Int(text)
  }

  /// The number, if this is one.
  package var number: Double? {
    guard case .number(let text) = self else { return nil }
    return Double(text)
  }

  /// The characters of a string as a JSON string with its quotation marks.
  package static func quote(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// Why bytes are not acceptable JSON; offsets count bytes from zero.
package enum StrictJSONError: Error, Sendable, Equatable {
  /// Not UTF-8.
  case notText(offset: Int)
  /// A character that cannot stand here, or the end of the text.
  case syntax(offset: Int)
  /// Arrays and objects inside each other beyond the limit.
  case nesting(offset: Int, limit: Int)
  /// A key that its object already has.
  case duplicateKey(String)
}

/// A recursive-descent reader of RFC 8259.
private struct StrictJSONParser {
  let bytes: [UInt8]
  var position = 0
  var depth = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(StrictJSONError) -> StrictJSON {
    if let offset = Self.firstInvalidByte(bytes) { throw .notText(offset: offset) }
    let result = try value()
    skipBlanks()
    guard position == bytes.count else { throw .syntax(offset: position) }
    return result
  }

  private mutating func value() throws(StrictJSONError) -> StrictJSON {
    skipBlanks()
    guard let byte = peek else { throw .syntax(offset: position) }
    switch byte {
    case UInt8(ascii: "{"): return .object(try object())
    case UInt8(ascii: "["): return .array(try array())
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .flag(true))
    case UInt8(ascii: "f"): return try word("false", .flag(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func enter() throws(StrictJSONError) {
    guard depth < StrictJSON.nestingLimit else {
      throw .nesting(offset: position, limit: StrictJSON.nestingLimit)
    }
    depth += 1
    position += 1
    skipBlanks()
  }

  private mutating func object() throws(StrictJSONError) -> [StrictJSON.Member] {
    try enter()
    defer { depth -= 1 }
    var members: [StrictJSON.Member] = []
    if take("}") { return members }
    var keys: Set<String> = []
    repeat {
      skipBlanks()
      let key = try string()
      guard keys.insert(key).inserted else { throw .duplicateKey(key) }
      skipBlanks()
      guard take(":") else { throw .syntax(offset: position) }
      members.append(StrictJSON.Member(key: key, value: try value()))
      skipBlanks()
    } while take(",")
    guard take("}") else { throw .syntax(offset: position) }
    return members
  }

  private mutating func array() throws(StrictJSONError) -> [StrictJSON] {
    try enter()
    defer { depth -= 1 }
    var entries: [StrictJSON] = []
    if take("]") { return entries }
    repeat {
      entries.append(try value())
      skipBlanks()
    } while take(",")
    guard take("]") else { throw .syntax(offset: position) }
    return entries
  }

  private mutating func string() throws(StrictJSONError) -> String {
    guard take("\"") else { throw .syntax(offset: position) }
    var units: [UInt8] = []
    while let byte = peek {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return String(decoding: units, as: UTF8.self)
      case UInt8(ascii: "\\"):
        units.append(contentsOf: try escape())
      case 0..<0x20:
        throw .syntax(offset: position)
      default:
        units.append(byte)
        position += 1
      }
    }
    throw .syntax(offset: position)
  }

  private mutating func escape() throws(StrictJSONError) -> [UInt8] {
    let start = position
    position += 1
    guard let byte = peek else { throw .syntax(offset: position) }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0c]
    case UInt8(ascii: "n"): return [0x0a]
    case UInt8(ascii: "r"): return [0x0d]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): break
    default: throw .syntax(offset: start)
    }
    var code = try hexadecimal()
    if (0xd800..<0xdc00).contains(code) {
      guard take("\\"), take("u") else { throw .syntax(offset: start) }
      let low = try hexadecimal()
      guard (0xdc00..<0xe000).contains(low) else { throw .syntax(offset: start) }
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw .syntax(offset: start) }
    return Array(String(scalar).utf8)
  }

  private mutating func hexadecimal() throws(StrictJSONError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue,
        byte < 0x80
      else { throw .syntax(offset: position) }
      code = code * 16 + UInt32(digit)
      position += 1
    }
    return code
  }

  private mutating func number() throws(StrictJSONError) -> String {
    let start = position
    _ = take("-")
    if !take("0") { try digits() }
    if take(".") { try digits() }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try digits()
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func digits() throws(StrictJSONError) {
    let start = position
    while let byte = peek, byte >= 0x30, byte <= 0x39 { position += 1 }
    guard position > start else { throw .syntax(offset: position) }
  }

  private mutating func word(
    _ text: StaticString, _ result: StrictJSON
  ) throws(StrictJSONError) -> StrictJSON {
    for scalar in String(describing: text).unicodeScalars {
      guard take(scalar) else { throw .syntax(offset: position) }
    }
    return result
  }

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipBlanks() {
    while let byte = peek, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
      position += 1
    }
  }

  /// The offset of the first byte that is not part of well-formed UTF-8.
  private static func firstInvalidByte(_ bytes: [UInt8]) -> Int? {
    guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var offset = 0
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
      offset += UTF8.width(scalar)
    }
    return min(offset, bytes.count)
  }
}
