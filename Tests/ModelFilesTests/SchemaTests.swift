import Foundation
import ModelFiles
import ModelLanguage
import Testing

@Suite struct SchemaTests {
  /// The schema that ships.
  static func schema() throws -> JSONSchema {
    let project = modelsFolder.deletingLastPathComponent()
    return try JSONSchema(contentsOf: project.appending(path: "docs/model-file.schema.json"))
  }

  static func json(_ text: String) throws -> JSONValue {
    let outcome = YamlComposer.compose(SourceText(SourceFile(name: "model.yaml", text: text)))
    return JSONValue(try #require(outcome.root))
  }

  static func isLoaded(_ text: String) -> Bool {
    (try? ModelLoader.load(source: SourceFile(name: "model.yaml", text: text))) != nil
  }

  @Test(arguments: shippedModels)
  func acceptsShippedModels(_ name: String) throws {
    let text = try String(
      contentsOf: modelsFolder.appending(path: name + ".yaml"), encoding: .utf8)
    #expect(try Self.schema().violations(Self.json(text)) == [])
  }

  /// Files that both the loader and the schema accept.
  @Test(arguments: [
    minimalModel,
    minimalModel + "about: {en: A}\nsource: B\nglossary: [cause]\nsmoothness: 1/2\n",
    minimalModel + "embedding: {states: 4, causes: 2}\n",
    minimalModel + "embedding: {states: 2 + 2}\n",
    minimalModel + "let: {k: 3, m: [1, 2]}\nfunctions: {\"f(a)\": a^2}\n",
    minimalModel + "process: {causes: {v: sin(t)}, precision: {y: 9}, parameters: {C: [2, 0]}}\n",
    minimalModel + "process: {states: {x: [1, 1]}, motion: {x: -x + a}, action: {a: 0}}\n",
    minimalModel + "inversion: {scheme: dem, iterations: 4, gradientGain: 0.5, reference: spm}\n",
    minimalModel + "data: {delays: [0.5]}\n",
    minimalModel + "data: {delays: 0.5}\nprocess:\ninversion:\n",
    minimalModel.replacing("C: [1, 0]", with: "C: {value: [1, 0], priorVariance: 1}"),
    minimalModel.replacing(
      "C: [1, 0]", with: "C: {value: [1, 0], priorCovariance: [[1, 0.5], [0.5, 1]]}"),
    minimalModel.replacing(
      "{y: 4, x: 4}", with: "{y: {components: [identity], logPrior: {mean: 2, variance: 1/4}}}"),
    minimalModel.replacing(
      "{x: [0, 0]}", with: "{x: {value: [0, 0], priorPrecision: 2}}"),
    minimalModel.replacing(
      "- parameters", with: "- name: first\n    smoothness: 0\n    parameters"),
  ])
  func bothAccept(_ text: String) throws {
    #expect(try Self.schema().violations(Self.json(text)) == [])
    do {
      _ = try ModelLoader.load(source: SourceFile(name: "model.yaml", text: text))
    } catch {
      Issue.record("\(error.render(language: .english))")
    }
  }

  /// Sections that name data files, which the loader finds beside the fixtures.
  @Test(arguments: [
    "data: {file: f8.npy, columns: {y: 2}, causes: {v: 3}}\n",
    "data: {file: blocks.nc, columns: {y: a}, causes: {v: stim}, confounds: {file: f8.npy}}\n",
  ])
  func bothAcceptDataFiles(_ section: String) throws {
    #expect(try Self.schema().violations(Self.json(minimalModel + section)) == [])
    let source = SourceFile(
      name: arrayFixtures.path + "/model.yaml", text: minimalModel + section)
    #expect(throws: Never.self) { try ModelLoader.load(source: source) }
  }

  /// Files that both refuse: unknown keys, missing keys, wrong kinds, numbers out of range.
  @Test(arguments: [
    "[1, 2]\n",
    "title: T\n",
    minimalModel + "smothness: 1\n",
    minimalModel + "smoothness: -1\n",
    minimalModel + "smoothness: [1]\n",
    minimalModel + "embedding: {states: 0}\n",
    minimalModel + "embedding: {states: 17}\n",
    minimalModel + "embedding: {order: 3}\n",
    minimalModel + "embedding: 7\n",
    minimalModel + "glossary: cause\n",
    minimalModel + "source: [a]\n",
    minimalModel + "about: {fr: A}\n",
    minimalModel + "about: {}\n",
    minimalModel + "let: [1]\n",
    minimalModel + "let: {1a: 3}\n",
    minimalModel + "functions: {\"f(a)\": [1]}\n",
    minimalModel + "process: {cause: {v: 1}}\n",
    minimalModel + "process: {causes: {v: {a: 1}}}\n",
    minimalModel + "process: 3\n",
    minimalModel + "inversion: {scheme: dmd}\n",
    minimalModel + "inversion: {reference: matlab}\n",
    minimalModel + "inversion: {iterations: 0}\n",
    minimalModel + "inversion: {gradientGain: -1}\n",
    minimalModel + "data: {files: a.csv}\n",
    minimalModel + "data: {confounds: {}}\n",
    minimalModel + "data: {causes: [1]}\n",
    minimalModel + "data: {file: absent.csv, causes: {v: [1]}}\n",
    minimalModel + "data: {delays: {y: 1}}\n",
    minimalModel.replacing("samples: 4", with: "samples: 0"),
    minimalModel.replacing("step: 1", with: "step: 0"),
    minimalModel.replacing("step: 1", with: "dt: 1"),
    minimalModel.replacing("C: [1, 0]", with: "C: {priorVariance: 1}"),
    minimalModel.replacing("C: [1, 0]", with: "C: {value: [1, 0], variance: 1}"),
    minimalModel.replacing("{x: [0, 0]}", with: "{x: {priorPrecision: 2}}"),
    minimalModel.replacing("{y: 4, x: 4}", with: "{y: {component: [identity]}}"),
    minimalModel.replacing("{y: 4, x: 4}", with: "{y: {logPrior: {variance: -1}}}"),
    minimalModel.replacing("motion", with: "flow"),
    minimalModel.replacing("    output: {y: \"x[1]\"}\n", with: ""),
    minimalModel.replacing("  - output: {v: 0}\n    precision: {v: 1}\n", with: ""),
  ])
  func bothRefuse(_ text: String) throws {
    #expect(try Self.schema().violations(Self.json(text)) != [])
    #expect(!Self.isLoaded(text))
  }
}
