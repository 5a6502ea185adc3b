internal import ArgumentParser
internal import Reporting
internal import Runs

/// How alike texts are.
struct SimilarCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "similar",
    abstract: "Compare texts by their vectors: cosines, nearest neighbours, a map (t-SNE).",
    discussion: """
      Vectors come from an encoder of the BERT family (--weights), from a model that odoroki train \
      has written (--model), or, without either, from the spelling alone: hashed character n-grams, \
      a baseline that knows no meaning. Without texts, five captions of one photograph are compared.
      """)

  @Argument(help: "The texts, at least two (default: five captions that ship).")
  var texts: [String] = []

  @Option(help: ArgumentHelp("Read the texts from a file, one per line.", valueName: "file"))
  var file: String?

  @OptionGroup var encoder: EncoderOptions

  @Option(
    help: ArgumentHelp(
      "The effective number of neighbours on the map (default: at most 30).", valueName: "p"))
  var perplexity: Double?

  @Option(help: "The seed of the map.")
  var seed: UInt64 = 1

  @OptionGroup var files: ResultOptions
  @OptionGroup var common: CommonOptions

  mutating func validate() throws {
    if !texts.isEmpty && file != nil {
      throw ValidationError("Give the texts, or a file with --file; not both.")
    }
  }

  func run() throws {
    let console = Console(common)
    try console.run {
      try files.check()
      var request = SimilarityRequest(
        texts: texts, file: file, encoder: encoder.choice, perplexity: perplexity, seed: seed)
      // A figure that was asked for is not left out in silence.
      if files.figure != nil { request.needed = SimilarityRequest.fewestForMap }
      let result = try request.run()
      if let output = files.output { try result.write(to: output) }
      var drawn: String?
      if let figure = result.figure(in: console.language) {
        drawn = try files.draw(figure, byDefault: "similar.png", console)
      }
      try console.print(result.report(in: console.language, style: console.style))
      result.notes(in: console.language).forEach(console.note)
      console.noteFiles([files.output, drawn])
    }
  }
}
