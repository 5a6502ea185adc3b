import Foundation
import ModelFiles
import ModelLanguage

/// A JSON value, from JSON text or from a model file's node tree.
indirect enum JSONValue: Equatable {
  case null, boolean(Bool), number(Double), string(String)
  case array([JSONValue]), object([String: JSONValue])

  /// A node as YAML's core schema reads it.
  init(_ node: YamlNode) {
    switch node.content {
    case .scalar(let text, let style):
      if node.isNull {
        self = .null
      } else if style == .plain, text == "true" || text == "false" {
        self = .boolean(text == "true")
      } else if style == .plain, let number = Double(text) {
        self = .number(number)
      } else {
        self = .string(text)
      }
    case .sequence(let items): self = .array(items.map(JSONValue.init))
    case .mapping(let entries):
      self = .object(
        Dictionary(
          entries.map { ($0.key.scalar ?? "", JSONValue($0.value)) }, uniquingKeysWith: { $1 }))
    }
  }

  subscript(key: String) -> JSONValue? {
    if case .object(let members) = self { return members[key] }
    return nil
  }

  var typeName: String {
    switch self {
    case .null: "null"
    case .boolean: "boolean"
    case .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}

extension JSONValue: Decodable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }
}

/// The keywords of JSON Schema 2020-12 that the schema of model files uses; others are refused.
struct JSONSchema {
  enum Failure: Error { case unknownKeyword(String), unresolved(String) }

  let root: JSONValue

  init(contentsOf url: URL) throws {
    root = try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: url))
  }

  /// Where a value breaks the schema, as paths; empty for a valid value.
  func violations(_ value: JSONValue) throws -> [String] { try check(value, root, "") }

  private func check(_ value: JSONValue, _ schema: JSONValue, _ path: String) throws -> [String] {
    guard case .object(let keywords) = schema else { return [] }
    var found: [String] = []
    func require(_ condition: Bool, _ what: String) {
      if !condition { found.append("\(path): \(what)") }
    }
    for (keyword, argument) in keywords {
      switch (keyword, argument) {
      case ("$schema", _), ("$defs", _), ("title", _), ("description", _): continue
      case ("$ref", .string(let name)):
        guard name.hasPrefix("#/$defs/"), let target = root["$defs"]?[String(name.dropFirst(8))]
        else { throw Failure.unresolved(name) }
        found += try check(value, target, path)
      case ("type", .string(let type)): require(value.typeName == type, "is no \(type)")
      case ("type", .array(let types)):
        require(types.contains(.string(value.typeName)), "is none of \(types)")
      case ("enum", .array(let choices)): require(choices.contains(value), "is no choice")
      case ("const", let constant): require(value == constant, "is not \(constant)")
      case ("anyOf", .array(let schemas)):
        let results = try schemas.map { try check(value, $0, path) }
        require(results.contains { $0.isEmpty }, "fits no alternative")
      case ("minimum", .number(let limit)):
        if case .number(let number) = value { require(number >= limit, "is too small") }
      case ("exclusiveMinimum", .number(let limit)):
        if case .number(let number) = value { require(number > limit, "is too small") }
      case ("maximum", .number(let limit)):
        if case .number(let number) = value { require(number <= limit, "is too large") }
      case ("minLength", .number(let limit)):
        if case .string(let text) = value { require(text.count >= Int(limit), "is too short") }
      case ("minItems", .number(let limit)):
        if case .array(let items) = value { require(items.count >= Int(limit), "is too short") }
      case ("minProperties", .number(let limit)):
        if case .object(let items) = value { require(items.count >= Int(limit), "is too short") }
      case ("items", _):
        guard case .array(let items) = value else { continue }
        for (index, item) in items.enumerated() {
          found += try check(item, argument, "\(path)/\(index)")
        }
      case ("required", .array(let names)):
        guard case .object(let members) = value else { continue }
        for case .string(let name) in names { require(members[name] != nil, "lacks \(name)") }
      case ("properties", .object(let properties)):
        guard case .object(let members) = value else { continue }
        for (name, schema) in properties {
          if let member = members[name] { found += try check(member, schema, "\(path)/\(name)") }
        }
      case ("additionalProperties", _):
        guard case .object(let members) = value else { continue }
        for (name, member) in members where keywords["properties"]?[name] == nil {
          if argument == .boolean(false) {
            require(false, "has the unknown key \(name)")
          } else {
            found += try check(member, argument, "\(path)/\(name)")
          }
        }
      case ("propertyNames", _):
        guard case .object(let members) = value, case .string(let pattern) = argument["pattern"]
        else { continue }
        let expression = try Regex(pattern)
        for name in members.keys {
          require(name.firstMatch(of: expression) != nil, "has the name \(name)")
        }
      default: throw Failure.unknownKeyword(keyword)
      }
    }
    return found
  }
}
