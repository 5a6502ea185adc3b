internal import DynamicModels
internal import Foundation
internal import ModelLanguage
internal import TensorCore

/// Compiles the world that makes the data; what the file leaves out it shares with the model.
///
/// In the process every parameter is a constant and time and action may be read everywhere.
struct ProcessCompiler {
  let model: ModelDeclaration
  let file: FileScope
  let values: ValueCompiler
  let matrices: MatrixReader
  let levels: [CompiledLevel]
  let smoothness: Double

  private var problems: ProblemCollector { values.problems }

  /// A variance so small that it stands for no noise beside noisy entries of the same vector.
  private static let silentPrecision = exp(32.0)

  /// One level's part of the process: names with their expressions.
  private struct Part {
    var states: [NamedNode]
    var initial: [Tensor<Double>]
    var motion: [NamedNode]
    var output: [NamedNode]
    var lets: [NamedNode]
  }

  func process(time: SampleTimes) -> ProcessDescription? {
    let declaration = model.process
    let reader = DeclarationReader(nodes: NodeReader(problems: problems), knownGlossary: nil)
    let prior = levels[levels.count - 1].level
    reader.check(
      declaration.causes, in: .names("causes", level: nil), among: prior.outputs.names)
    reader.check(
      declaration.parameters, in: .names("parameters", level: nil),
      among: levels.flatMap { $0.parameters.map(\.name) })
    reader.check(
      declaration.output, in: .names("output", level: nil),
      among: levels.dropLast().flatMap { $0.level.outputs.names })

    var scope = file.shared
    guard let action = action(declaration.action, &scope) else { return nil }
    let parameters = defineParameters(declaration, &scope)
    var parts = levels.indices.map(modelPart)
    replaceStates(&parts, declaration, scope)
    let stateNames = parts.flatMap { $0.states.map(\.name) }
    reader.check(
      declaration.precision, in: .names("precision", level: nil),
      among: levels.flatMap { $0.level.outputs.names } + stateNames)
    checkMotion(parts, declaration)
    for index in parts.indices.dropLast() {
      for entry in declaration.output {
        if let place = parts[index].output.firstIndex(where: { $0.name == entry.name }) {
          parts[index].output[place] = entry
        }
      }
    }
    for entry in declaration.causes {
      let last = parts.count - 1
      if let place = parts[last].output.firstIndex(where: { $0.name == entry.name }) {
        parts[last].output[place] = entry
      }
    }
    guard problems.isEmpty else { return nil }
    let compiled = compile(parts, scope, action.layout)
    guard problems.isEmpty, compiled.count == parts.count else { return nil }
    return ProcessDescription(
      levels: compiled, action: action.layout, initialAction: action.values, time: time,
      parameters: parameters)
  }

  private func action(
    _ entries: [NamedNode], _ scope: inout Scope
  ) -> (layout: VariableLayout, values: [Double])? {
    var variables: [(name: String, shape: Shape)] = []
    var initial: [Double] = []
    for entry in entries {
      guard
        let value = values.tensor(
          entry.value, in: scope, .process(.initialValue(entry.name)), key: entry.name)
      else { return nil }
      variables.append((entry.name, value.shape))
      initial += value.values
    }
    return (VariableLayout(variables), initial)
  }

  /// Makes every parameter a constant; returns their values by name.
  private func defineParameters(
    _ declaration: ProcessDeclaration, _ scope: inout Scope
  ) -> [String: Tensor<Double>] {
    var found: [String: Tensor<Double>] = [:]
    for level in levels {
      for parameter in level.parameters {
        var value = parameter.value
        if let entry = declaration.parameters.first(where: { $0.name == parameter.name }),
          let own = values.tensor(
            entry.value, in: scope, .process(.parameter(entry.name)), key: entry.name)
        {
          if own.shape == value.shape || own.shape.count * value.shape.count == 1 {
            value = own.reshaped(value.shape)
          } else {
            problems.add(
              .wrongShape(
                .processParameter(entry.name), expected: [value.shape], found: own.shape),
              at: entry.value)
          }
        }
        scope.define(parameter.name, .constant(value))
        found[parameter.name] = value
      }
    }
    return found
  }

  private func modelPart(_ index: Int) -> Part {
    let declaration = model.levels[index]
    let level = levels[index].level
    let initial = level.states.blocks.map { block in
      Tensor(shape: block.shape, values: Array(level.initialStates[block.range]))
    }
    return Part(
      states: declaration.states, initial: initial, motion: declaration.motion,
      output: declaration.output, lets: declaration.lets)
  }

  /// Puts the process's own states in place of the model's.
  ///
  /// States that the model knows start elsewhere or move differently. If the process names a state
  /// that no level has, its first level has exactly the states that the process lists.
  private func replaceStates(
    _ parts: inout [Part], _ declaration: ProcessDeclaration, _ scope: Scope
  ) {
    let known = Set(parts.flatMap { $0.states.map(\.name) })
    if declaration.states.contains(where: { !known.contains($0.name) }) {
      let own = declaration.states.filter { entry in
        !parts.dropFirst().contains { $0.states.contains { $0.name == entry.name } }
      }
      parts[0].motion = parts[0].motion.filter { motion in
        own.contains { $0.name == motion.name }
      }
      parts[0].states = []
      parts[0].initial = []
      for entry in own {
        guard
          let value = values.tensor(
            entry.value, in: scope, .process(.initialValue(entry.name)), key: entry.name)
        else { continue }
        parts[0].states.append(entry)
        parts[0].initial.append(value)
      }
    }
    for entry in declaration.states {
      for index in parts.indices {
        guard let place = parts[index].states.firstIndex(where: { $0.name == entry.name }),
          let value = values.tensor(
            entry.value, in: scope, .process(.initialValue(entry.name)), key: entry.name)
        else { continue }
        let shape = parts[index].initial[place].shape
        if value.shape == shape || value.shape.count * shape.count == 1 {
          parts[index].initial[place] = value.reshaped(shape)
        } else {
          problems.add(
            .wrongShape(.initialState(entry.name), expected: [shape], found: value.shape),
            at: entry.value)
        }
      }
    }
    for entry in declaration.motion {
      for index in parts.indices
      where parts[index].states.contains(where: { $0.name == entry.name }) {
        parts[index].motion.removeAll { $0.name == entry.name }
        parts[index].motion.append(entry)
      }
    }
  }

  private func checkMotion(_ parts: [Part], _ declaration: ProcessDeclaration) {
    let states = parts.flatMap { $0.states.map(\.name) }
    for entry in declaration.motion where !states.contains(entry.name) {
      problems.add(
        .motionWithoutState(
          entry.name, suggestion: NameSuggestion.nearest(to: entry.name, among: states)),
        at: entry.key)
    }
    for part in parts {
      for state in part.states where !part.motion.contains(where: { $0.name == state.name }) {
        problems.add(.stateWithoutMotion(state.name), at: state.key)
      }
    }
  }

  // MARK: Equations

  private func compile(
    _ parts: [Part], _ shared: Scope, _ action: VariableLayout
  ) -> [ProcessLevel] {
    var result: [ProcessLevel] = []
    var causes = VariableLayout.empty
    for index in parts.indices.reversed() {
      guard let level = level(index, parts[index], shared, causes, action) else { return [] }
      result.append(level)
      causes = level.outputs
    }
    return result.reversed()
  }

  private func level(
    _ index: Int, _ part: Part, _ shared: Scope, _ causes: VariableLayout,
    _ action: VariableLayout
  ) -> ProcessLevel? {
    var scope = shared
    let model = levels[index].level
    let states = VariableLayout(zip(part.states, part.initial).map { ($0.name, $1.shape) })
    var equations = EquationBuilder()
    let x = equations.builder.input(Level.Port.states, shape: .vector(states.count))
    let v = equations.builder.input(Level.Port.causes, shape: .vector(causes.count))
    let t = equations.builder.input(Level.Port.time, shape: .scalar)
    let a = equations.builder.input(Level.Port.action, shape: .vector(action.count))
    equations.unpack(x, as: states, into: &scope)
    equations.unpack(v, as: causes, into: &scope)
    equations.unpack(a, as: action, into: &scope)
    scope.define("t", .value(t))
    FileScope.define(part.lets + self.model.process.lets, in: &scope, problems)
    var motions: [Value] = []
    for block in states.blocks {
      guard let entry = part.motion.first(where: { $0.name == block.name }),
        let value = values.explained(
          entry, in: scope, &equations.builder, .process(.motion(entry.name)), causes,
          level: index + 1)
      else { return nil }
      guard value.shape == block.shape || value.shape.count * block.shape.count == 1 else {
        problems.add(
          .wrongShape(.motion(entry.name), expected: [block.shape], found: value.shape),
          at: entry.value)
        return nil
      }
      motions.append(value)
    }
    var outputs: [Value] = []
    let isPrior = index == levels.count - 1
    for (block, entry) in zip(model.outputs.blocks, part.output) {
      let context: ExpressionContext = isPrior ? .cause(entry.name) : .output(entry.name)
      guard
        let value = values.explained(
          entry, in: scope, &equations.builder, .process(context), causes, level: index + 1)
      else { return nil }
      guard value.shape == block.shape || value.shape.count * block.shape.count == 1 else {
        let role: FileTensor = isPrior ? .processCause(entry.name) : .processOutput(entry.name)
        problems.add(
          .wrongShape(role, expected: [block.shape], found: value.shape), at: entry.value)
        return nil
      }
      outputs.append(value)
    }
    equations.builder.output(Level.Port.motion, equations.pack(motions))
    equations.builder.output(Level.Port.output, equations.pack(outputs))
    let noise = noise(index, states, shared)
    return ProcessLevel(
      states: states, initialStates: part.initial.flatMap(\.values), causes: causes,
      outputs: model.outputs, equations: equations.builder.build(),
      outputPrecision: noise.outputs, statePrecision: noise.states,
      smoothness: values.nonnegative(
        self.model.process.smoothness, .smoothness, in: file.shared)
        ?? model.smoothness ?? smoothness)
  }

  // MARK: Fluctuations

  private func noise(
    _ index: Int, _ states: VariableLayout, _ scope: Scope
  ) -> (outputs: Tensor<Double>?, states: Tensor<Double>?) {
    let level = levels[index]
    let given = index == levels.count - 1 ? Set(model.process.causes.map(\.name)) : []
    let outputs = level.level.outputs.blocks.enumerated().map { position, block in
      precision(
        block, level.outputPrecision[position], isSilent: given.contains(block.name), scope,
        index)
    }
    let moving = states.blocks.map { block in
      let position = level.level.states.blocks.firstIndex { $0.name == block.name }
      return precision(
        block, position.map { level.statePrecision[$0] }, isSilent: false, scope, index)
    }
    return (stack(outputs, level.level.outputs), stack(moving, states))
  }

  /// Joins blocks; nil among noisy ones means silence, and all nil means no fluctuations at all.
  private func stack(_ blocks: [Tensor<Double>?], _ layout: VariableLayout) -> Tensor<Double>? {
    guard blocks.contains(where: { $0 != nil }) else { return nil }
    return MatrixReader.blockDiagonal(
      zip(blocks, layout.blocks).map { matrix, block in
        matrix
          ?? .diagonal(
            [Double](repeating: ProcessCompiler.silentPrecision, count: block.shape.count))
      })
  }

  private func precision(
    _ block: VariableBlock, _ shared: PrecisionBlock?, isSilent: Bool, _ scope: Scope,
    _ index: Int
  ) -> Tensor<Double>? {
    let name = block.name
    let count = block.shape.count
    if let entry = model.process.precision.first(where: { $0.name == name }) {
      guard
        let tensor = values.tensor(
          entry.value, in: scope, .process(.precision(name)), key: name),
        let matrix = matrices.square(tensor, count: count, .precision(name), at: entry.value),
        matrices.check(matrix, .positiveDefinite, .precision(name), at: entry.value)
      else { return nil }
      return matrix
    }
    if isSilent { return nil }
    switch shared {
    case .constant(let fixed, let components):
      var matrix = fixed
      for component in components {
        for entry in matrix.values.indices {
          matrix.values[entry] += exp(component.priorMean) * component.matrix.values[entry]
        }
      }
      return matrix
    case .value:
      if let entry = model.levels[index].precision.first(where: { $0.name == name }) {
        problems.add(.precisionNotConstantInProcess(name), at: entry.key)
      }
      return nil
    case nil: return nil
    }
  }
}

extension VariableLayout {
  /// The names of the blocks in order.
  var names: [String] { blocks.map(\.name) }
}
