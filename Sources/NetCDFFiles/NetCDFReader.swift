internal import CNetCDF
internal import Foundation

/// A variable of a NetCDF file: what it is called and how it is arranged, not yet its numbers.
public struct NetCDFVariable: Hashable, Sendable {
  /// One axis.
  public struct Dimension: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// Its extent.
    public let length: Int
  }

  /// The name, after the group and a slash where it is not in the root.
  public let path: String
  /// The name alone.
  public let name: String
  /// The axes, outermost first.
  public let dimensions: [Dimension]
  /// Whether it holds numbers, and not text or compound values.
  public let isNumeric: Bool

  /// The number of entries, nil where it exceeds what can be counted.
  public var count: Int? {
    var count = 1
    for dimension in dimensions {
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension.length)
      if overflow { return nil }
      count = product
    }
    return count
  }

  /// Whether it gives the coordinates of the axis it is named after.
  public var isCoordinate: Bool { dimensions.count == 1 && dimensions[0].name == name }

  let group: Int32
  let variable: Int32
  let type: Int32
}

/// A NetCDF file open for reading, classic or NetCDF-4; it is closed with its last owner.
public final class NetCDFReader: Sendable {
  private let root: Int32

  /// Opens a file of this machine.
  ///
  /// - Throws: ``NetCDFFailure``, for instance where the file is no NetCDF or is cut short.
  public init(path: String) throws(NetCDFFailure) {
    // An absolute path cannot be mistaken for the address of a server.
    let place = URL(fileURLWithPath: path).path
    try NetCDFReader.checkLength(place)
    root = try NetCDFLibrary.exclusively { () throws(NetCDFFailure) in
      var file: Int32 = 0
      try NetCDFLibrary.check(unsafe nc_open(place, NC_NOWRITE, &file))
      return file
    }
  }

  private static func checkLength(_ path: String) throws(NetCDFFailure) {
    guard let handle = FileHandle(forReadingAtPath: path) else { return }
    defer { try? handle.close() }
    // A header longer than this is taken for damaged.
    guard let start = try? handle.read(upToCount: 1 << 24), let length = try? handle.seekToEnd(),
      let required = ClassicFile.requiredLength([UInt8](start))
    else { return }
    if required > Int(clamping: length) { throw NetCDFFailure(code: NC_ETRUNC) }
  }

  deinit {
    let root = root
    NetCDFLibrary.exclusively { _ = nc_close(root) }
  }

  /// The variables of the root or of a group, in the order of the file.
  ///
  /// - Parameter group: The group's name, those of the groups around it and slashes before it; nil for the
  ///   root.
  /// - Returns: The variables; none where there is no such group.
  /// - Throws: ``NetCDFFailure``.
  public func variables(inGroup group: String? = nil) throws(NetCDFFailure) -> [NetCDFVariable] {
    let root = root
    return try NetCDFLibrary.exclusively { () throws(NetCDFFailure) in
      var place = root
      if let group, unsafe nc_inq_grp_full_ncid(root, "/" + group, &place) != NC_NOERR { return [] }
      var count: Int32 = 0
      try NetCDFLibrary.check(unsafe nc_inq_varids(place, &count, nil))
      var numbers = [Int32](repeating: 0, count: Int(count))
      try NetCDFLibrary.check(unsafe nc_inq_varids(place, nil, &numbers))
      var result: [NetCDFVariable] = []
      for number in numbers {
        result.append(try NetCDFReader.variable(number, in: place, group: group))
      }
      return result
    }
  }

  /// The numbers of a variable in row-major order.
  ///
  /// Entries equal to `_FillValue`, `missing_value` or the type's own mark for what was never
  /// written become NaN; `scale_factor` and `add_offset` are applied to the others.
  ///
  /// - Parameter variable: A numeric variable of this file whose `count` is not nil.
  /// - Returns: `count` numbers.
  /// - Throws: ``NetCDFFailure``.
  public func values(of variable: NetCDFVariable) throws(NetCDFFailure) -> [Double] {
    guard let count = variable.count else {
      preconditionFailure("\(variable.path) has more entries than can be counted")
    }
    guard count > 0 else { return [] }
    return try NetCDFLibrary.exclusively { () throws(NetCDFFailure) in
      var values = [Double](repeating: 0, count: count)
      try NetCDFLibrary.check(
        unsafe nc_get_var_double(variable.group, variable.variable, &values))
      func attribute(_ name: String) -> [Double] {
        NetCDFReader.numbers(name, of: variable)
      }
      var marks = attribute("_FillValue")
      if marks.isEmpty, let mark = NetCDFReader.defaultFill(variable.type) { marks = [mark] }
      marks += attribute("missing_value")
      let scale = attribute("scale_factor").first ?? 1
      let offset = attribute("add_offset").first ?? 0
      for index in values.indices {
        let value = values[index]
        if marks.contains(value) {
          values[index] = .nan
        } else if scale != 1 || offset != 0 {
          values[index] = value * scale + offset
        }
      }
      return values
    }
  }

  private static func variable(
    _ number: Int32, in place: Int32, group: String?
  ) throws(NetCDFFailure) -> NetCDFVariable {
    var type: Int32 = 0
    var rank: Int32 = 0
    try NetCDFLibrary.check(unsafe nc_inq_vartype(place, number, &type))
    try NetCDFLibrary.check(unsafe nc_inq_varndims(place, number, &rank))
    var axes = [Int32](repeating: 0, count: Int(rank))
    if rank > 0 { try NetCDFLibrary.check(unsafe nc_inq_vardimid(place, number, &axes)) }
    var dimensions: [NetCDFVariable.Dimension] = []
    for axis in axes {
      var length = 0
      let name = try unsafe text { unsafe nc_inq_dim(place, axis, $0, &length) }
      dimensions.append(NetCDFVariable.Dimension(name: name, length: length))
    }
    let name = try unsafe text { unsafe nc_inq_varname(place, number, $0) }
    let numeric = [
      NC_BYTE, NC_UBYTE, NC_SHORT, NC_USHORT, NC_INT, NC_UINT, NC_INT64, NC_UINT64, NC_FLOAT,
      NC_DOUBLE,
    ]
    return NetCDFVariable(
      path: group.map { "\($0)/\(name)" } ?? name, name: name, dimensions: dimensions,
      isNumeric: numeric.contains(type), group: place, variable: number, type: type)
  }

  /// A name that the library writes into a buffer.
  private static func text(
    _ fill: (UnsafeMutablePointer<CChar>) -> Int32
  ) throws(NetCDFFailure) -> String {
    var status: Int32 = NC_NOERR
    let text = unsafe withUnsafeTemporaryAllocation(
      of: CChar.self, capacity: Int(NC_MAX_NAME) + 1
    ) { buffer -> String in
      guard let start = buffer.baseAddress else { return "" }
      unsafe buffer.initialize(repeating: 0)
      status = unsafe fill(start)
      return status == NC_NOERR ? unsafe String(cString: start) : ""
    }
    try NetCDFLibrary.check(status)
    return text
  }

  /// The numbers of an attribute; none where it is absent or a text.
  private static func numbers(_ name: String, of variable: NetCDFVariable) -> [Double] {
    var count = 0
    guard unsafe nc_inq_attlen(variable.group, variable.variable, name, &count) == NC_NOERR,
      count > 0, count <= 1000
    else { return [] }
    var values = [Double](repeating: 0, count: count)
    guard
      unsafe nc_get_att_double(variable.group, variable.variable, name, &values) == NC_NOERR
    else { return [] }
    return values
  }

  /// What the library fills unwritten entries with; bytes have no such mark, as every value counts.
  private static func defaultFill(_ type: Int32) -> Double? {
    switch type {
    case NC_SHORT: -32767
    case NC_USHORT: 65535
    case NC_INT: -2_147_483_647
    case NC_UINT: 4_294_967_295
    case NC_INT64: odoroki_netcdf_fill_int64()
    case NC_UINT64: odoroki_netcdf_fill_uint64()
    case NC_FLOAT: Double(NC_FILL_FLOAT)
    case NC_DOUBLE: NC_FILL_DOUBLE
    default: nil
    }
  }
}
