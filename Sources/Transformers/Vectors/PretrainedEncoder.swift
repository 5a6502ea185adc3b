internal import Foundation
internal import Learning
public import TensorCore

/// An encoder of the BERT family in a folder, with its parameters under this project's names.
///
/// The folder holds `config.json`, `model.safetensors` and `vocab.txt`; `tokenizer_config.json`,
/// `sentence_bert_config.json` and `1_Pooling/config.json` are read where they are. Everything is
/// checked when the folder is opened; the numbers are converted when asked for. Matrices of linear
/// maps are stored `[out × in]` there and are turned to `[in × out]` here.
public struct PretrainedEncoder: Sendable {
  /// The function between the two maps of a feed-forward part.
  public enum Activation: String, Sendable, Hashable, CaseIterable {
    /// `max(0, x)`.
    case relu
    /// `x Φ(x)` with the exact normal distribution function.
    case gelu
    /// The hyperbolic tangent.
    case tanh

    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
  }

  /// How the states of the tokens become one vector.
  public enum Pooling: Sendable, Hashable {
    /// Their mean, padding left out.
    case mean
    /// The state of the first token.
    case first
  }

  /// The sizes and choices that make the encoder.
  public struct Configuration: Sendable, Hashable {
    /// The number of blocks.
    public let layers: Int
    /// The number of attention heads per block.
    public let heads: Int
    /// The width d of the token states.
    public let hidden: Int
    /// The width f between the two maps of a feed-forward part.
    public let feedforward: Int
    /// The largest number of tokens with a position.
    public let maxLength: Int
    /// The number of segments.
    public let segments: Int
    /// The number of tokens with an embedding.
    public let vocabularySize: Int
    /// The ε in normalization.
    public let epsilon: Double
    /// The function between the two maps of a feed-forward part.
    public let activation: Activation
  }

  /// The sizes and choices that make the encoder.
  public let configuration: Configuration
  /// How sentences become tokens.
  public let tokenizer: WordPieceTokenizer
  /// How the states of the tokens become one vector.
  public let pooling: Pooling
  /// The length, in tokens, that the encoder was trained for; longer sentences are to be cut.
  public let sentenceLength: Int
  /// Our names of all parameters with their shapes.
  public let shapes: [String: Shape]
  private let sources: [String: PretrainedNames.Source]
  private let file: SafetensorsFile

  /// Opens a folder.
  ///
  /// - Throws: `PretrainedEncoderError`.
  public init(folder: String) throws(PretrainedEncoderError) {
    var isFolder: ObjCBool = false
    guard !folder.isEmpty,
      unsafe FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder),
      isFolder.boolValue
    else { throw .missingFolder(path: folder) }
    let settings = PretrainedSettings(folder: folder)
    configuration = try settings.configuration()
    pooling = try settings.pooling(width: configuration.hidden)
    let trainedLength = try settings.sentenceLength() ?? configuration.maxLength
    sentenceLength = min(trainedLength, configuration.maxLength)
    tokenizer = WordPieceTokenizer(
      vocabulary: try Self.vocabulary(folder, configuration),
      lowercases: try settings.lowercases())
    file = try Self.tensors(folder)
    sources = try PretrainedNames.sources(configuration, in: file)
    shapes = sources.mapValues(\.shape)
  }

  /// One parameter by our name.
  ///
  /// - Throws: `PretrainedEncoderError.missingTensor` if there is no such parameter.
  public func parameter<Scalar: TensorScalar>(
    _ name: String, as type: Scalar.Type = Scalar.self
  ) throws(PretrainedEncoderError) -> Tensor<Scalar> {
    guard let source = sources[name] else { throw .missingTensor(name) }
    let tensor: Tensor<Scalar>
    do { tensor = try file.tensor(source.name) } catch { throw .tensors(error) }
    return source.isTransposed ? Self.transposed(tensor) : tensor
  }

  /// All parameters by our names.
  ///
  /// - Throws: `PretrainedEncoderError`.
  public func parameters<Scalar: TensorScalar>(
    as type: Scalar.Type = Scalar.self
  ) throws(PretrainedEncoderError) -> [String: Tensor<Scalar>] {
    var result: [String: Tensor<Scalar>] = [:]
    for name in sources.keys { result[name] = try parameter(name) }
    return result
  }

  private static func vocabulary(
    _ folder: String, _ configuration: Configuration
  ) throws(PretrainedEncoderError) -> Vocabulary {
    let vocabulary: Vocabulary
    do {
      vocabulary = try Vocabulary(path: folder + "/vocab.txt", special: .sentence)
    } catch {
      if case .file(.missingFile) = error {
        throw .missingFile(name: "vocab.txt", folder: folder)
      }
      throw .vocabulary(error)
    }
    guard vocabulary.count <= configuration.vocabularySize else {
      throw .vocabularyTooLarge(tokens: vocabulary.count, limit: configuration.vocabularySize)
    }
    return vocabulary
  }

  private static func tensors(_ folder: String) throws(PretrainedEncoderError) -> SafetensorsFile {
    do {
      return try SafetensorsFile(path: folder + "/model.safetensors")
    } catch {
      if case .missingFile = error {
        throw .missingFile(name: "model.safetensors", folder: folder)
      }
      throw .tensors(error)
    }
  }

  /// Rows and columns exchanged, in squares that fit the cache.
  private static func transposed<Scalar: TensorScalar>(_ matrix: Tensor<Scalar>) -> Tensor<Scalar> {
    let (rows, columns) = (matrix.rows, matrix.columns)
    let block = 32
    var result = matrix.values
    for firstRow in stride(from: 0, to: rows, by: block) {
      for firstColumn in stride(from: 0, to: columns, by: block) {
        for row in firstRow..<min(firstRow + block, rows) {
          for column in firstColumn..<min(firstColumn + block, columns) {
            result[column * rows + row] = matrix.values[row * columns + column]
          }
        }
      }
    }
    return Tensor(shape: .matrix(columns, rows), values: result)
  }
}
