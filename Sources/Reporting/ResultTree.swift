public import TensorCore

/// The content of a result file: an ordered tree of objects, arrays, numbers and texts.
///
/// Members keep the order in which they were set, so that the same results give the same bytes.
/// Numbers that are not finite stand for absent values.
public enum ResultTree: Sendable, Equatable {
  /// One named entry of an object.
  public struct Member: Sendable, Equatable {
    /// The name, unique within its object.
    public let name: String
    /// The value.
    public var value: ResultTree

    /// Creates an entry.
    public init(_ name: String, _ value: ResultTree) {
      self.name = name
      self.value = value
    }
  }

  /// Named entries in order.
  case object([Member])
  /// Values in order.
  case array([ResultTree])
  /// A numeric array of any rank, written as nested rows.
  case tensor(Tensor<Double>)
  /// A number; absent when not finite.
  case number(Double)
  /// A whole number.
  case integer(Int)
  /// A text.
  case string(String)
  /// A truth value.
  case bool(Bool)
  /// An absent value.
  case null

  /// An object without members, to be filled by subscript.
  public static var emptyObject: ResultTree { .object([]) }

  /// A numeric vector.
  public static func vector(_ values: [Double]) -> ResultTree { .tensor(Tensor(vector: values)) }

  /// A numeric matrix from rows of equal length.
  public static func matrix(_ rows: [[Double]]) -> ResultTree { .tensor(Tensor(rows: rows)) }

  /// A list of texts.
  public static func strings(_ values: [String]) -> ResultTree {
    .array(values.map(ResultTree.string))
  }

  /// The member with this name; setting appends or replaces it, setting `nil` removes it.
  ///
  /// Setting a member of anything but an object is a caller's bug.
  public subscript(name: String) -> ResultTree? {
    get {
      guard case .object(let members) = self else { return nil }
      return members.first { $0.name == name }?.value
    }
    set {
      guard case .object(var members) = self else {
        preconditionFailure("member '\(name)' set on a value that is not an object")
      }
      // Releases the enum's own reference, so that appending does not copy the members.
      self = .null
      let index = members.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append(Member(name, value))
      case (nil, nil): break
      }
      self = .object(members)
    }
  }
}

extension ResultTree: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral,
  ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByNilLiteral
{
  /// An object written as a literal; a repeated name is a caller's bug.
  public init(dictionaryLiteral elements: (String, ResultTree)...) {
    precondition(
      Set(elements.map(\.0)).count == elements.count,
      "repeated name among \(elements.map(\.0))")
    self = .object(elements.map { Member($0.0, $0.1) })
  }

  /// A list written as a literal.
  public init(arrayLiteral elements: ResultTree...) { self = .array(elements) }
  /// A number written as a literal.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// A whole number written as a literal.
  public init(integerLiteral value: Int) { self = .integer(value) }
  /// A text written as a literal.
  public init(stringLiteral value: String) { self = .string(value) }
  /// A truth value written as a literal.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// An absent value written as `nil`.
  public init(nilLiteral: ()) { self = .null }
}
