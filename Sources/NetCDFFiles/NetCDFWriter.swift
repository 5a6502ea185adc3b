internal import CNetCDF
internal import Foundation

/// The content of a NetCDF-4 file or of one of its groups.
public struct NetCDFGroup: Equatable, Sendable {
  /// A named axis, to be used by the variables of its group and of the groups within.
  public struct Dimension: Equatable, Sendable {
    /// Its name.
    public var name: String
    /// Its extent.
    public var length: Int

    /// Creates an axis.
    public init(_ name: String, length: Int) {
      self.name = name
      self.length = length
    }
  }

  /// The entries of a variable in row-major order.
  public enum Values: Equatable, Sendable {
    /// Numbers of double precision; NaN stands for an absent one.
    case doubles([Double])
    /// Whole numbers of 64 bits.
    case integers([Int])
    /// Truth values, stored as bytes 0 and 1.
    case bools([Bool])
  }

  /// A named array.
  public struct Variable: Equatable, Sendable {
    /// Its name.
    public var name: String
    /// The names of its axes, outermost first; none for a single number.
    public var dimensions: [String]
    /// Its entries.
    public var values: Values

    /// Creates an array.
    public init(_ name: String, dimensions: [String] = [], values: Values) {
      self.name = name
      self.dimensions = dimensions
      self.values = values
    }
  }

  /// A text or a list of texts with a name.
  public struct Attribute: Equatable, Sendable {
    /// Its name.
    public var name: String
    /// The texts.
    public var texts: [String]

    /// Creates an attribute.
    public init(_ name: String, _ texts: [String]) {
      self.name = name
      self.texts = texts
    }
  }

  /// A group within this one.
  public struct Member: Equatable, Sendable {
    /// Its name.
    public var name: String
    /// Its content.
    public var group: NetCDFGroup

    /// Creates a group within another.
    public init(_ name: String, _ group: NetCDFGroup) {
      self.name = name
      self.group = group
    }
  }

  /// Texts about the group.
  public var attributes: [Attribute] = []
  /// Its own axes.
  public var dimensions: [Dimension] = []
  /// Its arrays.
  public var variables: [Variable] = []
  /// The groups within.
  public var groups: [Member] = []

  /// Creates an empty group.
  public init() {}

  /// Writes a new file with this content; an older file of that name is replaced.
  ///
  /// The same content gives the same bytes with the same version of the library.
  /// - Throws: ``NetCDFFailure``; whatever is then left of the file is of no use.
  public func write(to path: String) throws(NetCDFFailure) {
    let place = URL(fileURLWithPath: path).path
    try NetCDFLibrary.exclusively { () throws(NetCDFFailure) in
      var file: Int32 = 0
      try NetCDFLibrary.check(unsafe nc_create(place, NC_NETCDF4 | NC_CLOBBER, &file))
      do throws(NetCDFFailure) {
        // Every entry is written, so nothing need be filled before.
        try NetCDFLibrary.check(nc_set_fill(file, NC_NOFILL, nil))
        try write(into: file, axes: [:])
      } catch {
        _ = nc_abort(file)
        throw error
      }
      try NetCDFLibrary.check(nc_close(file))
    }
  }

  private func write(
    into group: Int32, axes outer: [String: (id: Int32, length: Int)]
  ) throws(NetCDFFailure) {
    var axes = outer
    for attribute in attributes {
      try NetCDFGroup.put(attribute, into: group)
    }
    for dimension in dimensions {
      var id: Int32 = 0
      // The library takes length zero for an axis that may grow, which holds nothing as yet.
      try NetCDFLibrary.check(unsafe nc_def_dim(group, dimension.name, dimension.length, &id))
      axes[dimension.name] = (id, dimension.length)
    }
    for variable in variables {
      try NetCDFGroup.put(variable, into: group, axes: axes)
    }
    for member in groups {
      var id: Int32 = 0
      try NetCDFLibrary.check(unsafe nc_def_grp(group, member.name, &id))
      try member.group.write(into: id, axes: axes)
    }
  }

  private static func put(
    _ variable: Variable, into group: Int32, axes: [String: (id: Int32, length: Int)]
  ) throws(NetCDFFailure) {
    var identifiers: [Int32] = []
    var count = 1
    for name in variable.dimensions {
      guard let axis = axes[name] else {
        preconditionFailure("variable '\(variable.name)' has the undefined dimension '\(name)'")
      }
      identifiers.append(axis.id)
      count *= axis.length
    }
    precondition(
      count == variable.values.count,
      "variable '\(variable.name)' has \(variable.values.count) values for \(count) entries")
    var id: Int32 = 0
    try NetCDFLibrary.check(
      unsafe nc_def_var(
        group, variable.name, variable.values.type, Int32(identifiers.count), identifiers, &id))
    guard count > 0 else { return }
    switch variable.values {
    case .doubles(let values):
      try NetCDFLibrary.check(unsafe nc_put_var_double(group, id, values))
    case .integers(let values):
      try NetCDFLibrary.check(
        unsafe nc_put_var_longlong(group, id, values.map { Int64($0) }))
    case .bools(let values):
      try NetCDFLibrary.check(unsafe nc_put_var_uchar(group, id, values.map { $0 ? 1 : 0 }))
    }
  }

  /// Texts go in as strings: other readers garble letters outside ASCII in plain characters.
  private static func put(_ attribute: Attribute, into group: Int32) throws(NetCDFFailure) {
    var texts: [UnsafeMutablePointer<CChar>?] = unsafe attribute.texts.map { unsafe strdup($0) }
    defer { unsafe texts.forEach { unsafe free($0) } }
    var status: Int32 = NC_NOERR
    unsafe texts.withUnsafeMutableBufferPointer { buffer in
      let count = buffer.count
      unsafe buffer.withMemoryRebound(to: UnsafePointer<CChar>?.self) { pointers in
        status = unsafe nc_put_att_string(
          group, NC_GLOBAL, attribute.name, count, pointers.baseAddress)
      }
    }
    try NetCDFLibrary.check(status)
  }
}

extension NetCDFGroup.Values {
  /// The number of entries.
  public var count: Int {
    switch self {
    case .doubles(let values): values.count
    case .integers(let values): values.count
    case .bools(let values): values.count
    }
  }

  /// The library's number for the type of the entries.
  var type: Int32 {
    switch self {
    case .doubles: NC_DOUBLE
    case .integers: NC_INT64
    case .bools: NC_UBYTE
    }
  }
}
