public import DynamicModels
internal import ModelLanguage
public import TensorCore

/// Data that were recorded rather than simulated.
public struct RecordedData: Hashable, Sendable {
  /// The names of the channels, in the order of the model's outputs.
  public var channels: [String]
  /// The samples `[N × l]`; a missing value is NaN.
  public var samples: Tensor<Double>
  /// Where they came from.
  public var path: String

  /// Creates data.
  public init(channels: [String], samples: Tensor<Double>, path: String) {
    self.channels = channels
    self.samples = samples
    self.path = path
  }

  /// Reads a NumPy array (`.npy`), a NetCDF file (`.nc`), or else comma-separated values.
  ///
  /// Comma-separated values have a header that names the channels: a scalar output's name, or a
  /// name with an index, `y[2]` or `y.2`. Other columns are passed over where every channel has its
  /// own. Empty cells, `NaN` and `NA` are missing values.
  ///
  /// An array has shape `(samples, channels)`, the channels in the order of the outputs; a NetCDF
  /// file has a variable per output, `[time]` or `[time][entries]`, or one variable `y` or `data.y`
  /// for all channels, in the root or in the group `data`. NaN and marked fill values are missing.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - outputs: What level 1 of the model emits.
  ///   - columns: For a channel, the header of its column; in an array the column's number, in
  ///     NetCDF the name of its variable. Then whatever it does not mention is passed over.
  /// - Returns: The samples, with the channels in the order of the outputs.
  /// - Throws: `ModelFileError` with row and column, or variable and dimensions, of whatever does not fit.
  public static func read(
    path: String, outputs: VariableLayout, columns: [String: String] = [:]
  ) throws(ModelFileError) -> RecordedData {
    var reader = try DataFile.open(path)
    let data = reader.channels(outputs, columns: columns)
    guard let data, reader.diagnostics.isEmpty else {
      throw .diagnostics(reader.diagnostics, sources: reader.source.map { [$0] } ?? [])
    }
    return data
  }
}

/// How recorded or simulated data enter the inversion.
public struct DataSettings: Hashable, Sendable {
  /// The delay of every channel in time units, or empty for none.
  public var delays: [Double]
  /// The names of the confounds.
  public var confoundNames: [String]
  /// The confounds `[N × c]`, or nil for none.
  public var confounds: Tensor<Double>?
  /// The prior expectation η of the last level's causes `[N × causes]` where columns of the data
  /// file give some of them, or nil where the equations give all.
  public var priorCauses: Tensor<Double>?
  /// For a cause of the last level, the column of the data file that gives its prior expectation.
  public var causeColumns: [String: String]

  /// Creates settings.
  public init(
    delays: [Double] = [], confoundNames: [String] = [], confounds: Tensor<Double>? = nil,
    priorCauses: Tensor<Double>? = nil, causeColumns: [String: String] = [:]
  ) {
    self.delays = delays
    self.confoundNames = confoundNames
    self.confounds = confounds
    self.priorCauses = priorCauses
    self.causeColumns = causeColumns
  }
}
