import DynamicModels
import Foundation
import ModelFiles
import ModelLanguage
import TensorCore
import Testing

@Suite struct NumpyDataTests {
  @Test(arguments: [
    "f8", "f8be", "f4", "f4be", "i1", "i2", "i2be", "i4", "i4be", "i8", "i8be", "fortran",
    "version2", "version3",
  ])
  func everyTypeGivesTheSameNumbers(_ name: String) throws {
    let data = try readArray(name + ".npy")
    #expect(data.channels == ["a", "y[1]", "y[2]"])
    #expect(data.samples == arrayRows)
  }

  @Test(arguments: ["u1", "u2", "u2be", "u4", "u4be", "u8", "u8be"])
  func unsignedNumbers(_ name: String) throws {
    #expect(try readArray(name + ".npy").samples.values == arrayRows.values.map(abs))
  }

  @Test func aVectorIsOneChannelAndNaNIsMissing() throws {
    let data = try readArray("vector.npy", scalarLayout)
    #expect(data.samples.shape == .matrix(4, 1))
    #expect(data.samples.values[1].isNaN)
    #expect(data.samples.values[0] == 0.1 && data.samples.values[2] == 1e-300)
  }

  @Test func columnsAreChosenByNumber() throws {
    let data = try readArray("f8.npy", columns: ["a": "3", "y.1": "1", "y[2]": "2"])
    #expect(data.samples == Tensor(rows: [[3, 1, 2], [6, 4, 5], [9, -7, 8], [12, 10, -11]]))
  }

  static let refused = [
    RefusedArray(
      "transposed.npy",
      "the array has shape (3, 4), so 4 columns, but the model has 3 output channels: "
        + "a, y[1], y[2]; transpose it: samples come first",
      "配列の形が (3, 4) なので 4 列ですが、モデルの出力チャネルは 3 個です: "
        + "a, y[1], y[2]。転置してください（標本が先です）"),
    RefusedArray(
      "vector.npy",
      "the array has shape (4,), so 1 column, but the model has 3 output channels: a, y[1], y[2]",
      "配列の形が (4,) なので 1 列ですが、モデルの出力チャネルは 3 個です: a, y[1], y[2]"),
    RefusedArray(
      "cube.npy",
      "the array has shape (2, 2, 3): expected (samples,) or (samples, channels)",
      "配列の形が (2, 2, 3) です。(標本,) か (標本, チャネル) でなければなりません"),
    RefusedArray(
      "scalar.npy", "the array has shape (): expected (samples,) or (samples, channels)",
      "配列の形が () です。(標本,) か (標本, チャネル) でなければなりません"),
    RefusedArray("empty.npy", "the data file has no rows", "データファイルに行がありません"),
    RefusedArray(
      "complex.npy",
      "elements of type '<c16' are not supported: save real numbers, such as float64",
      "型 '<c16' の要素は扱えません。float64 などの実数で保存してください"),
    RefusedArray(
      "text.npy",
      "elements of type '<U1' are not supported: save real numbers, such as float64",
      "型 '<U1' の要素は扱えません。float64 などの実数で保存してください"),
    RefusedArray(
      "object.npy",
      "elements of type '|O' are not supported: save real numbers, such as float64",
      "型 '|O' の要素は扱えません。float64 などの実数で保存してください"),
    RefusedArray(
      "records.npy",
      "elements of type '[…]' are not supported: save real numbers, such as float64",
      "型 '[…]' の要素は扱えません。float64 などの実数で保存してください"),
    RefusedArray(
      "bool.npy",
      "elements of type '|b1' are not supported: save real numbers, such as float64",
      "型 '|b1' の要素は扱えません。float64 などの実数で保存してください"),
    RefusedArray(
      "half.npy",
      "elements of type '<f2' are not supported: save real numbers, such as float64",
      "型 '<f2' の要素は扱えません。float64 などの実数で保存してください"),
    RefusedArray(
      "infinite.npy", "sample 2, column 'y[2]': the number is infinite",
      "標本 2、列 'y[2]': 値が無限大です"),
    RefusedArray(
      "f8.npy", "the data file has no column '4'\nexpected one of 1, 2, 3",
      "データファイルに '4' という列はありません\n1, 2, 3 のどれかが必要です",
      columns: ["a": "4", "y.1": "1", "y.2": "2"]),
    RefusedArray(
      "f8.npy", "no column for output channel 'y[2]'", "出力チャネル 'y[2]' の列がありません",
      columns: ["a": "1", "y.1": "2"]),
  ]

  @Test(arguments: refused)
  func completeText(_ input: RefusedArray) {
    #expect(
      arrayRefusal(input.file, columns: input.columns) == "\(input.file): error: \(input.english)\n"
    )
    #expect(
      arrayRefusal(input.file, columns: input.columns, language: .japanese)
        == "\(input.file): エラー: \(input.japanese)\n")
  }

  /// What is said about bytes.
  private func complaint(
    bytes: [UInt8], _ language: DiagnosticLanguage = .english
  ) throws -> String {
    try withFolder { folder in
      let file = folder.appending(path: "x.npy")
      try Data(bytes).write(to: file)
      do throws(ModelFileError) {
        _ = try RecordedData.read(path: file.path, outputs: arrayLayout)
        return ""
      } catch {
        let text = error.render(language: language)
        let start = file.path + (language == .english ? ": error: " : ": エラー: ")
        #expect(text.hasPrefix(start) && text.hasSuffix("\n"))
        return String(text.dropFirst(start.count).dropLast())
      }
    }
  }

  private func header(_ text: String, length: Int? = nil, version: UInt8 = 1) -> [UInt8] {
    let length = length ?? text.utf8.count
    var bytes: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, version, 0]
    for shift in 0..<(version == 1 ? 2 : 4) {
      bytes.append(UInt8(truncatingIfNeeded: length >> (8 * shift)))
    }
    return bytes + Array(text.utf8)
  }

  @Test func damagedFilesSayWhatIsWrong() throws {
    let good = [UInt8](try Data(contentsOf: arrayFixtures.appending(path: "f8.npy")))
    func expect(_ bytes: [UInt8], _ english: String, _ japanese: String) throws {
      #expect(try complaint(bytes: bytes) == english)
      #expect(try complaint(bytes: bytes, .japanese) == japanese)
    }
    for bytes in [[], Array("a,y.1,y.2\n".utf8), Array(good.prefix(5))] {
      try expect(
        bytes, "this is not a NumPy array: the file does not begin with \\x93NUMPY",
        "NumPy の配列ではありません: ファイルが \\x93NUMPY で始まっていません")
    }
    try expect(
      Array(good.prefix(7)),
      "the file is truncated: its header needs 10 bytes, but 7 are there",
      "ファイルが途中で切れています: ヘッダーに 10 バイト必要ですが、7 バイトしかありません")
    try expect(
      Array(good.prefix(100)),
      "the file is truncated: its header needs 128 bytes, but 100 are there",
      "ファイルが途中で切れています: ヘッダーに 128 バイト必要ですが、100 バイトしかありません")
    try expect(
      Array(good.dropLast()),
      "the file is truncated: its numbers need 96 bytes, but 95 are there",
      "ファイルが途中で切れています: 数値に 96 バイト必要ですが、95 バイトしかありません")
    try expect(
      good + [0, 0], "2 bytes follow the array: the file is damaged or holds more than one array",
      "配列の後に 2 バイト余っています。ファイルが壊れているか、配列が複数入っています")
    var other = good
    other[6] = 4
    try expect(
      other, "version 4.0 of the NumPy format is not known: expected 1.0, 2.0 or 3.0",
      "NumPy 形式の版 4.0 は知りません。1.0、2.0、3.0 のどれかが必要です")
    try expect(
      header("{'descr': '<f8', 'order': 1}"),
      "the header of the array is not understood at ''order': 1}'",
      "配列のヘッダーが ''order': 1}' のところで読めません")
  }

  @Test func hostileHeadersAreRefused() throws {
    func shaped(_ shape: String) -> [UInt8] {
      header("{'descr': '<f8', 'fortran_order': False, 'shape': \(shape), }")
    }
    let tooMany = "more than 12500000 numbers: that is more than is accepted"
    #expect(try complaint(bytes: shaped("(9223372036854775807, 3)")) == tooMany)
    #expect(try complaint(bytes: shaped("(4294967296, 4294967296)")) == tooMany)
    #expect(try complaint(bytes: shaped("(12500001,)")) == tooMany)
    #expect(
      try complaint(bytes: shaped("(12500001,)"), .japanese)
        == "数値が 12500000 個を超えています。これ以上は受け付けられません")
    #expect(
      try complaint(bytes: shaped("(4000000, 3)"))
        == "the file is truncated: its numbers need 96000000 bytes, but 0 are there")
    #expect(
      try complaint(bytes: shaped("(99999999999999999999, 3)"))
        == "the header of the array is not understood at '99999999999999999999, 3)…'")
    #expect(try complaint(bytes: shaped("(-4, 3)")).contains("not understood at '-4, 3), }'"))
    #expect(try complaint(bytes: shaped("(9000000000000000000, 0)")).contains("0 columns"))
    #expect(
      try complaint(bytes: header("{", length: 0xFFFF_FFFF, version: 2))
        == "the file is truncated: its header needs 4294967307 bytes, but 13 are there")
    for text in ["", "{", "{'descr", "{'descr': '<f8'}", "{}", "[]", "{'shape': (1,", "\u{FF}"] {
      #expect(try complaint(bytes: header(text)).hasPrefix("the header of the array is not"))
    }
  }

  @Test("2,000 mutations of a header, seed 21")
  func mutatedHeadersNeverCrash() throws {
    let good = [UInt8](try Data(contentsOf: arrayFixtures.appending(path: "f8.npy")))
    var random = RandomSource(seed: 21)
    var accepted = 0
    try withFolder { folder in
      let file = folder.appending(path: "mutant.npy")
      for round in 0..<2000 {
        var bytes = good
        for _ in 0...Int(random.next() % 3) {
          let place = Int(random.next() % 80)
          switch random.next() % 4 {
          case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
          case 1: bytes.insert(UInt8(ascii: "9"), at: place)
          case 2: bytes.remove(at: place)
          default: bytes.swapAt(place, Int(random.next() % 80))
          }
        }
        try Data(bytes).write(to: file)
        do throws(ModelFileError) {
          let data = try RecordedData.read(path: file.path, outputs: arrayLayout)
          #expect(data.samples.columns == 3 && data.samples.rows > 0)
          accepted += 1
        } catch {
          let text = error.render(language: round.isMultiple(of: 2) ? .english : .japanese)
          #expect(text.hasPrefix(file.path))
        }
      }
    }
    // Space between the words of a header has no meaning, and a digit may stay a valid type.
    #expect(accepted > 0 && accepted < 400)
  }
}
