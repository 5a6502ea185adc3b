/// A system of any type: a pointer to it and functions that know its type.
///
/// C callbacks cannot be generic. The functions capture nothing, so that calling one from memory
/// costs no reference counting once `init` is specialised for the type of the system. Call them
/// where they are stored: a method here would copy all of them first.
@usableFromInline
@safe
struct ErasedSystem {
  @usableFromInline typealias Evaluate = (
    UnsafeMutableRawPointer, Int, Double, UnsafePointer<Double>, UnsafeMutablePointer<Double>
  ) throws(ODEError) -> Void
  @usableFromInline typealias EvaluateMatrix = (
    UnsafeMutableRawPointer, Int, Double, UnsafePointer<Double>, UnsafeMutablePointer<Double>,
    UnsafeMutablePointer<Double>
  ) throws(ODEError) -> Void

  @usableFromInline let pointer: UnsafeMutableRawPointer
  @usableFromInline let dimension: Int
  @usableFromInline let providesJacobian: Bool
  @usableFromInline let explicitTimeOrder: Int
  @usableFromInline let isLinear: Bool
  @usableFromInline let evaluateDerivative: Evaluate
  @usableFromInline let evaluateJacobian: EvaluateMatrix
  @usableFromInline let evaluateTimeDerivatives: Evaluate
  @usableFromInline let name: (UnsafeMutableRawPointer, Int) -> String

  /// Wraps the system that `pointer` keeps alive and in place.
  @inlinable
  init<System: ODESystem>(_ pointer: UnsafeMutablePointer<System>) {
    unsafe self.pointer = UnsafeMutableRawPointer(pointer)
    unsafe dimension = pointer.pointee.dimension
    unsafe explicitTimeOrder = pointer.pointee.explicitTimeOrder
    unsafe providesJacobian = pointer.pointee.providesJacobian
    unsafe isLinear = pointer.pointee.isLinear
    unsafe evaluateDerivative = { (raw, count, time, state, result) throws(ODEError) in
      let system = unsafe raw.assumingMemoryBound(to: System.self)
      let q = unsafe UnsafeBufferPointer(start: state, count: count)
      let f = unsafe UnsafeMutableBufferPointer(start: result, count: count)
      var span = unsafe f.mutableSpan
      try unsafe system.pointee.derivative(time: time, state: q.span, into: &span)
    }
    unsafe evaluateJacobian = { (raw, count, time, state, matrix, partial) throws(ODEError) in
      let system = unsafe raw.assumingMemoryBound(to: System.self)
      let q = unsafe UnsafeBufferPointer(start: state, count: count)
      let j = unsafe UnsafeMutableBufferPointer(start: matrix, count: count * count)
      let t = unsafe UnsafeMutableBufferPointer(start: partial, count: count)
      var jSpan = unsafe j.mutableSpan
      var tSpan = unsafe t.mutableSpan
      try unsafe system.pointee.jacobian(
        time: time, state: q.span, into: &jSpan, timeDerivative: &tSpan)
    }
    unsafe evaluateTimeDerivatives = { (raw, count, time, state, result) throws(ODEError) in
      let system = unsafe raw.assumingMemoryBound(to: System.self)
      let q = unsafe UnsafeBufferPointer(start: state, count: count)
      let order = unsafe system.pointee.explicitTimeOrder
      let d = unsafe UnsafeMutableBufferPointer(start: result, count: order * count)
      var span = unsafe d.mutableSpan
      try unsafe system.pointee.timeDerivatives(time: time, state: q.span, into: &span)
    }
    unsafe name = { raw, index in
      unsafe raw.assumingMemoryBound(to: System.self).pointee.variableName(index)
    }
  }

  func variableName(_ index: Int) -> String { unsafe name(pointer, index) }
}
