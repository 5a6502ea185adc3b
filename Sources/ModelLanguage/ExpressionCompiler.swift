public import TensorCore

/// Turns expressions into values of a program.
///
/// Shapes are inferred and checked; every operation is one that the tensor core can differentiate.
public enum ExpressionCompiler {
  /// The number of entries that one value may have.
  public static let entryLimit = 1 << 23
  /// The number of entries that all values of one expression may have together.
  static let totalEntryLimit = 1 << 26
  /// The number of steps that inlined functions may take.
  static let stepLimit = 1_000_000
  /// The number of bindings and functions that may need one another in a row.
  static let inliningLimit = 100
  /// The depth of trees, functions and bindings included.
  static let depthLimit = 500

  /// Adds an expression to a program.
  ///
  /// - Parameters:
  ///   - expression: What to compile.
  ///   - scope: What its names mean; values belong to `builder`.
  ///   - builder: The program under construction.
  ///   - context: The part of the model it belongs to, for messages.
  ///   - shape: The shape it must have, if that is known; one entry fits one entry.
  /// - Returns: Its value, which belongs to `builder`.
  /// - Throws: What is wrong, with its place in the expression, binding or function.
  public static func compile(
    _ expression: Expression, in scope: Scope, builder: inout ProgramBuilder,
    context: ExpressionContext? = nil, shape: Shape? = nil
  ) throws(Diagnostic) -> Value {
    var compilation = Compilation(
      scope: scope, builder: builder, fragment: expression.fragment, context: context)
    // The builder has one owner at a time, so that its arrays are never copied.
    builder = ProgramBuilder()
    defer { builder = compilation.builder }
    let value = try compilation.value(expression.root)
    guard let shape, shape != value.shape else { return value }
    guard shape.count == 1, value.shape.count == 1 else {
      throw compilation.problem(
        .resultShape(expected: shape, found: value.shape), expression.root.range)
    }
    return compilation.builder.reshape(value, to: shape)
  }

  /// The numbers an expression stands for when it needs no input of a program.
  ///
  /// - Throws: What is wrong; a name whose value varies is an error.
  public static func constant(
    _ expression: Expression, in scope: Scope, context: ExpressionContext? = nil,
    shape: Shape? = nil
  ) throws(Diagnostic) -> Tensor<Double> {
    if let number = expression.literalNumber, shape?.isScalar ?? true { return Tensor(number) }
    var compilation = Compilation(
      scope: scope, builder: ProgramBuilder(), fragment: expression.fragment, context: context)
    compilation.allowsValues = false
    let value = try compilation.value(expression.root)
    guard let tensor = compilation.builder.constantValue(value) else {
      throw compilation.problem(.notConstant(.expression), expression.root.range)
    }
    guard let shape, shape != tensor.shape else { return tensor }
    guard shape.count == 1, tensor.shape.count == 1 else {
      throw compilation.problem(
        .resultShape(expected: shape, found: tensor.shape), expression.root.range)
    }
    return tensor.reshaped(shape)
  }
}

/// One expression on its way into a program, with the bindings and functions it unfolds.
struct Compilation {
  let scope: Scope
  var builder: ProgramBuilder
  var allowsValues = true
  private var fragment: SourceFragment
  private var context: ExpressionContext?
  /// The arguments of the function being inlined.
  private var arguments: [String: Value] = [:]
  private var compiledBindings: [String: Value] = [:]
  private var openBindings: [String] = []
  private var openFunctions: [String] = []
  private var steps = 0
  private var depth = 0
  private var entries = 0

  init(
    scope: Scope, builder: ProgramBuilder, fragment: SourceFragment, context: ExpressionContext?
  ) {
    self.scope = scope
    self.builder = builder
    self.fragment = fragment
    self.context = context
  }

  func problem(_ kind: DiagnosticKind, _ range: Range<Int>) -> Diagnostic {
    Diagnostic(kind, at: fragment.span(range), context: context)
  }

  /// The value of one node, with everything under it.
  mutating func value(_ node: ExpressionNode) throws(Diagnostic) -> Value {
    if case .number(let number) = node.kind { return builder.constant(number) }
    depth += 1
    defer { depth -= 1 }
    guard depth <= ExpressionCompiler.depthLimit else {
      throw problem(.nestingTooDeep(limit: ExpressionCompiler.depthLimit), node.range)
    }
    if !openFunctions.isEmpty {
      steps += 1
      guard steps <= ExpressionCompiler.stepLimit else {
        throw problem(.expressionTooLarge(limit: ExpressionCompiler.stepLimit), node.range)
      }
    }
    switch node.kind {
    case .number(let number): return builder.constant(number)
    case .name(let name): return try read(name, node.range)
    case .call(let call): return try checked(try self.call(call, node.range), node.range)
    case .literal(let entries): return try checked(try literal(entries), node.range)
    case .negate(let operand): return builder.unary(.negate, try value(operand))
    case .transpose(let operand): return try transpose(operand)
    case .index(let base, let indices): return try index(base, indices, node.range)
    case .chain(let first, let links): return try chain(first, links)
    case .binary(let operation, let operatorRange, let left, let right):
      return try checked(
        try binary(operation, operatorRange, left, right), node.range)
    }
  }

  /// Refuses infinite or undefined constants, and too many entries altogether.
  mutating func checked(_ value: Value, _ range: Range<Int>) throws(Diagnostic) -> Value {
    entries += value.shape.count
    guard entries <= ExpressionCompiler.totalEntryLimit else {
      throw problem(.tensorTooLarge(limit: ExpressionCompiler.totalEntryLimit), range)
    }
    if let tensor = builder.constantValue(value),
      let bad = tensor.values.first(where: { !$0.isFinite })
    {
      throw problem(.nonFinite(bad), range)
    }
    return value
  }

  /// Refuses a shape with too many entries before anything of that size is made.
  func admit(_ dimensions: [Int], _ range: Range<Int>) throws(Diagnostic) -> Shape {
    var count = 1
    for extent in dimensions {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= ExpressionCompiler.entryLimit else {
        throw problem(.tensorTooLarge(limit: ExpressionCompiler.entryLimit), range)
      }
      count = product
    }
    return Shape(dimensions)
  }

  // MARK: Names

  private mutating func read(_ name: String, _ range: Range<Int>) throws(Diagnostic) -> Value {
    if let argument = arguments[name] { return argument }
    switch scope.symbol(name) {
    case .value(let value):
      guard allowsValues else { throw problem(.unavailableName(name, .notConstant), range) }
      return value
    case .constant(let tensor): return try checked(builder.constant(tensor), range)
    case .binding(let expression): return try binding(name, expression, range)
    case .unavailable(let reason): throw problem(.unavailableName(name, reason), range)
    case nil: break
    }
    if let constant = ModelVocabulary.constants[name] { return builder.constant(constant) }
    if BuiltinFunction.table[name] != nil || scope.function(name) != nil {
      throw problem(.functionWithoutArguments(name), range)
    }
    let candidates =
      scope.readableNames + arguments.keys.sorted() + ModelVocabulary.constants.keys.sorted()
    throw problem(
      .unknownName(name, suggestion: NameSuggestion.nearest(to: name, among: candidates)), range)
  }

  private mutating func binding(
    _ name: String, _ expression: Expression, _ range: Range<Int>
  ) throws(Diagnostic) -> Value {
    if let value = compiledBindings[name] { return value }
    if let start = openBindings.firstIndex(of: name) {
      throw problem(.cyclicLet(openBindings[start...] + [name]), range)
    }
    openBindings.append(name)
    defer { openBindings.removeLast() }
    let value = try unfold(
      expression, context: .binding(name), arguments: [:], note: .usedHere(name), range)
    compiledBindings[name] = value
    return value
  }

  /// Inlines a call of a function of the file.
  mutating func inline(
    _ function: FunctionDefinition, _ call: CallNode
  ) throws(Diagnostic) -> Value {
    let count = function.parameters.count
    guard call.arguments.count == count else {
      throw problem(
        .wrongArgumentCount(
          function: call.name, expected: count...count, found: call.arguments.count),
        call.nameRange)
    }
    if let start = openFunctions.firstIndex(of: call.name) {
      throw problem(.recursiveFunction(openFunctions[start...] + [call.name]), call.nameRange)
    }
    var values: [String: Value] = [:]
    for (parameter, argument) in zip(function.parameters, call.arguments) {
      values[parameter] = try value(argument)
    }
    openFunctions.append(call.name)
    defer { openFunctions.removeLast() }
    return try unfold(
      function.body, context: .function(call.name), arguments: values,
      note: .calledHere(call.name), call.nameRange)
  }

  /// Compiles text from elsewhere in place of what stands at `range`.
  private mutating func unfold(
    _ expression: Expression, context inner: ExpressionContext, arguments values: [String: Value],
    note: DiagnosticKind, _ range: Range<Int>
  ) throws(Diagnostic) -> Value {
    guard openBindings.count + openFunctions.count <= ExpressionCompiler.inliningLimit else {
      throw problem(.nestingTooDeep(limit: ExpressionCompiler.inliningLimit), range)
    }
    let outer = (fragment, context, arguments)
    (fragment, context, arguments) = (expression.fragment, inner, values)
    defer { (fragment, context, arguments) = outer }
    do {
      return try value(expression.root)
    } catch {
      // A chain of uses explains itself by its innermost links.
      guard error.notes.count < 3 else { throw error }
      throw error.adding(
        note: Diagnostic(note, at: outer.0.span(range), context: outer.1))
    }
  }
}
