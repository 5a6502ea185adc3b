import Foundation
import Reporting
import Runs
import Testing

@Suite("Finding models by name")
struct ModelLibraryTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "odoroki-library-\(UUID().uuidString)")
    for part in ["own", "prefix/bin", "prefix/models", "here/models"] {
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent(part), withIntermediateDirectories: true)
    }
    for file in [
      "own/alpha.yaml", "prefix/models/alpha.yaml", "prefix/models/beta.yaml",
      "here/models/gamma.yaml", "here/models/notes.txt", "here/plain",
    ] {
      try Data("title: x\n".utf8).write(to: folder.appendingPathComponent(file))
    }
  }

  private var library: ModelLibrary {
    ModelLibrary(
      environment: ["ODOROKI_MODELS": folder.appendingPathComponent("own").path],
      executable: folder.appendingPathComponent("prefix/bin/odoroki").path,
      currentFolder: folder.appendingPathComponent("here").path)
  }

  @Test("the environment comes before the installation, and that before the current folder")
  func order() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let root = folder.path
    #expect(try library.path(of: "alpha") == root + "/own/alpha.yaml")
    #expect(try library.path(of: "beta") == root + "/prefix/models/beta.yaml")
    #expect(try library.path(of: "gamma") == "models/gamma.yaml")
    #expect(library.entries.map(\.name).prefix(3) == ["alpha", "beta", "gamma"])
  }

  @Test("paths are taken as they are, and so are files without an ending")
  func paths() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(try library.path(of: "some/where.yaml") == "some/where.yaml")
    #expect(try library.path(of: "absent.yaml") == "absent.yaml")
    #expect(try library.path(of: "plain") == "plain")
  }

  @Test("an unknown name is refused with the nearest one")
  func unknown() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let library = library
    let known = library.entries.map(\.name)
    let error = RunError.unknownModel(name: "gama", suggestion: "gamma", known: known)
    #expect(throws: error) { try library.path(of: "gama") }
    #expect(error.exitStatus == .usage)
    #expect(error.text(in: .english).hasPrefix("error: there is no model 'gama'; did you mean"))
    #expect(error.text(in: .japanese).contains("'gamma' でしょうか?"))
  }

  @Test(
    "the language follows the locale",
    arguments: [
      (["LANG": "ja_JP.UTF-8"], ReportLanguage.japanese), (["LANG": "C"], .english),
      ([:], .english),
      (["LC_ALL": "C", "LANG": "ja_JP.UTF-8"], .english),
      (["LC_ALL": "", "LC_MESSAGES": "ja_JP", "LANG": "C"], .japanese),
    ])
  func language(environment: [String: String], expected: ReportLanguage) {
    #expect(ReportLanguage(environment: environment) == expected)
  }
}
