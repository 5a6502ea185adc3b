internal import DynamicModels
internal import ModelLanguage
internal import TensorCore

/// A level of the model together with what the process needs to know about it.
struct CompiledLevel {
  var level: Level
  var parameters: [ParameterValue]
  var outputPrecision: [PrecisionBlock]
  var statePrecision: [PrecisionBlock]
}

/// Compiles levels from the top down, because a level reads what the one above emits.
struct LevelCompiler {
  let model: ModelDeclaration
  let file: FileScope
  let values: ValueCompiler
  let nodes: NodeReader
  let matrices: MatrixReader

  private var problems: ProblemCollector { values.problems }
  private var parameterReader: ParameterReader {
    ParameterReader(values: values, nodes: nodes, matrices: matrices)
  }
  private var precisionReader: PrecisionReader {
    PrecisionReader(values: values, nodes: nodes, matrices: matrices)
  }

  /// All levels, level 1 first; entries are missing where something was wrong.
  func levels() -> [CompiledLevel] {
    var compiled: [CompiledLevel] = []
    var causes = VariableLayout.empty
    for declaration in model.levels.reversed() {
      let isPrior = declaration.number == model.levels.count
      if let level = level(declaration, isPrior: isPrior, causes: causes) {
        compiled.append(level)
        causes = level.level.outputs
      } else {
        for output in declaration.output { problems.poison(output.name) }
        causes = .empty
      }
    }
    return compiled.reversed()
  }

  /// What every expression of a level may read, before its own parameters, states and causes.
  private func scope(for declaration: LevelDeclaration) -> Scope {
    var scope = file.shared
    for (name, level) in file.levelOfName where level != declaration.number {
      scope.define(name, .unavailable(.level(level)))
    }
    scope.define("t", .unavailable(.time))
    for action in model.process.action { scope.define(action.name, .unavailable(.action)) }
    for binding in model.process.lets { scope.define(binding.name, .unavailable(.process)) }
    return scope
  }

  private func level(
    _ declaration: LevelDeclaration, isPrior: Bool, causes: VariableLayout
  ) -> CompiledLevel? {
    let known = problems.diagnostics.count
    var scope = scope(for: declaration)
    let parameters = isPrior ? [] : parameterReader.parameters(declaration.parameters, in: &scope)
    var stateValues: [Tensor<Double>] = []
    var statePriors: [Tensor<Double>?] = []
    var stateNames: [(name: String, shape: Shape)] = []
    for entry in isPrior ? [] : declaration.states {
      guard let (value, prior) = parameterReader.state(entry, in: scope) else {
        problems.poison(entry.name)
        continue
      }
      stateValues.append(value)
      statePriors.append(prior)
      stateNames.append((entry.name, value.shape))
    }
    let states = VariableLayout(stateNames)
    let unknown = parameters.filter { $0.covariance != nil }
    let theta = VariableLayout(unknown.map { (name: $0.name, shape: $0.value.shape) })

    var equations = EquationBuilder()
    let x = equations.builder.input(Level.Port.states, shape: .vector(states.count))
    let v = equations.builder.input(Level.Port.causes, shape: .vector(causes.count))
    let p = equations.builder.input(Level.Port.parameters, shape: .vector(theta.count))
    equations.unpack(x, as: states, into: &scope)
    equations.unpack(v, as: causes, into: &scope)
    equations.unpack(p, as: theta, into: &scope)
    FileScope.define(declaration.lets, in: &scope, problems)
    var outputScope = scope
    if isPrior {
      outputScope.define(
        "t", .value(equations.builder.input(Level.Port.time, shape: .scalar)))
    }
    check(declaration.lets, in: outputScope, &equations.builder)
    let motions = motions(declaration, states, in: scope, &equations.builder, causes)
    let outputs = outputs(declaration, in: outputScope, &equations.builder, causes)
    if outputs.count == declaration.output.count && states.count >= 0 {
      // Precisions are read even when the motion is wrong: their mistakes are separate ones.
      let outputLayout = VariableLayout(names: declaration.output, values: outputs)
      let outputBlocks = blocks(
        declaration, outputLayout, in: isPrior ? scope : outputScope, &equations.builder)
      let stateBlocks = blocks(declaration, states, in: scope, &equations.builder)
      guard problems.diagnostics.count == known, motions.count == states.blocks.count else {
        return nil
      }
      let outputStack = PrecisionStack.stack(outputBlocks, &equations.builder)
      let stateStack = PrecisionStack.stack(stateBlocks, &equations.builder)
      equations.builder.output(Level.Port.motion, equations.pack(motions))
      equations.builder.output(Level.Port.output, equations.pack(outputs))
      if let value = outputStack.value {
        equations.builder.output(Level.Port.outputPrecision, value)
      }
      if let value = stateStack.value {
        equations.builder.output(Level.Port.statePrecision, value)
      }
      let smoothness = values.nonnegative(declaration.smoothness, .smoothness, in: file.shared)
      let level = Level(
        name: declaration.name, states: states, initialStates: stateValues.flatMap(\.values),
        statePriorPrecision: priorPrecision(statePriors, stateValues), causes: causes,
        outputs: outputLayout, parameters: theta,
        parameterValues: unknown.flatMap(\.value.values),
        parameterPriorCovariance: MatrixReader.blockDiagonal(unknown.compactMap(\.covariance)),
        equations: equations.builder.build(), outputPrecision: outputStack.model,
        statePrecision: stateStack.model, smoothness: smoothness)
      return CompiledLevel(
        level: level, parameters: parameters, outputPrecision: outputBlocks,
        statePrecision: stateBlocks)
    }
    return nil
  }

  private func priorPrecision(
    _ priors: [Tensor<Double>?], _ states: [Tensor<Double>]
  ) -> Tensor<Double>? {
    guard priors.contains(where: { $0 != nil }) else { return nil }
    return MatrixReader.blockDiagonal(
      zip(priors, states).map { prior, state in
        prior ?? Tensor(repeating: 0, shape: .matrix(state.shape.count, state.shape.count))
      })
  }

  /// Compiles every binding, so that a mistake shows even in one that nothing reads.
  private func check(_ lets: [NamedNode], in scope: Scope, _ builder: inout ProgramBuilder) {
    for entry in lets where !problems.isPoisoned(entry.name) {
      _ = values.value(
        entry.value, in: scope, &builder, .binding(entry.name), key: entry.name)
    }
  }

  private func motions(
    _ declaration: LevelDeclaration, _ states: VariableLayout, in scope: Scope,
    _ builder: inout ProgramBuilder, _ causes: VariableLayout
  ) -> [Value] {
    var result: [Value] = []
    for block in states.blocks {
      guard let entry = declaration.motion.first(where: { $0.name == block.name }) else { continue }
      guard
        let value = values.explained(
          entry, in: scope, &builder, .motion(entry.name), causes, level: declaration.number)
      else { continue }
      guard value.shape == block.shape || value.shape.count * block.shape.count == 1 else {
        problems.add(
          .wrongShape(.motion(entry.name), expected: [block.shape], found: value.shape),
          at: entry.value)
        continue
      }
      result.append(value)
    }
    return result
  }

  private func outputs(
    _ declaration: LevelDeclaration, in scope: Scope, _ builder: inout ProgramBuilder,
    _ causes: VariableLayout
  ) -> [Value] {
    declaration.output.compactMap { entry in
      values.explained(
        entry, in: scope, &builder, .output(entry.name), causes, level: declaration.number)
    }
  }

  private func blocks(
    _ declaration: LevelDeclaration, _ layout: VariableLayout, in scope: Scope,
    _ builder: inout ProgramBuilder
  ) -> [PrecisionBlock] {
    layout.blocks.compactMap { block in
      precisionReader.block(
        declaration.precision.first { $0.name == block.name }, count: block.shape.count,
        in: scope, &builder)
    }
  }
}

extension ValueCompiler {
  /// Compiles an equation; where a shape does not fit, a note tells the shapes of its causes.
  func explained(
    _ entry: NamedNode, in scope: Scope, _ builder: inout ProgramBuilder,
    _ context: ExpressionContext, _ causes: VariableLayout, level: Int
  ) -> Value? {
    problems.annotate = { diagnostic in
      guard case .shapeMismatch = diagnostic.kind,
        let fragment = entry.value.expressionFragment,
        let expression = try? ExpressionParser.parse(fragment, context: context)
      else { return diagnostic }
      var result = diagnostic
      for cause in causes.blocks {
        guard let place = expression.spans(ofName: cause.name).first else { continue }
        result = result.adding(
          note: Diagnostic(
            .file(.causeEmitted(cause.name, level: level + 1, shape: cause.shape)), at: place))
      }
      return result
    }
    defer { problems.annotate = nil }
    return value(entry.value, in: scope, &builder, context, key: entry.name)
  }
}
