import DynamicModels
import Foundation
import ModelFiles
import ModelLanguage
import TensorCore
import Testing

@Suite struct NetCDFDataTests {
  @Test(arguments: ["blocks.nc", "whole.nc", "dotted.nc", "grouped.nc", "classic.nc"])
  func everyArrangementGivesTheSameNumbers(_ name: String) throws {
    let data = try readArray(name)
    #expect(data.channels == ["a", "y[1]", "y[2]"])
    #expect(data.samples == arrayRows)
  }

  @Test func packedNumbersAreUnpackedAndFillValuesAreMissing() throws {
    let samples = try readArray("packed.nc").samples
    let expected: [Double] = [11, 1, 2, .nan, .nan, 4, 12, 5, 6, 9.5, .nan, .nan]
    #expect(samples.values.map(\.isNaN) == expected.map(\.isNaN))
    #expect(samples.values.filter { !$0.isNaN } == expected.filter { !$0.isNaN })
  }

  @Test func variablesMayBeCalledOtherwise() throws {
    let data = try readArray("blocks.nc", columns: ["a": "y[2]", "y.1": "a", "y.2": "stim"])
    #expect(data.samples == Tensor(rows: [[3, 1, 0], [6, 4, 1], [9, -7, 0.5], [12, 10, 0]]))
  }

  static let refused = [
    RefusedArray(
      "other.nc",
      "no variable for output channel 'a': expected 'a [time]', 'y [time][3]' or "
        + "'data.y [time][3]', but the file holds z",
      "出力チャネル 'a' の変数がありません: 'a [time]'、'y [time][3]'、'data.y [time][3]'のどれかが必要ですが、"
        + "ファイルにあるのは z です"),
    RefusedArray(
      "dimensions.nc",
      "variable 'y' has the dimensions (time: 4, wide: 5), expected (time, 3)",
      "変数 'y' の次元が (time: 4, wide: 5) です。(time, 3)でなければなりません"),
    RefusedArray(
      "text.nc", "variable 'y' does not hold numbers", "変数 'y' の中身が数値ではありません"),
    RefusedArray(
      "lengths.nc", "variable 'y' has 3 samples, but 'a' has 4",
      "変数 'y' は 3 標本ですが、'a' は 4 標本です"),
    RefusedArray(
      "infinite.nc", "sample 2, column 'y[2]': the number is infinite",
      "標本 2、列 'y[2]': 値が無限大です"),
    RefusedArray(
      "blocks.nc", "the data file has no column 'stym'\ndid you mean 'stim'?",
      "データファイルに 'stym' という列はありません\n'stim' のことですか？",
      columns: ["a": "stym", "y.1": "a", "y.2": "a"]),
  ]

  @Test(arguments: refused)
  func completeText(_ input: RefusedArray) {
    let english = arrayRefusal(input.file, columns: input.columns)
      .split(separator: "\n").filter { !$0.contains("channel 'y'") }.joined(separator: "\n")
    #expect(english == "\(input.file): error: \(input.english)")
    let japanese = arrayRefusal(input.file, columns: input.columns, language: .japanese)
      .split(separator: "\n").filter { !$0.contains("チャネル 'y'") }.joined(separator: "\n")
    #expect(japanese == "\(input.file): エラー: \(input.japanese)")
  }

  @Test func oneOutputNeedsNoOtherName() {
    #expect(
      arrayRefusal("other.nc", scalarLayout)
        == "other.nc: error: no variable for output channel 'y': expected 'y [time]' or "
        + "'data.y [time][1]', but the file holds z\n")
  }

  @Test func aFileThatIsNoNetCDF() throws {
    #expect(
      arrayRefusal("f8.npy").isEmpty)
    try withFolder { folder in
      let file = folder.appending(path: "x.nc")
      try Data("a,y.1,y.2\n1,2,3\n".utf8).write(to: file)
      let error = #expect(throws: ModelFileError.self) {
        try RecordedData.read(path: file.path, outputs: arrayLayout)
      }
      #expect(
        error?.render(language: .english)
          == "\(file.path): error: this cannot be read as NetCDF (NetCDF: Unknown file format)\n")
      #expect(
        error?.render(language: .japanese)
          == "\(file.path): エラー: NetCDF として読めません（NetCDF: Unknown file format）\n")
    }
  }

  @Test(arguments: ["whole.nc", "classic.nc", "grouped.nc"])
  func truncatedFilesAreRefused(_ name: String) throws {
    let good = try Data(contentsOf: arrayFixtures.appending(path: name))
    try withFolder { folder in
      let file = folder.appending(path: "x.nc")
      for part in 1..<10 {
        try good.prefix(good.count * part / 10).write(to: file)
        #expect(throws: ModelFileError.self) {
          try RecordedData.read(path: file.path, outputs: arrayLayout)
        }
      }
    }
  }

  @Test("1,000 mutations of a classic header, seed 22")
  func mutatedClassicFilesNeverCrash() throws {
    let good = [UInt8](try Data(contentsOf: arrayFixtures.appending(path: "classic.nc")))
    var random = RandomSource(seed: 22)
    var refused = 0
    try withFolder { folder in
      let file = folder.appending(path: "x.nc")
      for _ in 0..<1000 {
        var bytes = good
        for _ in 0...Int(random.next() % 2) {
          bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
        }
        try Data(bytes).write(to: file)
        do throws(ModelFileError) {
          let data = try RecordedData.read(path: file.path, outputs: arrayLayout)
          #expect(data.samples.columns == 3 && data.samples.rows > 0)
        } catch {
          #expect(error.render(language: .english).hasPrefix(file.path))
          refused += 1
        }
      }
    }
    #expect(refused > 100 && refused < 1000)
  }

  @Test func aFileThatIsNotThereAndAFolder() throws {
    #expect(arrayRefusal("absent.nc") == "absent.nc: error: no such file\n")
    #expect(arrayRefusal("absent.npy", language: .japanese) == "absent.npy: エラー: ファイルがありません\n")
    try withFolder { folder in
      let inner = folder.appending(path: "f.nc")
      try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
      let error = #expect(throws: ModelFileError.self) {
        try RecordedData.read(path: inner.path, outputs: arrayLayout)
      }
      #expect(
        error?.render(language: .english)
          == "\(inner.path): error: this is a folder, not a file\n")
    }
  }

  @Test func manyThreadsMayReadAtOnce() async throws {
    let all = try await withThrowingTaskGroup(of: Tensor<Double>.self) { group in
      for _ in 0..<64 { group.addTask { try readArray("blocks.nc").samples } }
      return try await group.reduce(into: [Tensor<Double>]()) { $0.append($1) }
    }
    #expect(all.count == 64 && all.allSatisfy { $0 == arrayRows })
  }
}
