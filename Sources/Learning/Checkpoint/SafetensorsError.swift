/// Why a file of tensors could not be read.
public enum SafetensorsError: Error, Sendable, Equatable {
  /// The path is empty.
  case emptyPath
  /// There is no such file.
  case missingFile(path: String)
  /// The path leads to a folder, a device or something else without contents of its own.
  case notAFile(path: String)
  /// The system refused to read.
  case unreadable(path: String)
  /// Fewer than the eight bytes that hold the header's length.
  case noHeaderLength(byteCount: Int)
  /// The header would be longer than any real one.
  case headerTooLong(byteCount: UInt64, limit: Int)
  /// The header would reach past the end of the file.
  case headerCut(byteCount: UInt64, available: Int)
  /// The header is not UTF-8; the offset counts bytes from the header's start.
  case headerNotText(offset: Int)
  /// The header is not JSON; the offset counts bytes from the header's start.
  case headerSyntax(offset: Int)
  /// The header nests arrays or objects too deeply.
  case headerNesting(offset: Int, limit: Int)
  /// The header is JSON but no object.
  case headerNotObject
  /// Two members of one object have the same name.
  case duplicateName(String)
  /// The metadata is no object of strings; the key names the first member at fault, if any.
  case metadataNotText(key: String?)
  /// A tensor's description is no object.
  case notADescription(tensor: String)
  /// A tensor's description lacks a member.
  case missingMember(tensor: String, member: Member)
  /// A member of a tensor's description is of the wrong kind.
  case wrongMember(tensor: String, member: Member)
  /// A number type that is not read here.
  case unknownType(tensor: String, type: String)
  /// An extent that is negative, fractional or too large; the text is as it was written.
  case invalidExtent(tensor: String, axis: Int, text: String)
  /// A shape whose extents multiply to more bytes than can be counted.
  case tooManyEntries(tensor: String, shape: [Int])
  /// An offset that is negative, fractional or too large; the text is as it was written.
  case invalidOffset(tensor: String, text: String)
  /// Offsets whose end comes before their beginning.
  case reversedOffsets(tensor: String, begin: Int, end: Int)
  /// Offsets past the end of the data.
  case offsetsOutside(tensor: String, begin: Int, end: Int, byteCount: Int)
  /// More or fewer bytes than the shape and the type need.
  case wrongByteCount(tensor: String, expected: Int, found: Int)
  /// Two tensors share bytes.
  case overlap(first: String, second: String)
  /// Bytes of the data that belong to no tensor, as offsets into the data.
  case unusedBytes(begin: Int, end: Int)
  /// No tensor has this name.
  case missingTensor(String)

  /// The members of a tensor's description.
  public enum Member: String, Sendable, Equatable {
    /// The number type.
    case type = "dtype"
    /// The extents.
    case shape
    /// Where the data begin and end.
    case offsets = "data_offsets"
  }
}
