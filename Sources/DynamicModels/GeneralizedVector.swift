public import TensorCore

/// The generalized coordinates of a vector: its value and its derivatives in time, stacked.
///
/// `orders` × `channels` numbers, order-major: the values first, then the first derivatives, and
/// so on. The operators of mathematics §0 and §2 also come as loops on raw buffers of the same
/// layout, for schemes that keep many such vectors in one array.
public struct GeneralizedVector: Hashable, Sendable {
  /// The number of generalized coordinates n, the value included.
  public let orders: Int
  /// The length m of the vector whose motion this is.
  public let channels: Int
  /// The `orders · channels` numbers, order-major.
  public var values: [Double]

  /// Creates a vector from its numbers in order-major layout.
  public init(orders: Int, channels: Int, values: [Double]) {
    precondition(
      orders >= 0 && channels >= 0 && values.count == orders * channels,
      "\(values.count) numbers for \(orders) orders of \(channels) channels")
    self.orders = orders
    self.channels = channels
    self.values = values
  }

  /// Creates a vector of zeros.
  public init(orders: Int, channels: Int) {
    self.init(
      orders: orders, channels: channels,
      values: [Double](repeating: 0, count: max(0, orders * channels)))
  }

  /// One coordinate; order 0 is the value itself and channels count from zero.
  public subscript(order: Int, channel: Int) -> Double {
    get { values[offset(order, channel)] }
    set { values[offset(order, channel)] = newValue }
  }

  private func offset(_ order: Int, _ channel: Int) -> Int {
    precondition(
      order >= 0 && order < orders && channel >= 0 && channel < channels,
      "order \(order), channel \(channel) outside \(orders) × \(channels)")
    return order * channels + channel
  }

  /// All channels at one order.
  public func order(_ order: Int) -> ArraySlice<Double> {
    precondition(order >= 0 && order < orders, "order \(order) of \(orders)")
    return values[(order * channels)..<((order + 1) * channels)]
  }

  /// The motion `D x̃ = [x′, x″, …, 0]` (mathematics §0).
  public var shifted: GeneralizedVector {
    var result = GeneralizedVector(orders: orders, channels: channels)
    var output = result.values.mutableSpan
    Self.shift(values.span, into: &output, orders: orders, channels: channels)
    return result
  }

  /// The vector after a time under its own motion, `exp(D t) x̃`: a Taylor series.
  public func advanced(by time: Double) -> GeneralizedVector {
    var result = self
    var buffer = result.values.mutableSpan
    Self.advance(inPlace: &buffer, by: time, orders: orders, channels: channels)
    return result
  }

  /// Writes `D x̃` for a buffer in order-major layout.
  public static func shift(
    _ input: Span<Double>, into output: inout MutableSpan<Double>, orders: Int, channels: Int
  ) {
    precondition(
      input.count == orders * channels && output.count == input.count,
      "buffers of \(input.count) and \(output.count) for \(orders) × \(channels)")
    let moved = max(0, orders - 1) * channels
    for index in 0..<moved { output[index] = input[index + channels] }
    for index in moved..<(orders * channels) { output[index] = 0 }
  }

  /// Replaces x̃ by `exp(D t) x̃` in a buffer in order-major layout.
  public static func advance(
    inPlace buffer: inout MutableSpan<Double>, by time: Double, orders: Int, channels: Int
  ) {
    precondition(
      buffer.count == orders * channels, "a buffer of \(buffer.count) for \(orders) × \(channels)")
    for order in 0..<orders {
      for channel in 0..<channels {
        // Horner from the highest derivative; higher orders are not yet overwritten.
        var sum = 0.0
        for higher in ((order + 1)..<max(orders, order + 1)).reversed() {
          sum = (sum + buffer[higher * channels + channel]) * time / Double(higher - order)
        }
        buffer[order * channels + channel] += sum
      }
    }
  }
}

/// The Taylor operator `exp(D t)`, which carries generalized coordinates through a time.
public enum TaylorOperator {
  /// The matrix `exp(D t)` `[orders × orders]`, with `t^(k−j)/(k−j)!` above its unit diagonal.
  public static func matrix(orders: Int, time: Double) -> Tensor<Double> {
    precondition(orders >= 0, "\(orders) orders")
    var result = Tensor<Double>.identity(orders)
    for row in 0..<orders {
      var entry = 1.0
      for column in (row + 1)..<max(orders, row + 1) {
        entry *= time / Double(column - row)
        result.values[row * orders + column] = entry
      }
    }
    return result
  }

  /// The shift matrix D `[orders × orders]`, ones above the diagonal.
  public static func shift(orders: Int) -> Tensor<Double> {
    precondition(orders >= 0, "\(orders) orders")
    var result = Tensor<Double>(repeating: 0, shape: .matrix(orders, orders))
    for row in 0..<max(0, orders - 1) { result.values[row * orders + row + 1] = 1 }
    return result
  }
}
