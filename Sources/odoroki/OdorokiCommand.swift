internal import ArgumentParser
internal import Runs

/// The command: parsing, progress and exit codes.
@main
struct OdorokiCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "odoroki",
    abstract: "Simulates perception as predictive coding: a model file in, free energy out.",
    discussion: """
      Start with:  odoroki run convolution
      Schemes:     --scheme recognition, dem, filter or kalman
      Texts come in English and Japanese (--lang ja, or a Japanese LANG).
      """,
    version: OdorokiVersion.current,
    subcommands: [
      RunCommand.self, TraceCommand.self, SimulateCommand.self, CheckCommand.self,
      CompareCommand.self, TrainCommand.self, AttendCommand.self, SimilarCommand.self,
      BridgeCommand.self,
      ModelsCommand.self, DoctorCommand.self,
    ])
}
