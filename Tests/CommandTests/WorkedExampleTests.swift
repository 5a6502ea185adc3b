import Foundation
import Testing

/// The commands of a page and what the page says that they print.
struct PageCommand: CustomTestStringConvertible {
  let text: String
  var expected: [String] = []

  var testDescription: String { text }

  /// Everything behind a `$` in the fenced blocks of a page; a line `…` stands for lines left out.
  static func all(in page: String) throws -> [PageCommand] {
    let url = Command.root.appendingPathComponent("docs").appendingPathComponent(page)
    let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
    var commands: [PageCommand] = []
    var isInside = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        isInside = false
      } else if line.hasPrefix("$ ") {
        commands.append(PageCommand(text: String(line.dropFirst(2))))
        isInside = true
      } else if isInside, line != "…", !line.isEmpty, !commands.isEmpty {
        commands[commands.count - 1].expected.append(String(line))
      }
    }
    return commands
  }
}

@Suite("The worked example")
struct WorkedExampleTests {
  @Test(
    "prints what its pages say, command by command",
    arguments: [("worked-example.md", 8), ("worked-example-ja.md", 8)])
  func pages(_ page: String, _ count: Int) throws {
    let odoroki = try Command()
    defer { odoroki.remove() }
    try FileManager.default.createSymbolicLink(
      at: odoroki.folder.appendingPathComponent("models"),
      withDestinationURL: Command.root.appendingPathComponent("models"))
    let commands = try PageCommand.all(in: page)
    #expect(commands.count >= count)
    for command in commands {
      let shell = try odoroki.process([])
      shell.executableURL = URL(fileURLWithPath: "/bin/sh")
      shell.arguments = [
        "-c",
        "PATH='\(Command.executable.deletingLastPathComponent().path)':$PATH; \(command.text)",
      ]
      try shell.run()
      let outcome = try odoroki.finish(shell)
      #expect(outcome.status == 0, "\(command.text): \(outcome.errors)")
      let printed = outcome.output.replacing(Command.root.path + "/", with: "")
        .split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      var place = 0
      for line in command.expected {
        let wanted = line.trimmingCharacters(in: .whitespaces)
        let found = printed[place...].firstIndex(of: wanted)
        #expect(found != nil, "\(page): \(command.text) does not print: \(line)")
        if let found { place = found + 1 }
      }
    }
    #expect(commands.contains { $0.text.hasPrefix("odoroki compare") && $0.expected.count > 5 })
  }
}
