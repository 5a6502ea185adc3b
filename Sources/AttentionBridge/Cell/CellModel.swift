internal import DynamicModels
internal import Foundation
package import ModelFiles
internal import ModelLanguage
internal import Recognition
internal import TensorCore

/// The attention cell as a model file: the third way to the central identity.
///
/// `models/attention-cell.yaml` states the cell in the model language; a problem is written into
/// it by overrides, as a user does with `--set`.
package struct CellModel: Sendable {
  /// The file that ships.
  package static let fileName = "attention-cell.yaml"

  private let source: SourceFile

  /// Reads the file.
  ///
  /// - Parameter path: of the model file.
  /// - Throws: `BridgeError`.
  package init(path: String) throws(BridgeError) {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw .missingFile(name: path)
    }
    source = SourceFile(name: path, text: text)
  }

  /// The model of a problem whose values are single numbers.
  ///
  /// - Parameters:
  ///   - problem: without biases, and with a temperature of `1/√d`; values of width 1.
  ///   - queryPrecision: the precision of the query's prior; where it is finite and small, errors
  ///     move the query.
  /// - Returns: the model.
  /// - Throws: `BridgeError.modelFile`.
  package func file(
    _ problem: AttentionProblem, queryPrecision: String = "exp(40)"
  ) throws(BridgeError) -> ModelFile {
    precondition(
      problem.valueWidth == 1 && problem.bias.allSatisfy { $0 == 0 },
      "the model has values of one number and no biases")
    func list(_ numbers: [Double]) -> String {
      "[" + numbers.map { "\($0)" }.joined(separator: ", ") + "]"
    }
    let overrides = [
      "levels.1.parameters.keys=[" + problem.keys.map(list).joined(separator: ", ") + "]",
      "levels.1.parameters.width=\(1 / (problem.inverseTemperature * problem.inverseTemperature))",
      "levels.1.output.value=[" + problem.keys.map { _ in "content" }.joined(separator: ", ") + "]",
      // What a user may have tried there: a prediction from above.
      "levels.2.output.content=0", "levels.2.precision.content=exp(-40)",
      "levels.2.output.query=" + list(problem.query),
      "levels.2.precision.query=" + queryPrecision,
      "data=",
    ]
    do {
      return try ModelLoader.load(source: source, overrides: overrides)
    } catch { throw .modelFile(error) }
  }

  /// Runs the scheme `recognition` on a problem until the cell rests.
  ///
  /// - Parameters:
  ///   - problem: as in ``file(_:queryPrecision:)``.
  ///   - queryPrecision: as there.
  /// - Returns: what the state unit and the query came to, with their standard deviations.
  /// - Throws: `BridgeError`.
  package func recognize(
    _ problem: AttentionProblem, queryPrecision: String = "exp(40)"
  ) throws(BridgeError) -> Recognized {
    let model = try file(problem, queryPrecision: queryPrecision).model
    let data = Tensor(rows: [problem.values.map { $0[0] }])
    let record = try RecognitionScheme().recognize(model, from: data)
    // What the upper level puts out: the content, then the query.
    let outputs = record.levels[1].outputs
    return Recognized(
      content: outputs.mean.values[0], query: Array(outputs.mean.values.dropFirst()),
      standardDeviation: outputs.standardDeviation.values[0])
  }

  /// What recognition came to.
  package struct Recognized: Sendable, Equatable {
    /// The state unit μ.
    package var content: Double
    /// The query q [d].
    package var query: [Double]
    /// The standard deviation of μ.
    package var standardDeviation: Double
  }
}
