/// A program as kernel calls over buffers, and the place of every buffer in one arena.
///
/// Permutations, slices and repeats become windows; what a kernel cannot read through a window is
/// copied first. Buffers whose lifetimes do not meet share memory.
struct TensorPlan {
  struct Buffer {
    var count: Int
    /// Inputs, constants and outputs keep their place for as long as the workspace lives.
    var isPinned: Bool
    var firstStep = Int.max
    var lastStep = -1
    var offset = -1
  }

  private(set) var buffers: [Buffer] = []
  private(set) var steps: [TensorStep] = []
  /// The buffer of every input and output, in the program's order.
  private(set) var inputs: [Int] = []
  private(set) var outputs: [Int] = []
  /// Which constant stands in which buffer.
  private(set) var constants: [(buffer: Int, constant: Int)] = []
  private(set) var arenaCount = 0

  private var views: [StridedView] = []
  private let program: Program

  init(_ program: Program) {
    self.program = program
    // Inputs, then outputs, each in one piece: a step of an optimiser is one loop over all.
    for port in program.inputs { inputs.append(newBuffer(port.shape.count, isPinned: true)) }
    for port in program.outputs { outputs.append(newBuffer(port.shape.count, isPinned: true)) }
    var computes: [Int: Int] = [:]
    for (index, port) in program.outputs.enumerated() where computes[port.node] == nil {
      computes[port.node] = index
    }
    for (index, node) in program.nodes.enumerated() {
      let target = computes[index].map { outputs[$0] }
      views.append(view(of: node, into: target))
    }
    for (index, port) in program.outputs.enumerated() {
      let view = views[port.node]
      let whole = StridedView(buffer: outputs[index], shape: port.shape)
      if view != whole { emit(.copy, [view], whole) }
    }
    placeBuffers()
  }

  // MARK: Nodes

  private mutating func newBuffer(_ count: Int, isPinned: Bool = false) -> Int {
    buffers.append(Buffer(count: count, isPinned: isPinned))
    return buffers.count - 1
  }

  private mutating func emit(
    _ kind: TensorStep.Kind, _ operands: [StridedView], _ result: StridedView
  ) {
    for view in operands + [result] {
      buffers[view.buffer].firstStep = min(buffers[view.buffer].firstStep, steps.count)
      buffers[view.buffer].lastStep = max(buffers[view.buffer].lastStep, steps.count)
    }
    steps.append(TensorStep(kind: kind, operands: operands, result: result))
  }

  /// The view itself where it is dense, else a dense copy.
  private mutating func contiguous(_ view: StridedView) -> StridedView {
    if view.isContiguous { return view }
    let copy = StridedView(buffer: newBuffer(view.count), shape: Shape(view.dimensions))
    emit(.copy, [view], copy)
    return copy
  }

  private mutating func view(of node: ProgramNode, into target: Int?) -> StridedView {
    let operands = node.operands.map { views[$0] }
    switch node.operation {
    case .input(let index): return StridedView(buffer: inputs[index], shape: node.shape)
    case .constant(let index):
      let buffer = newBuffer(node.shape.count, isPinned: true)
      constants.append((buffer, index))
      return StridedView(buffer: buffer, shape: node.shape)
    case .permute(let order): return operands[0].permuted(order)
    case .slice(let axis, let start, let count):
      return operands[0].sliced(axis: axis, start: start, count: count)
    case .broadcast: return operands[0].broadcast(to: node.shape)
    case .reshape:
      if let view = operands[0].reshaped(node.shape) { return view }
      let copy = contiguous(operands[0])
      guard let view = copy.reshaped(node.shape) else {
        preconditionFailure("a dense tensor has every shape of its count")
      }
      return view
    default:
      let buffer = target ?? newBuffer(node.shape.count)
      let result = StridedView(buffer: buffer, shape: node.shape)
      if node.shape.count > 0 { compute(node, operands, result) }
      return result
    }
  }

  private mutating func compute(
    _ node: ProgramNode, _ operands: [StridedView], _ result: StridedView
  ) {
    switch node.operation {
    case .unary(let function): emit(.unary(function), [contiguous(operands[0])], result)
    case .binary(let function):
      emit(.binary(function), elementwise(operands, result), result)
    case .select: emit(.select, elementwise(operands, result), result)
    case .matrixProduct: product(operands[0], operands[1], result)
    case .concatenate(let axis):
      var start = 0
      for operand in operands {
        let count = operand.dimensions[axis]
        if operand.count > 0 {
          emit(.copy, [operand], result.sliced(axis: axis, start: start, count: count))
        }
        start += count
      }
    case .reduce(let reduction, let axis):
      let x = operands[0]
      emit(
        .reduce(
          reduction, outer: x.dimensions.prefix(axis).reduce(1, *), extent: x.dimensions[axis],
          inner: x.dimensions.dropFirst(axis + 1).reduce(1, *)), [contiguous(x)], result)
    case .composite(let operation): composite(operation, operands, result)
    case .input, .constant, .permute, .slice, .broadcast, .reshape:
      preconditionFailure("\(node.operation) computes nothing")
    }
  }

  /// Operands whose kernel loop has steps of zero or one.
  private mutating func elementwise(
    _ operands: [StridedView], _ result: StridedView
  ) -> [StridedView] {
    let nests = LoopNest.nests(over: [result] + operands)
    guard let strides = nests.first?.innerStrides.dropFirst() else { return operands }
    return zip(operands, strides).map { $1 == 0 || $1 == 1 ? $0 : contiguous($0) }
  }

  private mutating func product(_ a: StridedView, _ b: StridedView, _ result: StridedView) {
    let rank = result.dimensions.count
    var (a, b) = (productOperand(a), productOperand(b))
    var result = result
    let leading = 0..<(rank - 2)
    // A matrix shared by the whole batch is one product with all rows of A together.
    let sharesB = leading.allSatisfy { b.strides[$0] == 0 || b.dimensions[$0] == 1 }
    if sharesB, rank > 2, let stacked = Self.stacked(a) {
      let rows = stacked.dimensions[0]
      b = b.matrix
      a = stacked
      result = StridedView(
        buffer: result.buffer, shape: .matrix(rows, result.dimensions[rank - 1]))
    }
    let last = a.dimensions.count - 1
    let layout = ProductLayout(
      rows: a.dimensions[last - 1], columns: b.dimensions[last], inner: a.dimensions[last],
      aRow: a.strides[last - 1], aColumn: a.strides[last], bRow: b.strides[last - 1],
      bColumn: b.strides[last], cRow: result.dimensions[last])
    emit(.product(layout), [a, b], result)
  }

  /// An operand in which one of the two axes of the matrix is dense.
  private mutating func productOperand(_ view: StridedView) -> StridedView {
    let last = view.dimensions.count - 1
    let isDense = [last - 1, last].contains { view.strides[$0] == 1 || view.dimensions[$0] <= 1 }
    return isDense ? view : contiguous(view)
  }

  /// All matrices of a batch below each other, where their rows are evenly spaced.
  private static func stacked(_ view: StridedView) -> StridedView? {
    let last = view.dimensions.count - 1
    let rows = StridedView.evenlySpaced(view.dimensions.dropLast(), view.strides.dropLast())
    guard let (count, stride) = rows else { return nil }
    var stacked = view
    stacked.dimensions = [count, view.dimensions[last]]
    stacked.strides = [stride, view.strides[last]]
    return stacked
  }

  private mutating func composite(
    _ operation: CompositeOperation, _ operands: [StridedView], _ result: StridedView
  ) {
    let last = operands[0].dimensions.last ?? 1
    let rows = operands[0].count / max(1, last)
    switch operation {
    case .gather:
      let count = operands[0].dimensions[0]
      emit(
        .gather(width: operands[0].count / max(1, count), rows: count),
        operands.map { contiguous($0) }, result)
    case .scatterAdd:
      let count = result.dimensions[0]
      emit(
        .scatterAdd(width: result.count / max(1, count), rows: count),
        operands.map { contiguous($0) }, result)
    case .softmax: emit(.softmax(rows: rows, columns: last), [contiguous(operands[0])], result)
    case .softmaxGradient:
      emit(
        .softmaxGradient(rows: rows, columns: last), operands.map { contiguous($0) }, result)
    case .logSumExp:
      emit(
        .logSumExp(rows: result.count, columns: last), [contiguous(operands[0])], result)
    case .standardize(let epsilon):
      emit(
        .standardize(rows: rows, columns: last, epsilon: epsilon), [contiguous(operands[0])],
        result)
    case .standardizeGradient(let epsilon):
      emit(
        .standardizeGradient(rows: rows, columns: last, epsilon: epsilon),
        operands.map { contiguous($0) }, result)
    case .attention(let scale, let isCausal):
      attention(operands, result, scale: scale, isCausal: isCausal)
    }
  }

  private mutating func attention(
    _ operands: [StridedView], _ result: StridedView, scale: Double, isCausal: Bool
  ) {
    let axis = result.dimensions.count - 1
    // Rows must be dense; a bias may repeat one row for every query.
    let rows = operands.map { view in
      view.strides[axis] == 1 || view.dimensions[axis] <= 1 ? view : contiguous(view)
    }
    let layout = AttentionLayout(
      queries: result.dimensions[axis - 1], keys: rows[1].dimensions[axis - 1],
      width: rows[0].dimensions[axis], valueWidth: result.dimensions[axis],
      qRow: rows[0].strides[axis - 1], kRow: rows[1].strides[axis - 1],
      vRow: rows[2].strides[axis - 1], oRow: result.strides[axis - 1],
      biasRow: rows.count > 3 ? rows[3].strides[axis - 1] : 0, scale: scale, isCausal: isCausal)
    emit(.attention(layout), rows, result)
  }

  // MARK: Memory

  /// Places are multiples of this many entries: a cache line of either number type.
  private static let alignment = 16

  private mutating func placeBuffers() {
    func rounded(_ count: Int) -> Int {
      (count + Self.alignment - 1) / Self.alignment * Self.alignment
    }
    // Ports stand entry after entry, so that all parameters are one array.
    var end = 0
    for index in inputs {
      buffers[index].offset = end
      end += buffers[index].count
    }
    end = rounded(end)
    for index in outputs {
      buffers[index].offset = end
      end += buffers[index].count
    }
    end = rounded(end)
    for (index, _) in constants {
      buffers[index].offset = end
      end += rounded(buffers[index].count)
    }
    var free = FreeList(end: end)
    var ends: [Int: [Int]] = [:]
    for index in buffers.indices where !buffers[index].isPinned && buffers[index].lastStep >= 0 {
      ends[buffers[index].lastStep, default: []].append(index)
    }
    for (number, step) in steps.enumerated() {
      let target = step.result.buffer
      var inherited: Int?
      if buffers[target].offset < 0 {
        inherited = heir(step, at: number)
        if let operand = inherited {
          buffers[target].offset = buffers[operand].offset
        } else {
          buffers[target].offset = free.take(rounded(buffers[target].count))
        }
      }
      for index in ends[number] ?? [] where index != inherited {
        free.giveBack(buffers[index].offset, rounded(buffers[index].count))
      }
    }
    arenaCount = free.end
  }

  /// The operand whose place an elementwise result may take: one that nothing reads afterwards.
  private func heir(_ step: TensorStep, at number: Int) -> Int? {
    guard step.isElementwise else { return nil }
    let count = buffers[step.result.buffer].count
    return step.operands.first { view in
      let buffer = buffers[view.buffer]
      guard !buffer.isPinned, buffer.lastStep == number, buffer.count == count,
        view.isContiguous, view.offset == 0, view.count == count
      else { return false }
      // Another window on the same buffer would read entries already replaced.
      return step.operands.allSatisfy { $0.buffer != view.buffer || $0 == view }
    }?.buffer
  }
}

extension StridedView {
  /// The last two axes alone.
  fileprivate var matrix: StridedView {
    var view = self
    view.dimensions = Array(dimensions.suffix(2))
    view.strides = Array(strides.suffix(2))
    return view
  }

  /// Several axes as one, where that crosses storage in even steps.
  fileprivate static func evenlySpaced(
    _ dimensions: ArraySlice<Int>, _ strides: ArraySlice<Int>
  ) -> (count: Int, stride: Int)? {
    var count = 1
    var stride = 0
    for (extent, step) in zip(dimensions, strides).reversed() where extent != 1 {
      if count == 1 {
        stride = step
      } else if step != stride * count {
        return nil
      }
      count *= extent
    }
    return (count, stride)
  }
}

/// The unused pieces of an arena that grows as needed.
private struct FreeList {
  /// The end of what was ever used.
  private(set) var end: Int
  /// Pieces in order of place; neighbours are joined.
  private var pieces: [(offset: Int, count: Int)] = []

  init(end: Int) { self.end = end }

  /// The smallest piece that fits, or new room at the end.
  mutating func take(_ count: Int) -> Int {
    guard count > 0 else { return 0 }
    let fitting = pieces.indices.filter { pieces[$0].count >= count }
      .min { pieces[$0].count < pieces[$1].count }
    if let index = fitting {
      let offset = pieces[index].offset
      pieces[index].offset += count
      pieces[index].count -= count
      if pieces[index].count == 0 { pieces.remove(at: index) }
      return offset
    }
    let offset = end
    end += count
    return offset
  }

  mutating func giveBack(_ offset: Int, _ count: Int) {
    guard count > 0 else { return }
    let index = pieces.firstIndex { $0.offset > offset } ?? pieces.count
    pieces.insert((offset, count), at: index)
    if index + 1 < pieces.count, offset + count == pieces[index + 1].offset {
      pieces[index].count += pieces.remove(at: index + 1).count
    }
    if index > 0, pieces[index - 1].offset + pieces[index - 1].count == pieces[index].offset {
      pieces[index - 1].count += pieces.remove(at: index).count
    }
  }
}
