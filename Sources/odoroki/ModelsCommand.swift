internal import ArgumentParser
internal import Reporting
internal import Runs

/// The models that ship.
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "List the models that were found.")

  @OptionGroup var common: CommonOptions

  func run() throws {
    let console = Console(common)
    try console.run {
      let library = ModelLibrary.installed
      try console.print(
        library.table(in: console.language).text(
          style: console.style, language: console.language))
      let folders = library.folders.joined(separator: ", ")
      console.note(
        folders.isEmpty
          ? console.language.pick(
            "no folder of models was found: set ODOROKI_MODELS",
            "モデルのフォルダが見つかりません。ODOROKI_MODELS を設定してください")
          : console.language.pick("in \(folders)", "場所: \(folders)"))
      console.note(
        console.language.pick(
          "next: odoroki run NAME, odoroki check NAME", "次は: odoroki run 名前、odoroki check 名前"))
    }
  }
}
