internal import NetCDFFiles
internal import TensorCore

extension ResultTree {
  /// The tree as the content of a NetCDF-4 file.
  ///
  /// Objects become groups, the entries of a list of objects groups named `1`, `2`, …; numbers and
  /// arrays become variables, texts attributes. What is absent is left out, and NaN inside arrays.
  /// The first axis of whatever has a row per sample is `time`, that of the members of `iterations`
  /// is `iteration`; the axis of a state vector is called like it, a second one of the kind `x_2`.
  func netCDF() -> NetCDFGroup {
    guard case .object(let members) = self else {
      return ResultTree.object([Member("value", self)]).netCDF()
    }
    var layout = NetCDFLayout()
    if case .tensor(let time) = self["time"], time.shape.rank == 1 {
      layout.define("time", length: time.shape[0])
    }
    if case .object(let iterations) = self["iterations"] {
      for case .tensor(let tensor) in iterations.map(\.value) where tensor.shape.rank > 0 {
        layout.define("iteration", length: tensor.shape[0])
        break
      }
    }
    return layout.group(members, name: nil, top: nil)
  }
}

/// Chooses the names of groups and dimensions.
private struct NetCDFLayout {
  /// The dimensions of the root that groups share, in order.
  private var shared: [NetCDFGroup.Dimension] = []

  /// What has no row per sample, however many entries it may have.
  private static let timeless: Set<String> = [
    "parameters", "logPrecisions", "posterior", "evidence", "iterations", "elapsed",
  ]

  mutating func define(_ name: String, length: Int) {
    shared.append(NetCDFGroup.Dimension(name, length: length))
  }

  /// Makes a group; `top` is the member of the root that it lies in.
  func group(_ members: [ResultTree.Member], name: String?, top: String?) -> NetCDFGroup {
    var group = NetCDFGroup()
    if name == nil { group.dimensions = shared }
    let taken = Set(members.map { legal($0.name) })
    for member in members {
      let key = legal(member.name)
      switch member.value {
      case .null: break
      case .object(let inner):
        append(self.group(inner, name: key, top: top ?? member.name), key, to: &group)
      case .string(let text): group.attributes.append(NetCDFGroup.Attribute(key, [text]))
      case .number(let value): append(key, .doubles([value]), [], to: &group)
      case .integer(let value): append(key, .integers([value]), [], to: &group)
      case .bool(let value): append(key, .bools([value]), [], to: &group)
      case .tensor(let tensor):
        let dimensions = dimensions(
          of: tensor.shape, variable: key, in: &group, name: name, top: top ?? member.name,
          taken: taken)
        append(key, .doubles(tensor.values), dimensions, to: &group)
      case .array(let items):
        if let texts = all(items, { if case .string(let text) = $0 { text } else { nil } }) {
          group.attributes.append(NetCDFGroup.Attribute(key, texts))
        } else if let values = NetCDFLayout.values(items) {
          // Time courses are tensors; a list has its own length.
          let dimensions = dimensions(
            of: .vector(values.count), variable: key, in: &group, name: name,
            top: top ?? member.name, taken: taken, isCourse: false)
          append(key, values, dimensions, to: &group)
        } else if !items.isEmpty {
          let numbered = items.enumerated().map {
            ResultTree.Member(String($0.offset + 1), $0.element)
          }
          append(self.group(numbered, name: key, top: top ?? member.name), key, to: &group)
        }
      }
    }
    return group
  }

  private func append(_ inner: NetCDFGroup, _ name: String, to group: inout NetCDFGroup) {
    group.groups.append(NetCDFGroup.Member(name, inner))
  }

  private func append(
    _ name: String, _ values: NetCDFGroup.Values, _ dimensions: [String],
    to group: inout NetCDFGroup
  ) {
    group.variables.append(NetCDFGroup.Variable(name, dimensions: dimensions, values: values))
  }

  /// The names of the axes of an array; those that are new are added to the group.
  private func dimensions(
    of shape: Shape, variable: String, in group: inout NetCDFGroup, name: String?, top: String,
    taken: Set<String>, isCourse: Bool = true
  ) -> [String] {
    var result: [String] = []
    for (axis, length) in shape.dimensions.enumerated() {
      if axis == 0, isCourse, let common = commonDimension(length, top: top) {
        result.append(common)
        continue
      }
      let isNumbered = name.map { Int($0) != nil } ?? false
      var base = top == "data" ? "channel" : isNumbered ? "entry" : name ?? "entry"
      // A vector of the root gives the coordinates of its own axis.
      if name == nil && shape.rank == 1 { base = variable }
      var number = 1
      while true {
        let candidate = number == 1 ? base : "\(base)_\(number)"
        number += 1
        // Inside one group the file format keeps variables, groups and dimensions in one table.
        let isOwn = name == nil && shape.rank == 1 && candidate == variable
        guard !result.contains(candidate), isOwn || !taken.contains(candidate) else { continue }
        if let known = group.dimensions.first(where: { $0.name == candidate }) {
          guard known.length == length else { continue }
        } else {
          group.dimensions.append(NetCDFGroup.Dimension(candidate, length: length))
        }
        result.append(candidate)
        break
      }
    }
    return result
  }

  /// `time` or `iteration`, where an array has an entry for each.
  private func commonDimension(_ length: Int, top: String) -> String? {
    let wanted = top == "iterations" ? "iteration" : "time"
    guard wanted == "iteration" || !NetCDFLayout.timeless.contains(top) else { return nil }
    return shared.first { $0.name == wanted && $0.length == length }?.name
  }

  /// A list of plain values as one array; absent ones become NaN.
  private static func values(_ items: [ResultTree]) -> NetCDFGroup.Values? {
    guard !items.isEmpty else { return nil }
    func all<Value>(_ pick: (ResultTree) -> Value?) -> [Value]? {
      let picked = items.compactMap(pick)
      return picked.count == items.count ? picked : nil
    }
    if let values = all({ if case .integer(let value) = $0 { value } else { nil } }) {
      return .integers(values)
    }
    if let values = all({ if case .bool(let value) = $0 { value } else { nil } }) {
      return .bools(values)
    }
    return all { item -> Double? in
      switch item {
      case .number(let value): value
      case .integer(let value): Double(value)
      case .null: .nan
      default: nil
      }
    }.map { .doubles($0) }
  }

  private func all<Value>(_ items: [ResultTree], _ pick: (ResultTree) -> Value?) -> [Value]? {
    let picked = items.compactMap(pick)
    return items.isEmpty || picked.count < items.count ? nil : picked
  }

  /// A name that the file format allows: no slash, no control character, a letter or digit first.
  private func legal(_ name: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in name.unicodeScalars {
      scalars.append(scalar == "/" || scalar.value < 0x20 || scalar.value == 0x7F ? "_" : scalar)
    }
    while scalars.last == " " { scalars.removeLast() }
    guard let first = scalars.first else { return "_" }
    let isPlain = first.properties.isAlphabetic || first.properties.numericType != nil
    let isFirst = isPlain || first == "_" || !first.isASCII
    return (isFirst ? "" : "_") + String(scalars)
  }
}
