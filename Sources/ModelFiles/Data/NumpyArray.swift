internal import ModelLanguage

/// The numbers of a NumPy array file (`.npy`, versions 1.0 to 3.0), row by row.
struct NumpyArray: Equatable {
  /// The extents as the file has them: one or two.
  var shape: [Int]
  /// The numbers, row-major whatever the order in the file.
  var values: [Double]

  /// The number of rows.
  var rows: Int { shape[0] }
  /// The number of columns; a vector is one column.
  var columns: Int { shape.count > 1 ? shape[1] : 1 }

  /// Reads the bytes of a file; at most `limit` numbers are accepted.
  init(_ bytes: [UInt8], limit: Int) throws(BinaryDataProblem) {
    let header = try NumpyHeader(bytes)
    let element = try NumpyElement(header.element)
    guard header.shape.count == 1 || header.shape.count == 2 else {
      throw .numpyAxes(header.shape)
    }
    var count = 1
    for extent in header.shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw .tooManyValues(limit: limit) }
      count = product
    }
    guard count <= limit else { throw .tooManyValues(limit: limit) }
    let found = bytes.count - header.end
    let expected = count * element.size
    guard found >= expected else { throw .truncatedValues(expected: expected, found: found) }
    guard found == expected else { throw .excessBytes(found - expected) }
    shape = header.shape
    values = []
    values.reserveCapacity(count)
    let rows = shape[0]
    let columns = shape.count > 1 ? shape[1] : 1
    guard count > 0 else { return }
    for row in 0..<rows {
      for column in 0..<columns {
        let index = header.isFortranOrder ? column * rows + row : row * columns + column
        values.append(element.number(bytes, at: header.end + index * element.size))
      }
    }
  }
}

/// How one number is stored.
struct NumpyElement {
  private enum Kind { case float, signed, unsigned }
  private let kind: Kind
  private let isBigEndian: Bool
  /// The number of bytes.
  let size: Int

  /// Understands codes such as `<f8` and `|u1`.
  init(_ code: String) throws(BinaryDataProblem) {
    let letters = Array(code)
    guard letters.count == 3, let size = letters[2].wholeNumberValue else {
      throw .numpyElements(code)
    }
    switch letters[1] {
    case "f" where size == 4 || size == 8: kind = .float
    case "i" where [1, 2, 4, 8].contains(size): kind = .signed
    case "u" where [1, 2, 4, 8].contains(size): kind = .unsigned
    default: throw .numpyElements(code)
    }
    switch letters[0] {
    case "<": isBigEndian = false
    case ">": isBigEndian = true
    case "|" where size == 1: isBigEndian = false
    // What the machine that wrote the file had, which is little-endian wherever this runs.
    case "=": isBigEndian = false
    default: throw .numpyElements(code)
    }
    self.size = size
  }

  /// The number whose bytes begin at an index.
  func number(_ bytes: [UInt8], at start: Int) -> Double {
    var bits: UInt64 = 0
    for offset in 0..<size {
      let place = isBigEndian ? start + offset : start + size - 1 - offset
      bits = bits << 8 | UInt64(bytes[place])
    }
    switch kind {
    case .float where size == 8: return Double(bitPattern: bits)
    case .float: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    case .unsigned: return Double(bits)
    case .signed:
      let unused = UInt64(64 - 8 * size)
      return Double(Int64(bitPattern: bits << unused) >> Int64(unused))
    }
  }
}

/// The header of an array file: what the elements are and how they are arranged.
struct NumpyHeader {
  /// NumPy's code of the elements.
  private(set) var element = ""
  /// Whether the first axis varies fastest.
  private(set) var isFortranOrder = false
  /// The extents.
  private(set) var shape: [Int] = []
  /// Where the numbers begin.
  let end: Int

  private static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
  /// Longer headers belong to arrays of records, if to anything.
  private static let lengthLimit = 1 << 20

  init(_ bytes: [UInt8]) throws(BinaryDataProblem) {
    guard bytes.starts(with: NumpyHeader.magic) else { throw .notNumpy }
    guard bytes.count >= 8 else { throw .truncatedHeader(expected: 10, found: bytes.count) }
    let major = Int(bytes[6])
    let minor = Int(bytes[7])
    guard (1...3).contains(major), minor == 0 else {
      throw .numpyVersion(major: major, minor: minor)
    }
    let start = major == 1 ? 10 : 12
    guard bytes.count >= start else {
      throw .truncatedHeader(expected: start, found: bytes.count)
    }
    let length = bytes[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
    end = start + length
    guard bytes.count >= end else { throw .truncatedHeader(expected: end, found: bytes.count) }
    guard length <= NumpyHeader.lengthLimit else { throw .numpyHeader("…") }
    var scanner = PythonScanner(bytes[start..<end])
    try read(&scanner)
  }

  /// Reads `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`.
  private mutating func read(_ scanner: inout PythonScanner) throws(BinaryDataProblem) {
    var missing: Set<String> = ["descr", "fortran_order", "shape"]
    try scanner.expect("{")
    while !scanner.skip("}") {
      let place = scanner
      let key = try scanner.text()
      guard missing.remove(key) != nil else { throw place.problem }
      try scanner.expect(":")
      switch key {
      case "descr":
        // Records are described by a list.
        if scanner.skip("[") { throw .numpyElements("[…]") }
        element = try scanner.text()
      case "fortran_order": isFortranOrder = try scanner.truth()
      default: shape = try scanner.extents()
      }
      if !scanner.skip(",") {
        try scanner.expect("}")
        break
      }
    }
    guard missing.isEmpty, scanner.isAtEnd else { throw scanner.problem }
  }
}

/// Reads the few Python literals that headers are made of.
private struct PythonScanner {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// That the text is not understood here.
  var problem: BinaryDataProblem {
    let shown = String(decoding: rest.prefix(24), as: UTF8.self)
    return .numpyHeader(rest.count > 24 ? shown + "…" : shown)
  }

  private mutating func skipSpace() {
    rest = rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
  }

  /// Whether nothing but space is left.
  var isAtEnd: Bool {
    rest.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
  }

  /// Passes over a word if it comes next.
  mutating func skip(_ word: String) -> Bool {
    skipSpace()
    guard rest.starts(with: word.utf8) else { return false }
    rest = rest.dropFirst(word.utf8.count)
    return true
  }

  mutating func expect(_ word: String) throws(BinaryDataProblem) {
    guard skip(word) else { throw problem }
  }

  /// A text in quotes, without escapes.
  mutating func text() throws(BinaryDataProblem) -> String {
    skipSpace()
    let start = self
    guard let quote = rest.first, quote == 0x27 || quote == 0x22 else { throw problem }
    let content = rest.dropFirst().prefix { $0 != quote && $0 != 0x5C }
    rest = rest.dropFirst(1 + content.count)
    guard rest.first == quote else { throw start.problem }
    rest = rest.dropFirst()
    return String(decoding: content, as: UTF8.self)
  }

  mutating func truth() throws(BinaryDataProblem) -> Bool {
    if skip("True") { return true }
    try expect("False")
    return false
  }

  /// A tuple of whole numbers.
  mutating func extents() throws(BinaryDataProblem) -> [Int] {
    try expect("(")
    var extents: [Int] = []
    while !skip(")") {
      skipSpace()
      let digits = rest.prefix { (0x30...0x39).contains($0) }
      guard let extent = Int(String(decoding: digits, as: UTF8.self)), extents.count < 64 else {
        throw problem
      }
      rest = rest.dropFirst(digits.count)
      // Python 2 marked long numbers.
      _ = skip("L")
      extents.append(extent)
      if !skip(",") {
        try expect(")")
        break
      }
    }
    return extents
  }
}
