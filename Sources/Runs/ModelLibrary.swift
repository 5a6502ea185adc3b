internal import DynamicModels
internal import Foundation
internal import ModelFiles
internal import ModelLanguage
public import Reporting

/// Finds models by their names: in `$ODOROKI_MODELS`, beside or above the executable, in `./models`.
public struct ModelLibrary: Sendable {
  /// A model that was found.
  public struct Entry: Sendable, Equatable {
    /// The name that commands take.
    public let name: String
    /// Its file.
    public let path: String
  }

  /// The folders searched, the first first.
  public let folders: [String]
  private let currentFolder: String

  /// Creates a library.
  ///
  /// - Parameters:
  ///   - environment: whose `ODOROKI_MODELS` may name folders, separated by colons.
  ///   - executable: the path of the program; its folder and those above may hold `models`.
  ///   - currentFolder: where `./models` and relative paths start.
  public init(environment: [String: String], executable: String?, currentFolder: String) {
    var folders = (environment["ODOROKI_MODELS"] ?? "").split(separator: ":").map(String.init)
    if let executable {
      var folder = URL(fileURLWithPath: executable).deletingLastPathComponent()
      while true {
        folders.append(folder.appendingPathComponent("models").path)
        folders.append(folder.appendingPathComponent("share/odoroki/models").path)
        let above = folder.deletingLastPathComponent()
        if above.path == folder.path { break }
        folder = above
      }
    }
    folders.append(currentFolder + "/models")
    var seen: Set<String> = []
    self.folders = folders.filter { Self.isFolder($0) && seen.insert($0).inserted }
    self.currentFolder = currentFolder
  }

  /// The library of this installation.
  public static var installed: ModelLibrary {
    // The link in /proc survives a call through the search path; elsewhere the bundle knows.
    let link = "/proc/self/exe"
    let executable =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: link))
      ?? Bundle.main.executableURL?.resolvingSymlinksInPath().path
    return ModelLibrary(
      environment: ProcessInfo.processInfo.environment, executable: executable,
      currentFolder: FileManager.default.currentDirectoryPath)
  }

  /// Every model, by name; a name found twice stands for the first.
  public var entries: [Entry] {
    var found: [String: String] = [:]
    for folder in folders {
      let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      for file in files.sorted() where file.hasSuffix(".yaml") && !file.hasPrefix(".") {
        let name = String(file.dropLast(5))
        if found[name] == nil { found[name] = shorten(folder + "/" + file) }
      }
    }
    return found.map { Entry(name: $0.key, path: $0.value) }.sorted { $0.name < $1.name }
  }

  /// The file of a model, given by a path or by a name.
  ///
  /// Anything with a slash or the ending of a YAML file is a path.
  /// - Throws: ``RunError/unknownModel(name:suggestion:known:)``.
  public func path(of model: String) throws(RunError) -> String {
    if model.contains("/") || model.hasSuffix(".yaml") || model.hasSuffix(".yml") { return model }
    let entries = entries
    if let entry = entries.first(where: { $0.name == model }) { return entry.path }
    let file = currentFolder + "/" + model
    if FileManager.default.fileExists(atPath: file) && !Self.isFolder(file) { return model }
    let names = entries.map(\.name)
    throw .unknownModel(
      name: model, suggestion: NameSuggestion.nearest(to: model, among: names), known: names)
  }

  /// The path of a file that ships beside the models; nil where there is none.
  package func path(ofFile name: String) -> String? {
    folders.lazy.map { "\($0)/\(name)" }.first { FileManager.default.fileExists(atPath: $0) }
  }

  /// What ships, as a table: name and title of every model.
  public func table(in language: ReportLanguage) -> TextTable {
    let entries = entries
    let titles = entries.map { entry in
      guard let file = try? ModelLoader.load(path: entry.path) else {
        return language.pick(
          "(cannot be read: odoroki check \(entry.name))",
          "（読めません: odoroki check \(entry.name)）")
      }
      return file.title.text(language.diagnostic)
    }
    return TextTable(columns: [
      TextTable.Column(language.pick("model", "モデル"), texts: entries.map(\.name)),
      TextTable.Column(language.pick("title", "題名"), texts: titles),
    ])
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  /// A path below the current folder as a user there would write it.
  private func shorten(_ path: String) -> String {
    let start = currentFolder == "/" ? "/" : currentFolder + "/"
    return path.hasPrefix(start) ? String(path.dropFirst(start.count)) : path
  }
}
