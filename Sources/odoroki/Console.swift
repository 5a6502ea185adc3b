internal import ArgumentParser
internal import Foundation
internal import Reporting
internal import Runs

/// Where texts go: results to standard output, notes and errors to standard error.
///
/// A reader that closes the pipe early is no error; a full disk is.
struct Console {
  let language: ReportLanguage
  let isQuiet: Bool
  let style: TerminalStyle

  init(_ options: CommonOptions) {
    let environment = ProcessInfo.processInfo.environment
    language = options.language ?? ReportLanguage(environment: environment)
    isQuiet = options.quiet
    style = .detect(.standardOutput)
    // Writing to a closed pipe then reports an error instead of ending the program, so that files
    // are still written.
    _ = signal(SIGPIPE, SIG_IGN)
  }

  /// Writes a result.
  ///
  /// - Throws: `ReportingError.cannotWrite` where standard output takes no more, as a full disk.
  func print(_ text: String) throws {
    let code = Self.write(text, to: STDOUT_FILENO)
    if code != 0 && code != EPIPE {
      let failure: WriteFailure = code == ENOSPC ? .noSpace : .system(code: code)
      throw ReportingError.cannotWrite(
        path: language.pick("standard output", "標準出力"), failure)
    }
  }

  /// Writes a note, unless the user wants quiet.
  func note(_ text: String) {
    if !isQuiet { _ = Self.write(text + "\n", to: STDERR_FILENO) }
  }

  /// Names the files that were written, leaving out those that were not.
  func noteFiles(_ paths: [String?]) {
    for path in paths.compactMap({ $0 }) {
      note(language.pick("wrote \(path)", "\(path) に書き出しました"))
    }
  }

  /// Writes an error.
  func report(_ error: RunError) {
    _ = Self.write(error.text(in: language), to: STDERR_FILENO)
  }

  /// The progress line, which shows on terminals only.
  func progress(_ english: String, _ japanese: String) -> ProgressLine? {
    isQuiet ? nil : ProgressLine(language.pick(english, japanese))
  }

  /// Does the work of a command and ends it with the status of its error, if there is one.
  func run(_ work: () throws -> Void) throws {
    do {
      try work()
    } catch let error as ReportingError {
      try fail(.reporting(error))
    } catch let error as RunError {
      try fail(error)
    } catch let exit as ExitCode {
      throw exit
    } catch {
      _ = Self.write("odoroki: \(error)\n", to: STDERR_FILENO)
      throw ExitCode(CommandStatus.bug.rawValue)
    }
  }

  /// Reports an error and ends with its status.
  func fail(_ error: RunError) throws {
    report(error)
    throw ExitCode(error.exitStatus.rawValue)
  }

  /// Writes all bytes; returns zero or the system's error number.
  private static func write(_ text: String, to descriptor: Int32) -> Int32 {
    let bytes = Array(text.utf8)
    return unsafe bytes.withUnsafeBytes { buffer in
      var offset = 0
      while offset < buffer.count {
        let count = unsafe Foundation.write(
          descriptor, buffer.baseAddress?.advanced(by: offset), buffer.count - offset)
        if count < 0 {
          if errno == EINTR { continue }
          return errno
        }
        offset += count
      }
      return 0
    }
  }
}

/// ctrl-C and its like ask the computation to stop; a second one ends the program at once.
enum Interruption {
  static let flag = StopFlag()

  /// Listens from now on.
  static func listen() -> StopFlag {
    // The handler may not be the first to touch a lazy global.
    let flag = flag
    for number in [SIGINT, SIGTERM] {
      _ = signal(number) { number in
        Interruption.flag.raise()
        _ = signal(number, SIG_DFL)
      }
    }
    // A program started from a thread that blocks signals inherits the block.
    var signals = sigset_t()
    _ = unsafe sigemptyset(&signals)
    _ = unsafe sigaddset(&signals, SIGINT)
    _ = unsafe sigaddset(&signals, SIGTERM)
    _ = unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    return flag
  }
}
