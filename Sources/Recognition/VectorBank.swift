internal import DynamicModels
internal import TensorCore

/// Vectors of n orders in whole registers, with zeros before and behind each.
///
/// The zeros make the shift operators free: `D` and `Dᵀ` are loads one place to the right or left.
@safe
final class VectorBank {
  /// The number of registers that hold n orders.
  let width: Int
  /// The distance between neighbouring vectors, in numbers.
  let stride: Int
  let memory: UnsafeMutablePointer<Double>
  private let orders: Int

  // Where the populations' vectors start; every level uses the same places.
  let states: Int
  let causes: Int
  let targets: Int
  let outputErrors: Int
  let stateErrors: Int
  let weightedOutputs: Int
  let weightedStates: Int
  let scratch: Int
  private var columns: [Double: TemporalColumns] = [:]

  /// Room for the largest numbers of states, causes and outputs that a level has.
  init(orders: Int, states stateCount: Int, causes causeCount: Int, outputs outputCount: Int) {
    self.orders = orders
    let width = (orders + 7) / 8
    let stride = 8 * (width + 1)
    self.width = width
    self.stride = stride
    var next = 8
    func claim(_ count: Int) -> Int {
      defer { next += count * stride }
      return next
    }
    states = claim(stateCount)
    causes = claim(causeCount)
    targets = claim(outputCount)
    outputErrors = claim(outputCount)
    stateErrors = claim(stateCount)
    weightedOutputs = claim(outputCount)
    weightedStates = claim(stateCount)
    scratch = claim(max(stateCount, outputCount))
    unsafe memory = UnsafeMutablePointer<Double>.allocate(capacity: next + 8)
    unsafe memory.initialize(repeating: 0, count: next + 8)
  }

  deinit { unsafe memory.deallocate() }

  /// The columns of S⁻¹ for a smoothness, shared by all levels that have it.
  func temporalColumns(smoothness: Double) -> TemporalColumns {
    if let known = columns[smoothness] { return known }
    let made = TemporalColumns(orders: orders, smoothness: smoothness)
    columns[smoothness] = made
    return made
  }

  /// Eight orders of the vector at `place`, which may be one off for a shift.
  @inline(__always)
  func register(_ place: Int, _ lane: Int) -> SIMD8<Double> {
    unsafe UnsafeRawPointer(memory + (place &+ 8 &* lane)).loadUnaligned(as: SIMD8<Double>.self)
  }

  /// Stores eight orders.
  @inline(__always)
  func store(_ value: SIMD8<Double>, _ place: Int, _ lane: Int) {
    unsafe UnsafeMutableRawPointer(memory + (place &+ 8 &* lane)).storeBytes(
      of: value, as: SIMD8<Double>.self)
  }

  /// Turns order-major values `[orders × count]` into vectors; orders beyond are zero.
  @inline(__always)
  func gather(_ source: UnsafePointer<Double>, orders: Int, count: Int, into place: Int) {
    for index in 0..<count {
      var from = unsafe source + index
      let into = unsafe memory + (place &+ index &* stride)
      for order in 0..<orders {
        unsafe into[order] = from.pointee
        unsafe from += count
      }
      for order in orders..<max(orders, self.orders) { unsafe into[order] = 0 }
    }
  }

  /// Turns vectors into order-major values `[orders × count]`.
  @inline(__always)
  func scatter(
    _ place: Int, orders: Int, count: Int, into target: UnsafeMutablePointer<Double>
  ) {
    for index in 0..<count {
      let from = unsafe memory + (place &+ index &* stride)
      var into = unsafe target + index
      for order in 0..<orders {
        unsafe into.pointee = from[order]
        unsafe into += count
      }
    }
  }
}

/// Generalised coordinates that move by themselves, `exp(D t)`, as vectors of orders.
@safe
final class TaylorVectors {
  let orders: Int
  let channels: Int
  private let width: Int
  private let stride: Int
  private let memory: UnsafeMutablePointer<Double>
  private let reciprocals: [Double]

  init(orders: Int, channels: Int) {
    self.orders = orders
    self.channels = channels
    width = (orders + 7) / 8
    // As many zeros behind a vector as it can be shifted.
    stride = 16 * width
    unsafe memory = UnsafeMutablePointer<Double>.allocate(capacity: stride * (channels + 1))
    unsafe memory.initialize(repeating: 0, count: stride * (channels + 1))
    reciprocals = (0...orders).map { 1 / Double($0) }
  }

  deinit { unsafe memory.deallocate() }

  /// Takes over the coordinates at time zero.
  func load(_ vector: GeneralizedVector) {
    for order in 0..<orders {
      for channel in 0..<channels {
        unsafe memory[channel * stride + order] = vector[order, channel]
      }
    }
  }

  /// Writes `Σ_j tʲ/j! Dʲ` of every channel into a bank, or subtracts it from what is there.
  @inline(__always)
  func write(at time: Double, into bank: VectorBank, _ place: Int, subtracting: Bool) {
    for channel in 0..<channels {
      for lane in 0..<width {
        var from = unsafe UnsafeRawPointer(memory + (channel &* stride &+ 8 &* lane))
        var total = unsafe from.loadUnaligned(as: SIMD8<Double>.self)
        if time != 0 {
          var weight = 1.0
          for step in 1..<max(orders, 1) {
            weight *= time * reciprocals[step]
            unsafe from += 8
            unsafe total += weight * from.loadUnaligned(as: SIMD8<Double>.self)
          }
        }
        let target = place &+ channel &* bank.stride
        if subtracting { total = bank.register(target, lane) - total }
        bank.store(total, target, lane)
      }
    }
  }
}

/// The columns of S⁻¹ in registers, `[column][register]`.
final class TemporalColumns {
  let registers: [SIMD8<Double>]
  let orders: Int

  init(orders: Int, smoothness: Double) {
    self.orders = orders
    let precision = TemporalCovariance(orders: orders, smoothness: smoothness).precision
    var registers: [SIMD8<Double>] = []
    for column in 0..<orders {
      for lane in 0..<((orders + 7) / 8) {
        var register = SIMD8<Double>.zero
        for offset in 0..<8 where 8 * lane + offset < orders {
          register[offset] = precision[8 * lane + offset, column]
        }
        registers.append(register)
      }
    }
    self.registers = registers
  }
}

/// `S⁻¹ ⊗ Π` for vectors of orders.
struct VectorPrecision {
  private let temporal: TemporalColumns
  /// The diagonal of Π; ones where `mixing` does the work.
  private let gains: [Double]
  /// The entries of a Π that mixes channels; empty where it is diagonal.
  private let mixing: [(row: Int, column: Int, value: Double)]

  init(_ precision: Tensor<Double>, temporal: TemporalColumns) {
    self.temporal = temporal
    let channels = precision.rows
    var mixing: [(row: Int, column: Int, value: Double)] = []
    for row in 0..<channels {
      for column in 0..<channels where precision[row, column] != 0 {
        mixing.append((row, column, precision[row, column]))
      }
    }
    if mixing.allSatisfy({ $0.row == $0.column }) { mixing = [] }
    let isDiagonal = mixing.isEmpty
    gains = (0..<channels).map { isDiagonal ? precision[$0, $0] : 1 }
    self.mixing = mixing
  }

  /// Writes ξ̃ of every channel from its ε̃.
  @inline(__always)
  func weight(_ bank: VectorBank, _ errors: Int, into target: Int, scratch: Int) {
    let (width, stride, orders) = (bank.width, bank.stride, temporal.orders)
    let direct = mixing.isEmpty ? target : scratch
    unsafe temporal.registers.withUnsafeBufferPointer { columns in
      for channel in 0..<gains.count {
        let error = unsafe bank.memory + (errors &+ channel &* stride)
        for lane in 0..<width {
          var total = SIMD8<Double>.zero
          guard var column = columns.baseAddress else { return }
          unsafe column += lane
          for order in 0..<orders {
            unsafe total += SIMD8<Double>(repeating: error[order]) * column.pointee
            unsafe column += width
          }
          bank.store(gains[channel] * total, direct &+ channel &* stride, lane)
        }
      }
    }
    guard !mixing.isEmpty else { return }
    for channel in 0..<gains.count {
      for lane in 0..<width {
        var total = SIMD8<Double>.zero
        for entry in mixing where entry.row == channel {
          total += entry.value * bank.register(scratch + entry.column * stride, lane)
        }
        bank.store(total, target + channel * stride, lane)
      }
    }
  }
}
