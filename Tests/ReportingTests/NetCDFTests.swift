import Foundation
import NetCDFFiles
import TensorCore
import Testing

@testable import Reporting

@Suite("NetCDF and NumPy result files")
struct NetCDFTests {
  /// A small result with everything that a tree may hold.
  static let tree: ResultTree = [
    "model": "畳み込み", "seed": 7, "ok": true, "absent": nil, "none": [],
    "time": .vector([1, 2, 3]),
    "data": [
      "channels": .strings(["a", "b"]),
      "y": .matrix([[1, 0.1], [.nan, -0.0], [3, .leastNonzeroMagnitude]]),
    ],
    "freeEnergy": ["F": .vector([5, 4, 3])],
    "iterations": ["F": .vector([9, 8, 7, 6])],
    "levels": [
      [
        "name": "first",
        "states": [
          "x": [
            "mean": .matrix([[1, 2], [3, 4], [5, 6]]),
            "covariance": .tensor(
              Tensor(shape: Shape([3, 2, 2]), values: (0..<12).map(Double.init))),
          ]
        ],
        "errorNorm": .vector([1, 2, 3]),
      ],
      ["name": nil, "states": [:]],
    ],
    "parameters": [
      "A": ["mean": .tensor(Tensor(shape: .matrix(3, 3), values: (0..<9).map(Double.init)))],
      "tau": ["mean": 8.5, "sd": .number(.nan)],
    ],
    "mixed": [1, 2.5, nil], "whole": [3, 4], "flags": [true, false],
    "elapsed": ["seconds": nil, "steps": 12],
  ]

  private func written() throws -> NetCDFReader {
    let folder = try TemporaryFolder()
    try ResultFile.write(Self.tree, table: ColumnTable(), to: folder.path("r.nc"))
    #expect(folder.names() == ["r.nc"])
    return try NetCDFReader(path: folder.path("r.nc"))
  }

  /// `name(dimension: length, …)` for every variable of a group.
  private func outline(_ file: NetCDFReader, _ group: String?) throws -> [String] {
    try file.variables(inGroup: group).map { variable in
      let axes = variable.dimensions.map { "\($0.name): \($0.length)" }
      return "\(variable.name)(\(axes.joined(separator: ", ")))"
    }
  }

  @Test("Names and dimensions are those of the documentation")
  func names() throws {
    let file = try written()
    #expect(
      try outline(file, nil) == [
        "seed()", "ok()", "time(time: 3)", "mixed(mixed: 3)", "whole(whole: 2)", "flags(flags: 2)",
      ])
    #expect(try outline(file, "data") == ["y(time: 3, channel: 2)"])
    #expect(try outline(file, "freeEnergy") == ["F(time: 3)"])
    #expect(try outline(file, "iterations") == ["F(iteration: 4)"])
    #expect(try outline(file, "levels/1") == ["errorNorm(time: 3)"])
    #expect(
      try outline(file, "levels/1/states/x") == [
        "mean(time: 3, x: 2)", "covariance(time: 3, x: 2, x_2: 2)",
      ])
    #expect(try outline(file, "levels/2") == [])
    // As many rows as there are samples, but no time course.
    #expect(try outline(file, "parameters/A") == ["mean(A: 3, A_2: 3)"])
    #expect(try outline(file, "parameters/tau") == ["mean()", "sd()"])
    #expect(try outline(file, "elapsed") == ["steps()"])
  }

  @Test("Numbers read back to the same bits")
  func roundTrip() throws {
    let file = try written()
    func values(_ name: String, _ group: String?) throws -> [Double] {
      let variable = try #require(
        try file.variables(inGroup: group).first { $0.name == name })
      return try file.values(of: variable)
    }
    guard case .tensor(let data) = Self.tree["data"]?["y"] else { return }
    let read = try values("y", "data")
    #expect(read.map(\.isNaN) == data.values.map(\.isNaN))
    for (value, expected) in zip(read, data.values) where !expected.isNaN {
      #expect(value.bitPattern == expected.bitPattern)
    }
    #expect(try values("covariance", "levels/1/states/x") == (0..<12).map(Double.init))
    #expect(try values("seed", nil) == [7])
    #expect(try values("mean", "parameters/tau") == [8.5])
    #expect(try values("flags", nil) == [1, 0])
    let mixed = try values("mixed", nil)
    #expect(mixed.prefix(2) == [1, 2.5] && mixed[2].isNaN)
  }

  @Test("The same results give the same bytes, whenever they are written")
  func repeatable() async throws {
    let folder = try TemporaryFolder()
    try ResultFile.write(Self.tree, table: ColumnTable(), to: folder.path("a.nc"))
    try await Task.sleep(for: .milliseconds(1100))
    try ResultFile.write(Self.tree, table: ColumnTable(), to: folder.path("b.nc"))
    #expect(
      FileManager.default.contents(atPath: folder.path("a.nc"))
        == FileManager.default.contents(atPath: folder.path("b.nc")))
  }

  @Test("Texts become attributes, and names that the format forbids are bent")
  func texts() {
    let tree: ResultTree = ["a/b": 1.5, " c": "d", "list": .strings(["e", "f"]), "[": 1]
    let group = tree.netCDF()
    #expect(group.variables.map(\.name) == ["a_b", "_["])
    #expect(
      group.attributes == [
        NetCDFGroup.Attribute("_ c", ["d"]), NetCDFGroup.Attribute("list", ["e", "f"]),
      ])
    #expect(ResultTree.number(2).netCDF().variables.map(\.name) == ["value"])
  }

  @Test("An axis never takes the name of something else in its group")
  func clashes() throws {
    let folder = try TemporaryFolder()
    let matrix = ResultTree.matrix([[1, 2, 3], [4, 5, 6]])
    let tree: ResultTree = [
      "x": ["x": matrix, "x_2": .vector([1, 2])], "entry": matrix,
      "time": .vector([1, 2]), "states": ["time": ["mean": .matrix([[1, 2], [3, 4]])]],
      "empty": .tensor(Tensor(repeating: 0, shape: .matrix(0, 2))),
    ]
    try ResultFile.write(tree, table: ColumnTable(), to: folder.path("c.nc"))
    let file = try NetCDFReader(path: folder.path("c.nc"))
    #expect(try outline(file, "x") == ["x(time: 2, x_3: 3)", "x_2(time: 2)"])
    #expect(try outline(file, "states/time") == ["mean(time: 2, time_2: 2)"])
    #expect(
      try outline(file, nil) == [
        "entry(time: 2, entry_2: 3)", "time(time: 2)", "empty(entry_3: 0, entry_4: 2)",
      ])
  }

  @Test("An older file stays if nothing can be written, and no temporary file is left")
  func failures() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: ReportingError.self) {
      try ResultFile.write(Self.tree, table: ColumnTable(), to: folder.path("absent/r.nc"))
    }
    #expect(
      error
        == .cannotWrite(
          path: folder.path("absent/r.nc"), .missingFolder(folder.path("absent"))))
    try AtomicFile.write("old", to: folder.path("r.nc"))
    // Two members of one name cannot both be written.
    let twice = ResultTree.object([.init("a/b", 1), .init("a_b", 2)])
    let clash = #expect(throws: ReportingError.self) {
      try ResultFile.write(twice, table: ColumnTable(), to: folder.path("r.nc"))
    }
    #expect(
      clash?.text(in: .english)
        == "cannot write '\(folder.path("r.nc"))': the NetCDF library reports: "
        + "NetCDF: String match to name in use (error -42)")
    #expect(
      clash?.text(in: .japanese)
        == "「\(folder.path("r.nc"))」に書き込めません: NetCDF ライブラリのエラー -42"
        + "（NetCDF: String match to name in use）")
    #expect(try folder.text("r.nc") == "old")
    #expect(folder.names() == ["r.nc"])
  }

  @Test("A link is followed and the mode of an older file stays")
  func linksAndModes() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write("old", to: folder.path("real.nc"))
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o640], ofItemAtPath: folder.path("real.nc"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link.nc"), withDestinationPath: folder.path("real.nc"))
    try ResultFile.write(["F": 1.5], table: ColumnTable(), to: folder.path("link.nc"))
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("real.nc"))
    #expect(attributes[.posixPermissions] as? Int == 0o640)
    #expect(try NetCDFReader(path: folder.path("link.nc")).variables().map(\.name) == ["F"])
    #expect(throws: Never.self) {
      try AtomicFile.write(to: "/dev/null") { temporary throws(WriteFailure) in
        #expect(FileManager.default.fileExists(atPath: temporary))
      }
    }
  }

  @Test("The library says which version it is")
  func version() {
    #expect(NetCDFLibrary.version.split(separator: ".").count >= 2)
    #expect(NetCDFLibrary.version.first == "4")
    #expect(ReportingInfo.netCDFVersion == NetCDFLibrary.version)
  }

  @Test("Many threads may write at once")
  func threads() async throws {
    let folder = try TemporaryFolder()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<16 {
        let path = folder.path("\(index).nc")
        group.addTask { try ResultFile.write(Self.tree, table: ColumnTable(), to: path) }
      }
      try await group.waitForAll()
    }
    let first = FileManager.default.contents(atPath: folder.path("0.nc"))
    for index in 1..<16 {
      #expect(FileManager.default.contents(atPath: folder.path("\(index).nc")) == first)
    }
  }

  @Test("An array file has the header that NumPy writes")
  func numpy() throws {
    let folder = try TemporaryFolder()
    let tensor = Tensor<Double>(rows: [[1, -0.0, .nan], [0.1, .infinity, .leastNonzeroMagnitude]])
    #expect(NumpyFile.isName("a/b.NPY") && !NumpyFile.isName("a.nc"))
    try NumpyFile.write(tensor, to: folder.path("a.npy"))
    let bytes = [UInt8](try #require(FileManager.default.contents(atPath: folder.path("a.npy"))))
    #expect(bytes.count == 128 + 48)
    #expect(Array(bytes[..<10]) == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 118, 0])
    let header = String(decoding: bytes[10..<128], as: UTF8.self)
    #expect(
      header == "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }"
        + String(repeating: " ", count: 58) + "\n")
    for (index, value) in tensor.values.enumerated() {
      let part = bytes[(128 + 8 * index)..<(136 + 8 * index)]
      #expect(part.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) } == value.bitPattern)
    }
    func shape(_ dimensions: [Int]) -> String {
      let content = NumpyFile.bytes(Tensor(repeating: 0, shape: Shape(dimensions)))
      return String(decoding: content[10..<128], as: UTF8.self)
    }
    #expect(shape([4]).contains("'shape': (4,), }"))
    #expect(shape([]).contains("'shape': (), }"))
    #expect(shape([2, 0, 3]).contains("'shape': (2, 0, 3), }"))
  }
}
