import Foundation
import Learning
import TensorCore
import TestSupport
import Testing

/// The bytes of a file with any header and data.
func safetensors(_ header: String, data: Int = 0) -> [UInt8] {
  safetensors(Array(header.utf8), data: data)
}

/// The bytes of a file with any header and data.
func safetensors(_ header: [UInt8], data: Int = 0) -> [UInt8] {
  let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
  return length + header + [UInt8](repeating: 7, count: data)
}

/// The header of one tensor called `a`.
private func one(
  _ type: String = "\"F32\"", _ shape: String = "[2]", _ offsets: String = "[0,8]"
) -> String {
  "{\"a\":{\"dtype\":\(type),\"shape\":\(shape),\"data_offsets\":\(offsets)}}"
}

@Suite("Files of tensors")
struct SafetensorsTests {
  @Test("a file of the format's own library reads as the numbers that went in", .tags(.reference))
  func library() throws {
    let reference = try Reference.load("safetensors/files")
    let bytes = try reference["bytes"].numbers.map { UInt8($0) }
    let file = try SafetensorsFile(bytes: bytes)
    #expect(file.metadata["format"] == "np")
    #expect(file.metadata["題"] == "海 \\ \" \u{1}")
    let tensors = try reference["tensors"].list
    #expect(file.entries.count == tensors.count)
    for tensor in tensors {
      let name = try tensor["name"].text
      let entry = try #require(file[name], "\(name)")
      #expect(entry.shape == Shape(try tensor["shape"].numbers.map { Int($0) }))
      let values = try tensor["values"].numbers
      #expect(try file.doubles(name) == values, "\(name)")
      #expect(try file.floats(name) == values.map { Float($0) }, "\(name)")
      #expect(try file.bytes(of: name).count == values.count * entry.type.byteCount)
    }
  }

  @Test("that library's tensors written again are the same", .tags(.reference))
  func rewritten() throws {
    let reference = try Reference.load("safetensors/files")
    let bytes = try reference["bytes"].numbers.map { UInt8($0) }
    let file = try SafetensorsFile(bytes: bytes)
    var writer = SafetensorsWriter()
    for entry in file.entries {
      writer.add(
        entry.name, type: entry.type, shape: entry.shape, bytes: try file.bytes(of: entry.name))
    }
    let own = try SafetensorsFile(bytes: writer.bytes())
    for entry in file.entries {
      #expect(own[entry.name]?.shape == entry.shape)
      #expect(own[entry.name]?.type == entry.type)
      #expect(try own.bytes(of: entry.name) == file.bytes(of: entry.name))
    }
  }

  @Test("every half-precision pattern is the number Float16 has for it")
  func half() throws {
    var writer = SafetensorsWriter()
    let bytes = (0..<65536).flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    writer.add("h", type: .float16, shape: .vector(65536), bytes: bytes)
    writer.add("b", type: .bfloat16, shape: .vector(65536), bytes: bytes)
    let file = try SafetensorsFile(bytes: writer.bytes())
    let halves = try file.floats("h")
    let brains = try file.floats("b")
    for pattern in 0..<65536 {
      let exponent = (pattern >> 10) & 31
      let fraction = Double(pattern & 1023)
      let sign = pattern < 32768 ? 1.0 : -1.0
      let value = Double(halves[pattern])
      if exponent == 31 {
        #expect(fraction == 0 ? value == sign * .infinity : value.isNaN)
      } else {
        let size =
          exponent == 0 ? fraction * 0x1p-24 : (1 + fraction / 1024) * exp2(Double(exponent - 15))
        #expect(value == sign * size)
        #expect((value.sign == .minus) == (sign < 0))
      }
      #expect(brains[pattern].bitPattern == UInt32(pattern) << 16)
    }
  }

  @Test("tensors come back bit for bit, and the order of adding does not matter")
  func roundTrip() throws {
    let odd: [Double] = [0.1, -0.0, .infinity, .nan, .leastNonzeroMagnitude, 1.797e308]
    let wide = Tensor<Double>(shape: .matrix(2, 3), values: odd)
    let narrow = Tensor<Float>(
      shape: .vector(3), values: [0.1, -.infinity, .leastNonzeroMagnitude])
    var first = SafetensorsWriter(metadata: ["b": "2", "a": "1\n\"\\"])
    first.add("z", wide)
    first.add("a", narrow)
    first.add("名前", Tensor<Float>(1))
    first.add("i", [-1, Int64.max], shape: .vector(2))
    var second = SafetensorsWriter(metadata: ["a": "1\n\"\\", "b": "2"])
    second.add("i", [-1, Int64.max], shape: .vector(2))
    second.add("名前", Tensor<Float>(1))
    second.add("a", narrow)
    second.add("z", wide)
    let bytes = first.bytes()
    #expect(bytes == second.bytes())
    let file = try SafetensorsFile(bytes: bytes)
    #expect(file.names == ["i", "z", "a", "名前"])
    #expect(file.metadata == ["a": "1\n\"\\", "b": "2"])
    #expect(try file.doubles("z").map(\.bitPattern) == odd.map(\.bitPattern))
    #expect(try file.tensor("a", as: Float.self) == narrow)
    #expect(try file.tensor("名前", as: Double.self) == Tensor(1))
    #expect(try file.bytes(of: "i").suffix(8) == [255, 255, 255, 255, 255, 255, 255, 127])
    // The data are aligned: the header with its length is a multiple of eight bytes long.
    let dataCount = file.entries.reduce(0) { $0 + $1.offsets.count }
    #expect((bytes.count - dataCount) % 8 == 0)
    #expect(throws: SafetensorsError.missingTensor("q")) { try file.floats("q") }
    #expect(throws: SafetensorsError.missingTensor("q")) { try file.bytes(of: "q") }
    #expect(throws: SafetensorsError.missingTensor("q")) { try file.tensor("q", as: Float.self) }
  }

  @Test("a file without tensors")
  func empty() throws {
    #expect(SafetensorsWriter().bytes() == [8, 0, 0, 0, 0, 0, 0, 0] + Array("{}      ".utf8))
    #expect(try SafetensorsFile(bytes: SafetensorsWriter().bytes()).entries.isEmpty)
    // A slice of data whose indices do not begin at zero.
    let data = Data([1, 2, 3] + safetensors(one(), data: 8)).dropFirst(3)
    #expect(try SafetensorsFile(data: data).bytes(of: "a") == [UInt8](repeating: 7, count: 8))
  }

  @Test("paths that cannot be read")
  func paths() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "odoroki-tensors-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(throws: SafetensorsError.emptyPath) { try SafetensorsFile(path: "") }
    #expect(throws: SafetensorsError.notAFile(path: folder.path)) {
      try SafetensorsFile(path: folder.path)
    }
    let absent = folder.path + "/absent"
    #expect(throws: SafetensorsError.missingFile(path: absent)) {
      try SafetensorsFile(path: absent)
    }
    #expect(throws: SafetensorsError.notAFile(path: "/dev/zero")) {
      try SafetensorsFile(path: "/dev/zero")
    }
    let file = folder.appendingPathComponent("x.safetensors")
    try Data(safetensors(one(), data: 8)).write(to: file)
    #expect(try SafetensorsFile(path: file.path).names == ["a"])
    let link = folder.appendingPathComponent("link")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
    #expect(try SafetensorsFile(path: link.path).names == ["a"])
    try Data().write(to: file)
    #expect(throws: SafetensorsError.noHeaderLength(byteCount: 0)) {
      try SafetensorsFile(path: file.path)
    }
  }

  static let bad: [([UInt8], SafetensorsError)] = [
    ([], .noHeaderLength(byteCount: 0)),
    ([1, 2, 3, 4, 5, 6, 7], .noHeaderLength(byteCount: 7)),
    (
      [UInt8](repeating: 255, count: 8),
      .headerTooLong(byteCount: .max, limit: 100_000_000)
    ),
    ([1, 0xe1, 0xf5, 5, 0, 0, 0, 0], .headerTooLong(byteCount: 100_000_001, limit: 100_000_000)),
    ([9, 0, 0, 0, 0, 0, 0, 0, 1], .headerCut(byteCount: 9, available: 1)),
    (safetensors(""), .headerSyntax(offset: 0)),
    (safetensors([0x7b, 0x22, 0xff, 0x22]), .headerNotText(offset: 2)),
    (safetensors([0x7b, 0x7d, 0xc3]), .headerNotText(offset: 2)),
    (safetensors("[]"), .headerNotObject),
    (safetensors("3"), .headerNotObject),
    (safetensors("{} {"), .headerSyntax(offset: 3)),
    (safetensors("{\"a\":1,}"), .headerSyntax(offset: 7)),
    (safetensors("{\"a\" 1}"), .headerSyntax(offset: 5)),
    (safetensors("{\"a\":tru}"), .headerSyntax(offset: 8)),
    (safetensors("{\"a\":01}"), .headerSyntax(offset: 6)),
    (safetensors("{\"a\\x\":1}"), .headerSyntax(offset: 3)),
    (safetensors("{\"\\ud800\":1}"), .headerSyntax(offset: 2)),
    (safetensors("{\"\n\":1}"), .headerSyntax(offset: 2)),
    (safetensors("{\"a"), .headerSyntax(offset: 3)),
    (
      safetensors(String(repeating: "[", count: 100_000)),
      .headerNesting(offset: 32, limit: 32)
    ),
    (
      safetensors(String(repeating: "{\"a\":", count: 100_000)),
      .headerNesting(offset: 160, limit: 32)
    ),
    (safetensors("{\"a\":1,\"\\u0061\":2}"), .duplicateName("a")),
    (safetensors("{\"a\":{\"shape\":[],\"shape\":[]}}"), .duplicateName("shape")),
    (safetensors("{\"__metadata__\":[]}"), .metadataNotText(key: nil)),
    (safetensors("{\"__metadata__\":{\"k\":1}}"), .metadataNotText(key: "k")),
    (safetensors("{\"a\":[]}"), .notADescription(tensor: "a")),
    (safetensors("{\"a\":{}}"), .missingMember(tensor: "a", member: .type)),
    (safetensors("{\"a\":{\"dtype\":\"F32\"}}"), .missingMember(tensor: "a", member: .shape)),
    (
      safetensors("{\"a\":{\"dtype\":\"F32\",\"shape\":[]}}"),
      .missingMember(tensor: "a", member: .offsets)
    ),
    (safetensors(one("3")), .wrongMember(tensor: "a", member: .type)),
    (safetensors(one("\"F7\"")), .unknownType(tensor: "a", type: "F7")),
    (safetensors(one("\"f32\"")), .unknownType(tensor: "a", type: "f32")),
    (safetensors(one("\"F32\"", "2")), .wrongMember(tensor: "a", member: .shape)),
    (safetensors(one("\"F32\"", "[\"2\"]")), .wrongMember(tensor: "a", member: .shape)),
    (
      safetensors(one("\"F32\"", "[1,-2]"), data: 8),
      .invalidExtent(tensor: "a", axis: 1, text: "-2")
    ),
    (
      safetensors(one("\"F32\"", "[2.0]"), data: 8),
      .invalidExtent(tensor: "a", axis: 0, text: "2.0")
    ),
    (
      safetensors(one("\"F32\"", "[2e0]"), data: 8),
      .invalidExtent(tensor: "a", axis: 0, text: "2e0")
    ),
    (
      safetensors(one("\"F32\"", "[99999999999999999999]")),
      .invalidExtent(tensor: "a", axis: 0, text: "99999999999999999999")
    ),
    (
      safetensors(one("\"F32\"", "[" + String(repeating: "9", count: 1000) + "]")),
      .invalidExtent(tensor: "a", axis: 0, text: String(repeating: "9", count: 40) + "…")
    ),
    (
      safetensors(one("\"F32\"", "[4294967296,4294967296]")),
      .tooManyEntries(tensor: "a", shape: [4_294_967_296, 4_294_967_296])
    ),
    (
      safetensors(one("\"F32\"", "[0,4294967296,4294967296]", "[0,0]")),
      .tooManyEntries(tensor: "a", shape: [0, 4_294_967_296, 4_294_967_296])
    ),
    (
      safetensors(one("\"F64\"", "[2305843009213693952]")),
      .tooManyEntries(tensor: "a", shape: [2_305_843_009_213_693_952])
    ),
    (safetensors(one("\"F32\"", "[2]", "[0]")), .wrongMember(tensor: "a", member: .offsets)),
    (safetensors(one("\"F32\"", "[2]", "[0,8,9]")), .wrongMember(tensor: "a", member: .offsets)),
    (safetensors(one("\"F32\"", "[2]", "[0,null]")), .wrongMember(tensor: "a", member: .offsets)),
    (safetensors(one("\"F32\"", "[2]", "[-1,8]")), .invalidOffset(tensor: "a", text: "-1")),
    (safetensors(one("\"F32\"", "[2]", "[0,8.5]")), .invalidOffset(tensor: "a", text: "8.5")),
    (
      safetensors(one("\"F32\"", "[2]", "[8,0]"), data: 8),
      .reversedOffsets(tensor: "a", begin: 8, end: 0)
    ),
    (safetensors(one(), data: 7), .offsetsOutside(tensor: "a", begin: 0, end: 8, byteCount: 7)),
    (
      safetensors(one("\"F32\"", "[3]"), data: 8),
      .wrongByteCount(tensor: "a", expected: 12, found: 8)
    ),
    (
      safetensors(one("\"F32\"", "[0]"), data: 8),
      .wrongByteCount(tensor: "a", expected: 0, found: 8)
    ),
    (safetensors(one(), data: 9), .unusedBytes(begin: 8, end: 9)),
    (safetensors("{}", data: 1), .unusedBytes(begin: 0, end: 1)),
    (safetensors(one("\"F32\"", "[1]", "[4,8]"), data: 8), .unusedBytes(begin: 0, end: 4)),
    (
      safetensors(
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
          + "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[3,7]}}", data: 7),
      .overlap(first: "a", second: "b")
    ),
    (
      safetensors(
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
          + "\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[2,2]}}", data: 4),
      .overlap(first: "a", second: "b")
    ),
    (
      safetensors(
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
          + "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[3,5]}}", data: 5),
      .unusedBytes(begin: 2, end: 3)
    ),
  ]

  @Test("each fault has its own error, told in both languages", arguments: bad)
  func faults(bytes: [UInt8], expected: SafetensorsError) {
    #expect(throws: expected) { try SafetensorsFile(bytes: bytes) }
    #expect(!expected.english.isEmpty && !expected.english.contains("Optional"))
    #expect(!expected.japanese.isEmpty && expected.japanese.utf8.count > 20)
    #expect(expected.english != expected.japanese)
  }
}

@Suite("Damaged files of tensors")
struct SafetensorsFuzzTests {
  private var small: [UInt8] {
    var writer = SafetensorsWriter(metadata: ["k": "v\u{1F30A}"])
    writer.add("a.weight", Tensor<Float>(shape: .matrix(2, 2), values: [1, 2, 3, 4]))
    writer.add("b", Tensor<Double>(shape: .vector(2), values: [5, 6]))
    writer.add("c", type: .float16, shape: .scalar, bytes: [0, 60])
    return writer.bytes()
  }

  /// Reads everything; whether the file was accepted.
  private func survives(_ bytes: [UInt8]) -> Bool {
    do {
      let file = try SafetensorsFile(bytes: bytes)
      for entry in file.entries {
        let count = try file.doubles(entry.name).count
        #expect(count == entry.shape.count)
        #expect(try file.floats(entry.name).count == count)
      }
      return true
    } catch {
      return false
    }
  }

  @Test("cut at every length")
  func truncation() throws {
    let whole = small
    for count in 0..<whole.count { #expect(!survives(Array(whole.prefix(count)))) }
    #expect(survives(whole))
  }

  @Test("20,000 mutations, seed 31", .tags(.property))
  func mutations() {
    let pieces = [
      "{", "}", "[", "]", "\"", ":", ",", "-", "0", "9", "1e9", "99999999999999999999", "null",
      "\"F64\"", "\"U8\"", "\\u", "\\", "\u{0}", "é", "[0,0]", "{\"a\":", "data_offsets", "shape",
    ].map { Array($0.utf8) }
    var random = RandomSource(seed: 31)
    let whole = small
    let headerLength = Int(whole[0]) + Int(whole[1]) << 8
    var accepted = 0
    for _ in 0..<20_000 {
      var header = Array(whole[8..<(8 + headerLength)])
      var tail = Array(whole[(8 + headerLength)...])
      for _ in 0..<(1 + random.next() % 3) {
        let place = Int(random.next() % UInt64(header.count))
        switch random.next() % 5 {
        case 0: header[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: header.insert(contentsOf: pieces[Int(random.next() % 23)], at: place)
        case 2: header.remove(at: place)
        case 3:
          let piece = pieces[Int(random.next() % 23)]
          header.replaceSubrange(place..<min(place + piece.count, header.count), with: piece)
        default: tail[Int(random.next() % UInt64(tail.count))] ^= 0x55
        }
        if header.isEmpty { header = [0x7b] }
      }
      var bytes = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
      if random.next() % 50 == 0 { bytes[Int(random.next() % 8)] ^= 1 }
      if survives(bytes + header + tail) { accepted += 1 }
    }
    // Changes of data, of names and of blanks leave a valid file.
    #expect(accepted > 2000 && accepted < 18_000, "\(accepted)")
  }
}
