/// The members of a system as functions of a raw pointer to it.
///
/// C callbacks cannot be generic, and a stored closure would be retained and released around every
/// call; a metatype is plain data.
protocol SystemTrampoline {
  static func derivative(
    _ system: ErasedSystem, _ time: Double, _ state: UnsafePointer<Double>,
    _ result: UnsafeMutablePointer<Double>
  ) throws(ODEError)
  static func jacobian(
    _ system: ErasedSystem, _ time: Double, _ state: UnsafePointer<Double>,
    _ matrix: UnsafeMutablePointer<Double>, _ partial: UnsafeMutablePointer<Double>
  ) throws(ODEError)
  static func timeDerivatives(
    _ system: ErasedSystem, _ time: Double, _ state: UnsafePointer<Double>,
    _ result: UnsafeMutablePointer<Double>
  ) throws(ODEError)
  static func variableName(_ system: ErasedSystem, _ index: Int) -> String
}

/// A system of any type: a pointer to it and the functions that know its type.
@safe
struct ErasedSystem {
  let pointer: UnsafeMutableRawPointer
  let trampoline: any SystemTrampoline.Type
  let dimension: Int
  let providesJacobian: Bool
  let explicitTimeOrder: Int
  let isLinear: Bool

  /// Wraps the system that `pointer` keeps alive and in place.
  init<System: ODESystem>(_ pointer: UnsafeMutablePointer<System>) {
    unsafe self.pointer = UnsafeMutableRawPointer(pointer)
    trampoline = Trampoline<System>.self
    unsafe dimension = pointer.pointee.dimension
    unsafe explicitTimeOrder = pointer.pointee.explicitTimeOrder
    unsafe providesJacobian = pointer.pointee.providesJacobian
    unsafe isLinear = pointer.pointee.isLinear
  }
}

private enum Trampoline<System: ODESystem>: SystemTrampoline {
  static func derivative(
    _ system: ErasedSystem, _ time: Double, _ state: UnsafePointer<Double>,
    _ result: UnsafeMutablePointer<Double>
  ) throws(ODEError) {
    let pointer = unsafe system.pointer.assumingMemoryBound(to: System.self)
    let q = unsafe UnsafeBufferPointer(start: state, count: system.dimension)
    let f = unsafe UnsafeMutableBufferPointer(start: result, count: system.dimension)
    var span = unsafe f.mutableSpan
    try unsafe pointer.pointee.derivative(time: time, state: q.span, into: &span)
  }

  static func jacobian(
    _ system: ErasedSystem, _ time: Double, _ state: UnsafePointer<Double>,
    _ matrix: UnsafeMutablePointer<Double>, _ partial: UnsafeMutablePointer<Double>
  ) throws(ODEError) {
    let n = system.dimension
    let pointer = unsafe system.pointer.assumingMemoryBound(to: System.self)
    let q = unsafe UnsafeBufferPointer(start: state, count: n)
    let j = unsafe UnsafeMutableBufferPointer(start: matrix, count: n * n)
    let t = unsafe UnsafeMutableBufferPointer(start: partial, count: n)
    var jSpan = unsafe j.mutableSpan
    var tSpan = unsafe t.mutableSpan
    try unsafe pointer.pointee.jacobian(
      time: time, state: q.span, into: &jSpan, timeDerivative: &tSpan)
  }

  static func timeDerivatives(
    _ system: ErasedSystem, _ time: Double, _ state: UnsafePointer<Double>,
    _ result: UnsafeMutablePointer<Double>
  ) throws(ODEError) {
    let pointer = unsafe system.pointer.assumingMemoryBound(to: System.self)
    let q = unsafe UnsafeBufferPointer(start: state, count: system.dimension)
    let d = unsafe UnsafeMutableBufferPointer(
      start: result, count: system.explicitTimeOrder * system.dimension)
    var span = unsafe d.mutableSpan
    try unsafe pointer.pointee.timeDerivatives(time: time, state: q.span, into: &span)
  }

  static func variableName(_ system: ErasedSystem, _ index: Int) -> String {
    unsafe system.pointer.assumingMemoryBound(to: System.self).pointee.variableName(index)
  }
}
