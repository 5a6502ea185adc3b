import Foundation
import TensorCore
import Testing

@testable import Reporting

@Suite("Result files")
struct ResultFileTests {
  @Test("JSON keeps the order, puts each numeric row on one line, and has null for what is absent")
  func json() {
    var tree: ResultTree = ["model": "畳み込み \"A\"\\\n\u{1}", "seed": 1]
    tree["time"] = .vector([0, 0.1, 1e-7, 1e21])
    tree["data"] = ["y": .matrix([[1, .nan], [-0.25, .infinity]])]
    tree["covariance"] = .tensor(
      Tensor(shape: Shape([1, 2, 2]), values: [1, 2, 3, 4]))
    tree["names"] = .strings(["a", "b"])
    tree["levels"] = [["name": "l1"], [:]]
    tree["F"] = .number(-.infinity)
    tree["ok"] = true
    tree["surprise"] = ResultTree.null
    tree["seed"] = 2
    #expect(
      tree.json() == """
        {
          "model": "畳み込み \\"A\\"\\\\\\n\\u0001",
          "seed": 2,
          "time": [0.0, 0.1, 1e-07, 1e+21],
          "data": {
            "y": [
              [1.0, null],
              [-0.25, null]
            ]
          },
          "covariance": [
            [
              [1.0, 2.0],
              [3.0, 4.0]
            ]
          ],
          "names": ["a", "b"],
          "levels": [
            {
              "name": "l1"
            },
            {}
          ],
          "F": null,
          "ok": true,
          "surprise": null
        }

        """)
  }

  @Test("JSON numbers read back to the same bits")
  func roundTrip() {
    var values = [0.1, 1.0 / 3, .pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -0.0, 5e22]
    var noise = SampleFigures.Noise(state: 3)
    for exponent in -300...300 { values.append(noise.next() * pow(10, Double(exponent))) }
    // JSONSerialization rounds some numbers on Linux, so the row is read with the correct reader.
    let row = ResultTree.vector(values).json().dropFirst().dropLast(2)
    let read = row.components(separatedBy: ", ").map { Double($0) }
    #expect(read.map { $0?.bitPattern } == values.map(\.bitPattern))
    #expect(throws: Never.self) {
      try JSONSerialization.jsonObject(with: Data(ResultTree.vector(values).json().utf8))
    }
  }

  @Test("Arrays with empty axes are valid JSON")
  func emptyArrays() {
    func text(_ dimensions: [Int]) -> String {
      let shape = Shape(dimensions)
      return ResultTree.tensor(Tensor(repeating: 1, shape: shape)).json()
    }
    #expect(text([0]) == "[]\n")
    #expect(text([0, 3]) == "[]\n")
    #expect(text([2, 0]) == "[\n  [],\n  []\n]\n")
    #expect(text([]) == "1.0\n")
  }

  @Test("Members are found, replaced and removed by name")
  func members() {
    var tree = ResultTree.emptyObject
    tree["a"] = 1
    tree["b"] = 2
    tree["a"] = nil
    #expect(tree["a"] == nil)
    #expect(tree["b"] == .integer(2))
    #expect(tree == ["b": 2])
  }

  @Test("CSV quotes what needs it and leaves missing values empty")
  func csv() {
    let table = ColumnTable([
      .init("time", unit: "s", values: [0, 0.1] as [Double]),
      .init("a,b", values: [nil, 1e-7] as [Double?]),
      .init("say \"x\"\nμ", values: [.nan, -.infinity] as [Double]),
    ])
    #expect(table.csv() == "time,\"a,b\",\"say \"\"x\"\"\nμ\"\n0.0,,\n0.1,1e-07,\n")
    #expect(ColumnTable().csv() == "\n")
  }

  @Test("The ending chooses the format, in any case of letters")
  func formats() throws {
    let folder = try TemporaryFolder()
    let table = ColumnTable([.init("F", values: [1.5] as [Double])])
    try ResultFile.write(["F": 1.5], table: table, to: folder.path("r.JSON"))
    try ResultFile.write(["F": 1.5], table: table, to: folder.path("r.csv"))
    #expect(try folder.text("r.JSON") == "{\n  \"F\": 1.5\n}\n")
    #expect(try folder.text("r.csv") == "F\n1.5\n")
    let error = #expect(throws: ReportingError.self) {
      try ResultFile.write(["F": 1.5], table: table, to: folder.path("r.mat"))
    }
    #expect(
      error?.text(in: .japanese)
        == "「\(folder.path("r.mat"))」の形式が分かりません。ファイル名の末尾を .json、.csv、.nc のいずれかにしてください")
  }
}

@Suite("Atomic files")
struct AtomicFileTests {
  private func failure(_ path: String) -> WriteFailure? {
    do {
      try AtomicFile.write("new", to: path)
      return nil
    } catch {
      guard case .cannotWrite(path, let failure) = error else { return nil }
      return failure
    }
  }

  @Test("A file is replaced whole, keeps its permissions, and leaves nothing beside it")
  func replace() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write(String(repeating: "old", count: 100_000), to: folder.path("f"))
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o640], ofItemAtPath: folder.path("f"))
    try AtomicFile.write("new", to: folder.path("f"))
    #expect(try folder.text("f") == "new")
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("f"))
    #expect(attributes[.posixPermissions] as? Int == 0o640)
    #expect(folder.names() == ["f"])
  }

  @Test("A symbolic link is followed, not replaced")
  func link() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write("old", to: folder.path("real"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link"), withDestinationPath: "real")
    try AtomicFile.write("new", to: folder.path("link"))
    #expect(try folder.text("real") == "new")
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: folder.path("link")) == "real")
  }

  @Test("A missing folder, a folder as target, a file as folder and an empty name are named")
  func badTargets() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write("x", to: folder.path("file"))
    let absent = folder.path("absent")
    #expect(failure(absent + "/f.json") == .missingFolder(absent))
    #expect(failure(folder.root) == .isFolder)
    #expect(failure(folder.root + "/") == .isFolder)
    #expect(failure(folder.path("file") + "/f") == .notAFolder(folder.path("file")))
    #expect(failure("") == .emptyPath)
    #expect(failure(folder.path(String(repeating: "n", count: 300))) == .nameTooLong)
    #expect(folder.names() == ["file"])
    #expect(
      ReportingError.cannotWrite(path: "a/b.json", .missingFolder("a")).text(in: .english)
        == "cannot write 'a/b.json': the folder 'a' does not exist")
    #expect(
      ReportingError.cannotWrite(path: "a/b.json", .isFolder).text(in: .japanese)
        == "「a/b.json」に書き込めません: フォルダの名前です")
  }

  @Test("A folder without permission is refused and an older file kept")
  func permission() throws {
    // The super-user may write anywhere but here.
    let path = getuid() == 0 ? "/proc/odoroki.json" : ""
    let folder = try TemporaryFolder()
    if getuid() == 0 {
      #expect(failure(path) != nil)
    } else {
      try AtomicFile.write("old", to: folder.path("f"))
      try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.root)
      #expect(failure(folder.path("f")) == .permissionDenied)
      #expect(throws: ReportingError.self) { try AtomicFile.check(folder.path("f")) }
      #expect(try folder.text("f") == "old")
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.root)
    }
  }

  @Test(
    "A full device is reported",
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func full() {
    #expect(failure("/dev/full") == .noSpace)
    #expect(throws: Never.self) { try AtomicFile.write("x", to: "/dev/null") }
  }

  @Test("A check writes nothing and finds what a write would meet")
  func check() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.check(folder.path("f"))
    #expect(folder.names().isEmpty)
    let error = #expect(throws: ReportingError.self) {
      try AtomicFile.check(folder.path("absent/f"))
    }
    #expect(
      error
        == .cannotWrite(
          path: folder.path("absent/f"), .missingFolder(folder.path("absent"))))
  }
}
