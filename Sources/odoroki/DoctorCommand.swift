internal import ArgumentParser
internal import Reporting
internal import Runs

/// What this installation found.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Show what this installation found, and how to install what is missing.")

  @OptionGroup var common: CommonOptions

  func run() throws {
    let console = Console(common)
    try console.run {
      try console.print(Installation().text(in: console.language, style: console.style))
    }
  }
}
