public import TensorCore

/// What a value of a model file should be, or is.
public enum FileValueKind: String, Hashable, Sendable {
  case mapping, list, text, number, wholeNumber, expression, numbers, nothing, localizedText
  case nameOrMatrix
}

/// A part of a model file that has its own set of keys.
public enum FileSection: Hashable, Sendable {
  case file, time, embedding, title, about, level(Int), parameter(String), state(String)
  case precision(String), logPrior, process, inversion, data, confounds
  /// A mapping from names to values inside a level (`number`) or the process (nil).
  case names(String, level: Int?)
}

/// A quantity whose value has a range.
public enum FileQuantity: Hashable, Sendable {
  case samples, step, stateOrder, causeOrder, smoothness
  case stepsPerSample, iterations, precisionIterations, passes, gradientGain
  case priorVariance(String), delay
}

/// A matrix or vector that must fit something else.
public enum FileTensor: Hashable, Sendable {
  case precision(String), precisionComponent(String), priorCovariance(String)
  case priorVariance(String), priorPrecision(String), initialState(String), motion(String)
  case processParameter(String), processCause(String), processOutput(String), delays
}

/// Why a data file cannot be read.
public enum DataFileFailure: Hashable, Sendable {
  case notFound, isDirectory, noPermission, notText
  /// Something else, as an error code of the operating system.
  case system(Int)
}

/// What is wrong with a model file, a data file or an override, as data.
///
/// Problems inside an expression are other cases of `DiagnosticKind`.
public enum FileProblem: Hashable, Sendable {
  // MARK: YAML
  case brokenYAML(String)
  case unquotedExpression(splitAt: String)
  case emptyFile
  case unclosedBracket(String)
  case notAModel(FileValueKind)
  case severalDocuments
  case anchor
  case tag
  case controlCharacter(UInt32)
  case invalidUTF8(byte: UInt8)
  case nestingTooDeep(limit: Int)
  case duplicateKey(String, firstLine: Int?)
  case keyNotText

  // MARK: Keys, kinds and ranges
  case unknownKey(String, in: FileSection, suggestion: String?, allowed: [String])
  case missingKey(String, in: FileSection)
  case wrongKind(key: String, expected: FileValueKind, found: FileValueKind)
  case unknownChoice(key: String, value: String, suggestion: String?, allowed: [String])
  case nonFiniteNumber(String)
  case notPositive(FileQuantity, value: String)
  case negative(FileQuantity, value: String)
  case notWhole(FileQuantity, value: String)
  case tooLarge(FileQuantity, value: String, limit: Int)
  case causeOrderExceedsStateOrder(causes: Int, states: Int)
  case invalidName(String)
  case duplicateName(String, firstLine: Int)
  case reservedName(String)
  case raggedMatrix(row: Int, expected: Int, found: Int)
  case unknownSlug(String, suggestion: String?)

  // MARK: Models
  case tooFewLevels(Int)
  case priorLevelHas(key: String, level: Int)
  case motionWithoutState(String, suggestion: String?)
  case stateWithoutMotion(String)
  case wrongShape(FileTensor, expected: [Shape], found: Shape)
  case notSymmetric(FileTensor, row: Int, column: Int)
  case notPositiveDefinite(FileTensor)
  case notPositiveSemidefinite(FileTensor)
  case notFiniteAtStart(of: String, level: Int?, element: String, value: String)
  case causeEmitted(String, level: Int, shape: Shape)
  case precisionNotConstantInProcess(String)
  case priorReadsStates(String)

  // MARK: Data
  case unreadableDataFile(path: String, DataFileFailure)
  case dataFileTooLarge(limit: Int)
  case dataFileEmpty
  case unknownChannel(String, suggestion: String?, allowed: [String])
  case missingChannel(String)
  case duplicateChannel(String)
  case wrongColumnCount(row: Int, expected: Int, found: Int)
  case notANumber(row: Int, column: String, text: String)
  case wrongRowCount(expected: Int, found: Int)
  case unclosedQuote
  case missingConfound(row: Int, column: String)
  case confoundRowCount(expected: Int, found: Int)
  case missingCause(row: Int, column: String)
  case unknownColumn(String, suggestion: String?, allowed: [String])
  case unknownCause(String, suggestion: String?, allowed: [String])
  case binaryData(BinaryDataProblem)

  // MARK: Overrides
  case overrideSyntax
  case unknownPath(String, after: String, suggestion: String?, allowed: [String])
  case indexOutOfRange(String, after: String, count: Int)
  case notAContainer(String)
}
