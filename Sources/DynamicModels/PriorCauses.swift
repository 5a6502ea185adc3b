public import TensorCore

extension HierarchicalDynamicModel {
  /// η at every sample time, from the equations of the last level, `[N × causes]`.
  public func priorCauses() -> Tensor<Double> {
    let level = levels[levels.count - 1]
    let executable = Executable(level.equations)
    let workspace = Workspace(executable)
    var result = Tensor<Double>(
      repeating: 0, shape: .matrix(time.count, level.outputs.count))
    for sample in 0..<time.count {
      for region in executable.inputs {
        let isTime = region.name == Level.Port.time
        workspace.write(
          [Double](repeating: isTime ? time[sample + 1] : 0, count: region.shape.count),
          to: region)
      }
      workspace.run()
      for (channel, value) in workspace.read(executable.output(Level.Port.output)).enumerated() {
        result[sample, channel] = value
      }
    }
    return result
  }
}
