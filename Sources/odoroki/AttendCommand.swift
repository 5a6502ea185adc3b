internal import ArgumentParser
internal import Reporting
internal import Runs

/// Which tokens attend to which.
struct AttendCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attend",
    abstract: "Show which tokens of a text attend to which, head by head.",
    discussion: """
      The model is the one that odoroki train poems leaves here, poems.safetensors; --model names \
      another, --weights an encoder from elsewhere. A model of poems reads the upper verse and \
      writes the lower one, and the figure shows what each written character attends to; other \
      models show the text's attention to itself.
      """)

  @Argument(help: "The text that the model reads: the upper verse of a poem, or a sentence.")
  var text: String?

  @Option(
    help: ArgumentHelp(
      "The lower verse (default: the one that the model writes), or the second sentence of a pair.",
      valueName: "text"))
  var to: String?

  @Option(help: "A poem of the Hyakunin Isshu by its number, in place of a text.")
  var poem: Int?

  @OptionGroup var encoder: EncoderOptions

  @Option(
    help: ArgumentHelp(
      "Show one layer only, as in encoder.0.attention or decoder.0.crossattention.",
      valueName: "name"))
  var layer: String?

  @OptionGroup var files: ResultOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if (text == nil) == (poem == nil) {
      throw ValidationError("Give a text, or a poem's number with --poem; one of them.")
    }
  }

  func run() throws {
    let console = Console(common)
    try console.run {
      try files.check()
      let request = AttentionRequest(
        text: text ?? "", second: to, poem: poem, encoder: encoder.choice, layer: layer)
      let result = try request.run()
      if let output = files.output { try result.write(to: output) }
      let drawn = try files.draw(
        result.figure(in: console.language), byDefault: "attend.png", console)
      try console.print(result.report(in: console.language, style: console.style))
      result.notes(in: console.language).forEach(console.note)
      console.noteFiles([files.output, drawn])
    }
  }
}
