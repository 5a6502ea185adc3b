public import TensorCore

/// The embedding of sampled data in generalized coordinates (mathematics §2).
///
/// Sample j = 1…N lies at time jΔ. The n samples of the window `k = 1…n + trunc(s − (n+1)/2)`,
/// `s = (t − delay)/Δ`, truncated towards zero, are read with their numbers clamped to 1…N, and
/// the Taylor operator
///
///     T_jk = ((j − x)Δ)^(k−1) / (k−1)!,   x = s − min(k) + 1 (before clamping)
///
/// is inverted: row k of `E = T⁻¹` holds the derivatives of order k − 1, at x, of the Lagrange
/// polynomials of the window. The inverses belonging to the sample times are made once, so that
/// embedding there costs n² products per channel.
///
/// Where cells are missing (NaN), a window that would hold one takes the n cells of its channel
/// that are present and nearest to its time instead, so that a gap spoils no neighbour; at a time
/// whose own cell is missing the channel is absent: its embedding is zero and is not to be used.
public struct TaylorEmbedding: Sendable {
  /// The number of generalized coordinates n, which is also the length of the window.
  public let orders: Int
  /// The time Δ between samples.
  public let step: Double
  /// The number N of samples.
  public let sampleCount: Int
  /// Delays per channel in time units, or a single one that holds for all.
  public let delays: [Double]
  /// How many times per sample are prepared: `(j + i/subSteps)Δ`.
  public let subSteps: Int

  /// E for every distinct place of the time in its window, `[n × n]` each.
  private var operators: [[Double]] = []
  /// For every delay, sample and sub-step: which operator, and where the window starts.
  private var plan: [Window] = []

  private struct Window: Sendable {
    var index: Int
    var first: Int
    /// The samples read instead of the window's, where some of those are missing.
    var nodes: [Int]?
  }
  /// Whether windows are planned for every channel, because cells are missing.
  private var isPerChannel = false
  /// Per channel and sample whether the channel is absent; empty where nothing is missing.
  private var absent: [Bool] = []

  /// Prepares the embedding of a record.
  ///
  /// - Parameters:
  ///   - orders: n ≥ 1.
  ///   - step: Δ > 0, in time units.
  ///   - sampleCount: N ≥ 1.
  ///   - delays: a delay per channel, or one for all.
  ///   - subSteps: the number of prepared times per sample.
  ///   - data: data `[channels × N]` whose NaN cells are missing; nil where none are.
  public init(
    orders: Int, step: Double, sampleCount: Int, delays: [Double] = [0], subSteps: Int = 1,
    missingIn data: Tensor<Double>? = nil
  ) {
    precondition(
      orders >= 1 && step > 0 && sampleCount >= 1 && !delays.isEmpty && subSteps >= 1,
      "embedding of \(sampleCount) samples of step \(step) in \(orders) orders")
    self.orders = orders
    self.step = step
    self.sampleCount = sampleCount
    self.delays = delays
    self.subSteps = subSteps
    var known: [Double: Int] = [:]
    if let data, data.values.contains(where: { $0.isNaN }) {
      planAround(data)
      return
    }
    for delay in delays {
      for sample in 1...sampleCount {
        for part in 0..<subSteps {
          let place = Double(sample) + Double(part) / Double(subSteps) - delay / step
          let first = Self.windowStart(place, orders: orders)
          let inside = place - Double(first) + 1
          if let index = known[inside] {
            plan.append(Window(index: index, first: first))
          } else {
            known[inside] = operators.count
            plan.append(Window(index: operators.count, first: first))
            operators.append(Self.inverse(orders: orders, step: step, place: inside))
          }
        }
      }
    }
  }

  /// Plans the windows of every channel around its missing cells.
  private mutating func planAround(_ data: Tensor<Double>) {
    isPerChannel = true
    let channels = check(data)
    for channel in 0..<channels {
      let delay = (delays.count == channels ? delays[channel] : delays[0]) / step
      let present = (1...sampleCount).filter { !data[channel, $0 - 1].isNaN }
      for sample in 1...sampleCount {
        let own = min(max(Int((Double(sample) - delay).rounded()), 1), sampleCount)
        absent.append(present.count < orders || data[channel, own - 1].isNaN)
        for part in 0..<subSteps {
          let place = Double(sample) + Double(part) / Double(subSteps) - delay
          let first = Self.windowStart(place, orders: orders)
          let isWhole = (0..<orders).allSatisfy {
            !data[channel, min(max(first + $0, 1), sampleCount) - 1].isNaN
          }
          if isWhole || present.count < orders {
            plan.append(Window(index: operators.count, first: first))
            operators.append(
              Self.inverse(orders: orders, step: step, place: place - Double(first) + 1))
            continue
          }
          let nodes = present.sorted {
            let (a, b) = (abs(Double($0) - place), abs(Double($1) - place))
            return a == b ? $0 < $1 : a < b
          }.prefix(orders).sorted()
          plan.append(Window(index: operators.count, first: first, nodes: nodes))
          operators.append(
            Self.inverse(offsets: nodes.map { Double($0) - place }, step: step))
        }
      }
    }
  }

  /// Whether a channel has no cell at a sample (from 1), so that its embedding is not to be used.
  public func isAbsent(channel: Int, sample: Int) -> Bool {
    absent.isEmpty ? false : absent[channel * sampleCount + sample - 1]
  }

  /// The first sample number of the window around `place`, in samples; it may lie before 1.
  private static func windowStart(_ place: Double, orders: Int) -> Int {
    1 + Int((place - Double(orders + 1) / 2).rounded(.towardZero))
  }

  /// `T⁻¹` `[n × n]` for a time that stands at `place` in its window, whose samples are 1…n.
  ///
  /// Entry (k, j) is the derivative of order k of the Lagrange polynomial of sample j.
  public static func inverse(orders: Int, step: Double, place: Double) -> [Double] {
    inverse(offsets: (1...orders).map { Double($0) - place }, step: step)
  }

  /// The same for samples anywhere, at `offsets` from the time, in samples.
  static func inverse(offsets: [Double], step: Double) -> [Double] {
    let orders = offsets.count
    var result = [Double](repeating: 0, count: orders * orders)
    for sample in 0..<orders {
      // Coefficients, in rising powers of (time − t)/Δ, of Π (u − u_m)/(u_j − u_m).
      var polynomial = [Double](repeating: 0, count: orders)
      polynomial[0] = 1
      var degree = 0
      for other in 0..<orders where other != sample {
        let node = offsets[other]
        let width = offsets[sample] - node
        degree += 1
        for power in (0...degree).reversed() {
          let lower = power > 0 ? polynomial[power - 1] : 0
          polynomial[power] = (lower - node * (power < degree ? polynomial[power] : 0)) / width
        }
      }
      var scale = 1.0
      for order in 0..<orders {
        if order > 0 { scale *= Double(order) / step }
        result[order * orders + sample] = polynomial[order] * scale
      }
    }
    return result
  }

  /// Writes ỹ at sample j (from 1), sub-step i (from 0), order-major `[n × channels]`.
  ///
  /// `data` is `[channels × N]`: time runs along the rows.
  public func embed(
    _ data: Tensor<Double>, atSample sample: Int, subStep: Int = 0,
    into output: inout MutableSpan<Double>
  ) {
    precondition(
      sample >= 1 && sample <= sampleCount && subStep >= 0 && subStep < subSteps,
      "sample \(sample), part \(subStep) of \(sampleCount) × \(subSteps)")
    let channels = check(data)
    precondition(
      output.count == orders * channels, "a buffer of \(output.count) for \(orders) × \(channels)")
    for channel in 0..<channels {
      let delay = isPerChannel || delays.count == channels ? channel : 0
      if isAbsent(channel: channel, sample: sample) {
        for order in 0..<orders { output[order * channels + channel] = 0 }
        continue
      }
      let window = plan[(delay * sampleCount + sample - 1) * subSteps + subStep]
      if let nodes = window.nodes {
        let inverse = operators[window.index]
        for order in 0..<orders {
          var sum = 0.0
          for (index, node) in nodes.enumerated() {
            sum += inverse[order * orders + index] * data.values[channel * sampleCount + node - 1]
          }
          output[order * channels + channel] = sum
        }
        continue
      }
      apply(
        operators[window.index], data, channel, first: window.first, channels: channels, &output)
    }
  }

  /// ỹ at sample j (from 1) and sub-step i (from 0) of data `[channels × N]`.
  public func embed(
    _ data: Tensor<Double>, atSample sample: Int, subStep: Int = 0
  ) -> GeneralizedVector {
    var result = GeneralizedVector(orders: orders, channels: data.rows)
    var output = result.values.mutableSpan
    embed(data, atSample: sample, subStep: subStep, into: &output)
    return result
  }

  /// ỹ at any time, in time units, of data `[channels × N]`.
  public func embed(_ data: Tensor<Double>, atTime time: Double) -> GeneralizedVector {
    let channels = check(data)
    precondition(time.isFinite, "embedding at time \(time)")
    var result = GeneralizedVector(orders: orders, channels: channels)
    var output = result.values.mutableSpan
    for channel in 0..<channels {
      let delay = delays.count == channels ? delays[channel] : delays[0]
      let place = (time - delay) / step
      let first = Self.windowStart(place, orders: orders)
      let inverse = Self.inverse(orders: orders, step: step, place: place - Double(first) + 1)
      apply(inverse, data, channel, first: first, channels: channels, &output)
    }
    return result
  }

  private func check(_ data: Tensor<Double>) -> Int {
    precondition(
      data.shape.rank == 2 && data.columns == sampleCount,
      "data of shape \(data.shape) for \(sampleCount) samples")
    return data.rows
  }

  private func apply(
    _ inverse: [Double], _ data: Tensor<Double>, _ channel: Int, first: Int, channels: Int,
    _ output: inout MutableSpan<Double>
  ) {
    let row = channel * sampleCount
    for order in 0..<orders {
      var sum = 0.0
      for offset in 0..<orders {
        let sample = min(max(first + offset, 1), sampleCount)
        sum += inverse[order * orders + offset] * data.values[row + sample - 1]
      }
      output[order * channels + channel] = sum
    }
  }
}
