internal import DynamicModels
internal import ModelLanguage
internal import TensorCore

/// Evaluates the equations once at the initial state, so that an overflow is found before a run.
struct StartCheck {
  let model: ModelDeclaration
  let problems: ProblemCollector

  /// Checks the model's levels from the top down and returns them with state-dependent precisions
  /// evaluated at the start.
  func levels(_ levels: [CompiledLevel], time: Double) -> [Level] {
    var result: [Level] = []
    var causes = Tensor<Double>(vector: [])
    for (index, compiled) in levels.enumerated().reversed() {
      var level = compiled.level
      var arguments = [
        Level.Port.states: Tensor(vector: level.initialStates), Level.Port.causes: causes,
        Level.Port.parameters: Tensor(vector: level.parameterValues),
      ]
      if level.equations.input(Level.Port.time) != nil {
        arguments[Level.Port.time] = Tensor(time)
      }
      let values = level.equations.evaluate(arguments)
      let declaration = model.levels[index]
      check(
        values[Level.Port.motion], level.states, declaration.motion, what: "motion",
        level: index + 1)
      check(
        values[Level.Port.output], level.outputs, declaration.output, what: "output",
        level: index + 1)
      if let precision = values[Level.Port.outputPrecision] {
        level.outputPrecision.fixed = precision
        check(precision, level.outputs, declaration.precision)
      }
      if let precision = values[Level.Port.statePrecision] {
        level.statePrecision.fixed = precision
        check(precision, level.states, declaration.precision)
      }
      causes = values[Level.Port.output] ?? causes
      result.append(level)
    }
    return result.reversed()
  }

  /// Checks the process from the top down.
  func process(_ process: ProcessDescription) {
    var causes = Tensor<Double>(vector: [])
    for (index, level) in process.levels.enumerated().reversed() {
      let values = level.equations.evaluate([
        Level.Port.states: Tensor(vector: level.initialStates), Level.Port.causes: causes,
        Level.Port.time: Tensor(process.time[1]),
        Level.Port.action: Tensor(vector: process.initialAction),
      ])
      let own = model.process
      let shared = model.levels[index]
      check(
        values[Level.Port.motion], level.states, own.motion + shared.motion, what: "motion",
        level: nil)
      check(
        values[Level.Port.output], level.outputs, own.causes + own.output + shared.output,
        what: "output", level: nil)
      causes = values[Level.Port.output] ?? causes
    }
  }

  private func check(
    _ values: Tensor<Double>?, _ layout: VariableLayout, _ entries: [NamedNode], what: String,
    level: Int?
  ) {
    guard let values else { return }
    let names = layout.elementNames
    for block in layout.blocks {
      guard let index = block.range.first(where: { !values.values[$0].isFinite }),
        let entry = entries.first(where: { $0.name == block.name })
      else { continue }
      problems.add(
        .notFiniteAtStart(
          of: what, level: level, element: names[index], value: "\(values.values[index])"),
        at: entry.value)
    }
  }

  private func check(
    _ precision: Tensor<Double>, _ layout: VariableLayout, _ entries: [NamedNode]
  ) {
    for block in layout.blocks {
      guard let entry = entries.first(where: { $0.name == block.name }) else { continue }
      var part = Tensor<Double>(
        repeating: 0, shape: .matrix(block.shape.count, block.shape.count))
      for row in 0..<part.rows {
        for column in 0..<part.columns {
          part[row, column] = precision[block.offset + row, block.offset + column]
        }
      }
      let finite = part.values.allSatisfy(\.isFinite)
      if !finite || !MatrixReader.isPositiveDefinite(part) {
        problems.add(.notPositiveDefinite(.precision(block.name)), at: entry.value)
      }
    }
  }
}
