internal import ArgumentParser
internal import ModelFiles
internal import Reporting
internal import Runs

/// What a model file says, before anything runs.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Read a model: shapes, derivatives that vanish, stiffness; or what is wrong with it.")

  @OptionGroup var model: ModelOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    let console = Console(common)
    try console.run {
      let plan = plan(model)
      let check = try ModelCheck(plan.load(), plan: plan)
      try console.print(check.text(in: console.language, style: console.style))
    }
  }
}
