internal import DynamicModels
internal import ModelLanguage
internal import TensorCore

extension ModelFile {
  /// Puts the data of another file in the place of the model file's own.
  ///
  /// They decide the number of samples of the model and of the process. Where the model file takes
  /// prior causes from columns, those of the new file are used.
  ///
  /// - Parameter path: The file, in any format of ``RecordedData/read(path:outputs:columns:)``.
  /// - Throws: `ModelFileError` where the file does not fit, a column for a prior cause is missing,
  ///   or the confounds have another number of rows.
  public mutating func useData(path: String) throws(ModelFileError) {
    var reader = try DataFile.open(path)
    let data = reader.channels(model.level(1).outputs, columns: [:])
    var problems = reader.diagnostics
    func report(_ problem: FileProblem) {
      problems.append(
        Diagnostic(.file(problem), at: SourceSpan(SourceLocation(wholeFile: path), length: 0)))
    }
    var prior: Tensor<Double>?
    if let data, problems.isEmpty {
      if let confounds = dataSettings.confounds, confounds.rows != data.samples.rows {
        report(.confoundRowCount(expected: data.samples.rows, found: confounds.rows))
      }
      let columns = dataSettings.causeColumns.sorted { $0.key < $1.key }
      let known = reader.columnNames
      for (_, column) in columns where !known.contains(column) {
        report(
          .unknownColumn(
            column, suggestion: NameSuggestion.nearest(to: column, among: known), allowed: known))
      }
      if problems.isEmpty, !columns.isEmpty {
        let layout = model.level(model.levels.count).outputs
        let places = columns.compactMap { DataFile.channel($0.key, in: layout) }
        let values = reader.causes(columns.map(\.value))
        problems += reader.diagnostics
        if let values, values.rows != data.samples.rows {
          report(
            .binaryData(
              .variableLengths(
                columns[0].value, values.rows, other: data.channels[0], data.samples.rows)))
        } else if let values {
          var longer = model
          longer.time.count = values.rows
          prior = DataSection.prior(of: longer, places, values)
        }
      }
    }
    guard let data, problems.isEmpty else {
      throw .diagnostics(problems, sources: reader.source.map { [$0] } ?? [])
    }
    self.data = data
    dataSettings.priorCauses = prior
    model.time.count = data.samples.rows
    process.time.count = data.samples.rows
  }
}
