import Foundation
import ModelLanguage
import Testing
@Test func dump() throws {
  var all: [String: [String: String]] = [:]
  for input in badYamlInputs + badKeyInputs + badModelInputs + badDataInputs + badOverrideInputs {
    all[input.name] = ["en": try input.answer(.english) ?? "ACCEPTED", "ja": try input.answer(.japanese) ?? "ACCEPTED"]
  }
  try JSONEncoder().encode(all).write(to: URL(fileURLWithPath: "/tmp/gen/actual.json"))
}
