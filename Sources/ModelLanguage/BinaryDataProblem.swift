/// What is wrong with a data file that is not text, as data.
public enum BinaryDataProblem: Error, Hashable, Sendable {
  // MARK: NumPy arrays
  /// The first bytes are not those of an array.
  case notNumpy
  /// A version of the format that is not known.
  case numpyVersion(major: Int, minor: Int)
  /// The file ends inside its header; both in bytes.
  case truncatedHeader(expected: Int, found: Int)
  /// A header that is not the dictionary it should be; the part that is not understood.
  case numpyHeader(String)
  /// Elements that are not real numbers, by NumPy's code for them.
  case numpyElements(String)
  /// The file ends before its numbers do; both in bytes.
  case truncatedValues(expected: Int, found: Int)
  /// Bytes after the last number.
  case excessBytes(Int)
  /// No axes, or more than two.
  case numpyAxes([Int])
  /// A shape that does not have a column for every channel.
  case numpyChannels(shape: [Int], channels: [String])

  // MARK: NetCDF
  /// The library cannot open the file, and says why.
  case notNetCDF(String)
  /// The library cannot read a variable, and says why.
  case unreadableVariable(String, String)
  /// No variable for a channel.
  case missingVariable(channel: String, expected: [String], found: [String])
  /// A variable with other dimensions than expected.
  case variableDimensions(String, found: [NamedExtent], expected: [String])
  /// A variable that holds text or compound values.
  case variableNotNumeric(String)
  /// Two variables that differ in the number of samples.
  case variableLengths(String, Int, other: String, Int)

  // MARK: Values
  /// More numbers than are accepted.
  case tooManyValues(limit: Int)
  /// A number that is not finite and not NaN; samples count from one.
  case infinite(sample: Int, column: String)
  /// A number that is missing where none may be.
  case missing(sample: Int, column: String)

  /// A dimension with its length.
  public struct NamedExtent: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// Its length.
    public let length: Int

    /// Creates a dimension.
    public init(name: String, length: Int) {
      self.name = name
      self.length = length
    }
  }
}

extension BinaryDataProblem {
  /// The sentence in English and in Japanese.
  var text: (String, String) {
    switch self {
    case .notNumpy, .numpyVersion, .truncatedHeader, .numpyHeader, .numpyElements, .numpyAxes,
      .numpyChannels:
      return numpyText
    case .notNetCDF, .unreadableVariable, .missingVariable, .variableDimensions,
      .variableNotNumeric, .variableLengths:
      return netCDFText
    case .truncatedValues(let expected, let found):
      return (
        "the file is truncated: its numbers need \(expected) bytes, but \(found) are there",
        "ファイルが途中で切れています: 数値に \(expected) バイト必要ですが、\(found) バイトしかありません"
      )
    case .excessBytes(let count):
      return (
        "\(count) bytes follow the array: the file is damaged or holds more than one array",
        "配列の後に \(count) バイト余っています。ファイルが壊れているか、配列が複数入っています"
      )
    case .tooManyValues(let limit):
      return (
        "more than \(limit) numbers: that is more than is accepted",
        "数値が \(limit) 個を超えています。これ以上は受け付けられません"
      )
    case .infinite(let sample, let column):
      return (
        "sample \(sample), column '\(column)': the number is infinite",
        "標本 \(sample)、列 '\(column)': 値が無限大です"
      )
    case .missing(let sample, let column):
      return (
        "sample \(sample), column '\(column)': a number is missing where none may be",
        "標本 \(sample)、列 '\(column)': ここでは値を欠測にできません"
      )
    }
  }

  private var numpyText: (String, String) {
    switch self {
    case .notNumpy:
      return (
        "this is not a NumPy array: the file does not begin with \\x93NUMPY",
        "NumPy の配列ではありません: ファイルが \\x93NUMPY で始まっていません"
      )
    case .numpyVersion(let major, let minor):
      return (
        "version \(major).\(minor) of the NumPy format is not known: expected 1.0, 2.0 or 3.0",
        "NumPy 形式の版 \(major).\(minor) は知りません。1.0、2.0、3.0 のどれかが必要です"
      )
    case .truncatedHeader(let expected, let found):
      return (
        "the file is truncated: its header needs \(expected) bytes, but \(found) are there",
        "ファイルが途中で切れています: ヘッダーに \(expected) バイト必要ですが、\(found) バイトしかありません"
      )
    case .numpyHeader(let part):
      return (
        "the header of the array is not understood at '\(part)'",
        "配列のヘッダーが '\(part)' のところで読めません"
      )
    case .numpyElements(let code):
      return (
        "elements of type '\(code)' are not supported: save real numbers, such as float64",
        "型 '\(code)' の要素は扱えません。float64 などの実数で保存してください"
      )
    case .numpyAxes(let shape):
      let shape = Self.tuple(shape)
      return (
        "the array has shape \(shape): expected (samples,) or (samples, channels)",
        "配列の形が \(shape) です。(標本,) か (標本, チャネル) でなければなりません"
      )
    case .numpyChannels(let shape, let channels):
      let count = channels.count
      let found = shape.count > 1 ? shape[1] : 1
      let names = Self.list(channels)
      let isTransposed = shape.count == 2 && shape[0] == count && shape[1] != count
      let hint =
        isTransposed ? ("; transpose it: samples come first", "。転置してください（標本が先です）") : ("", "")
      return (
        "the array has shape \(Self.tuple(shape)), so \(found) \(found == 1 ? "column" : "columns"),"
          + " but the model has \(count) output \(count == 1 ? "channel" : "channels"):"
          + " \(names)\(hint.0)",
        "配列の形が \(Self.tuple(shape)) なので \(found) 列ですが、"
          + "モデルの出力チャネルは \(count) 個です: \(names)\(hint.1)"
      )
    default: return ("", "")
    }
  }

  private var netCDFText: (String, String) {
    switch self {
    case .notNetCDF(let reason):
      return (
        "this cannot be read as NetCDF (\(reason))", "NetCDF として読めません（\(reason)）"
      )
    case .unreadableVariable(let name, let reason):
      return (
        "variable '\(name)' cannot be read (\(reason))", "変数 '\(name)' が読めません（\(reason)）"
      )
    case .missingVariable(let channel, let expected, let found):
      let wanted = expected.map { "'\($0)'" }
      let holds = found.isEmpty ? ("no variables", "変数がありません") : (Self.list(found), "")
      return (
        "no variable for output channel '\(channel)':"
          + " expected \(FileProblem.alternatives(wanted, .english)),"
          + " but the file holds \(holds.0)",
        "出力チャネル '\(channel)' の変数がありません: \(FileProblem.alternatives(wanted, .japanese))が必要ですが、"
          + (found.isEmpty ? "ファイルには\(holds.1)" : "ファイルにあるのは \(holds.0) です")
      )
    case .variableDimensions(let name, let found, let expected):
      let dimensions = "(" + found.map { "\($0.name): \($0.length)" }.joined(separator: ", ") + ")"
      return (
        "variable '\(name)' has the dimensions \(dimensions),"
          + " expected \(FileProblem.alternatives(expected, .english))",
        "変数 '\(name)' の次元が \(dimensions) です。"
          + "\(FileProblem.alternatives(expected, .japanese))でなければなりません"
      )
    case .variableNotNumeric(let name):
      return ("variable '\(name)' does not hold numbers", "変数 '\(name)' の中身が数値ではありません")
    case .variableLengths(let name, let length, let other, let otherLength):
      return (
        "variable '\(name)' has \(length) samples, but '\(other)' has \(otherLength)",
        "変数 '\(name)' は \(length) 標本ですが、'\(other)' は \(otherLength) 標本です"
      )
    default: return ("", "")
    }
  }

  /// A shape as Python prints it.
  private static func tuple(_ shape: [Int]) -> String {
    shape.count == 1 ? "(\(shape[0]),)" : "(" + shape.map(String.init).joined(separator: ", ") + ")"
  }

  /// A list of names, cut where it grows long.
  private static func list(_ names: [String]) -> String {
    (names.count > 12 ? Array(names.prefix(12)) + ["…"] : names).joined(separator: ", ")
  }
}
