/// What the default figure of a recognition run shows, as plain numbers.
public struct RecognitionTraces: Sendable, Equatable {
  /// One sensory channel with its prediction.
  public struct Channel: Sendable, Equatable {
    /// The name.
    public var name: String
    /// The data; not finite where missing.
    public var values: [Double]
    /// The prediction, where there is one.
    public var prediction: [Double]?

    /// Creates a channel.
    public init(_ name: String, values: [Double], prediction: [Double]? = nil) {
      self.name = name
      self.values = values
      self.prediction = prediction
    }
  }

  /// The posterior of one hidden quantity over time.
  public struct Estimate: Sendable, Equatable {
    /// The name.
    public var name: String
    /// The posterior means.
    public var mean: [Double]
    /// The posterior standard deviations, where they are known.
    public var standardDeviation: [Double]?
    /// What really happened, where that is known.
    public var truth: [Double]?

    /// Creates an estimate.
    public init(
      _ name: String, mean: [Double], standardDeviation: [Double]? = nil, truth: [Double]? = nil
    ) {
      self.name = name
      self.mean = mean
      self.standardDeviation = standardDeviation
      self.truth = truth
    }
  }

  /// One named trace.
  public struct Trace: Sendable, Equatable {
    /// The name.
    public var name: String
    /// The values over time.
    public var values: [Double]

    /// Creates a trace.
    public init(_ name: String, values: [Double]) {
      self.name = name
      self.values = values
    }
  }

  /// Variational free energy and its terms over time, in nats (mathematics §3).
  public struct FreeEnergy: Sendable, Equatable {
    /// Free energy F.
    public var total: [Double]
    /// Energy; F = energy − entropy.
    public var energy: [Double]?
    /// Entropy.
    public var entropy: [Double]?
    /// Accuracy; F = complexity − accuracy.
    public var accuracy: [Double]?
    /// Complexity.
    public var complexity: [Double]?
    /// Surprise, for linear Gaussian models.
    public var surprise: [Double]?

    /// Creates the terms.
    public init(
      total: [Double], energy: [Double]? = nil, entropy: [Double]? = nil,
      accuracy: [Double]? = nil, complexity: [Double]? = nil, surprise: [Double]? = nil
    ) {
      self.total = total
      self.energy = energy
      self.entropy = entropy
      self.accuracy = accuracy
      self.complexity = complexity
      self.surprise = surprise
    }
  }

  /// One pass over the record.
  public struct Iteration: Sendable, Equatable {
    /// F of the whole record, in nats.
    public var freeEnergy: Double
    /// Whether its estimates were kept.
    public var isAccepted: Bool

    /// Creates a pass.
    public init(freeEnergy: Double, isAccepted: Bool) {
      self.freeEnergy = freeEnergy
      self.isAccepted = isAccepted
    }
  }

  /// The heading, such as the title of the model.
  public var title: String
  /// The sample times, in time units.
  public var time: [Double]
  /// The sensory channels.
  public var channels: [Channel]
  /// The hidden states.
  public var states: [Estimate]
  /// The causes.
  public var causes: [Estimate]
  /// The norms of the precision-weighted errors, one trace per group of error units.
  public var errors: [Trace]
  /// Free energy.
  public var freeEnergy: FreeEnergy
  /// The passes over the record, for schemes that make several.
  public var iterations: [Iteration]

  /// Creates the traces; a trace that does not fit the times is a caller's bug.
  public init(
    title: String = "", time: [Double], channels: [Channel] = [], states: [Estimate] = [],
    causes: [Estimate] = [], errors: [Trace] = [], freeEnergy: FreeEnergy,
    iterations: [Iteration] = []
  ) {
    self.title = title
    self.time = time
    self.channels = channels
    self.states = states
    self.causes = causes
    self.errors = errors
    self.freeEnergy = freeEnergy
    self.iterations = iterations
  }
}

extension RecognitionTraces {
  /// The half width of a 90 % interval of a Gaussian, in standard deviations.
  static let ninetyPercent = 1.644_853_626_951_472_7

  /// The default figure of a run: data and predictions, causes, hidden states, error units and F,
  /// and F per iteration where the record was passed over more than once.
  ///
  /// Panels without content are left out; F, the result, takes a row of its own when the others
  /// fill theirs.
  public func figure(language: ReportLanguage, width: Int = 1600, height: Int = 1000) -> Figure {
    let words = RecognitionWords(language: language)
    var panels: [Panel] = []
    if !channels.isEmpty { panels.append(dataPanel(words)) }
    if !causes.isEmpty { panels.append(estimatePanel(words.causes, causes, .cause, words)) }
    if !states.isEmpty { panels.append(estimatePanel(words.states, states, .state, words)) }
    if !errors.isEmpty { panels.append(errorPanel(words)) }
    panels.append(freeEnergyPanel(words))
    // A single pass is no course.
    if iterations.count > 1 { panels.append(iterationPanel(words)) }
    var rows: [[Panel]] = []
    var index = 0
    while index < panels.count {
      rows.append(Array(panels[index..<min(index + 2, panels.count)]))
      index += 2
    }
    return Figure(title: title, rows: rows, width: width, height: height, language: language)
  }

  /// Above this number of traces, lines are thinner and bands fainter.
  private static let many = 6

  private func lineWidth(_ count: Int) -> Double { count > Self.many ? 2 : 3.2 }

  private func dataPanel(_ words: RecognitionWords) -> Panel {
    let count = channels.count
    let hasPrediction = channels.contains { $0.prediction != nil }
    var series: [Series] = []
    // Many samples must not hide the lines.
    let size = time.count > 400 ? 3.0 : time.count > 100 || count > Self.many ? 5 : 9
    for (index, channel) in channels.enumerated() {
      let role: SeriesRole = count == 1 ? .data : .neutral(index)
      series.append(.points(role: role, x: time, y: channel.values, size: size))
    }
    for (index, channel) in channels.enumerated() {
      guard let prediction = channel.prediction else { continue }
      let role: SeriesRole = count == 1 ? .prediction : .neutral(index)
      series.append(.line(role: role, x: time, y: prediction, width: lineWidth(count)))
    }
    series.append(.points(words.data, role: .data, x: [], y: []))
    if hasPrediction {
      let role: SeriesRole = count == 1 ? .prediction : .data
      series.append(.line(words.prediction, role: role, x: [], y: []))
    }
    if count > 1 {
      for (index, channel) in channels.enumerated() {
        series.append(.line(channel.name, role: .neutral(index), x: [], y: [], width: 5))
      }
    }
    let title = hasPrediction ? words.dataAndPredictions : words.dataOnly
    return Panel(title: title, xLabel: words.time, yLabel: words.value, series: series)
  }

  private func estimatePanel(
    _ title: String, _ estimates: [Estimate], _ role: SeriesRole, _ words: RecognitionWords
  ) -> Panel {
    let count = estimates.count
    var bands: [Series] = []
    var truths: [Series] = []
    var means: [Series] = []
    for (index, estimate) in estimates.enumerated() {
      if let deviation = estimate.standardDeviation {
        let half = deviation.map { $0 * Self.ninetyPercent }
        bands.append(
          .band(
            role: role, variant: index, x: time, lower: zip(estimate.mean, half).map { $0 - $1 },
            upper: zip(estimate.mean, half).map { $0 + $1 },
            opacity: count > Self.many ? 0.1 : 0.22))
      }
      if let truth = estimate.truth {
        truths.append(
          .line(role: .truth, x: time, y: truth, width: count > Self.many ? 1.6 : 2.6))
      }
      means.append(
        .line(
          estimate.name, role: role, variant: index, x: time, y: estimate.mean,
          width: lineWidth(count))
      )
    }
    // One entry of the legend stands for all true traces, and comes first: the renderer shortens
    // long legends at their end.
    var series: [Series] = []
    if !truths.isEmpty {
      series.append(.line(words.truth, role: .truth, x: [], y: [], width: 2.6))
    }
    series += bands + means + truths
    let full = bands.isEmpty ? title : title + words.interval
    // Where the data leave a state open its band can dwarf every trace: the traces decide then.
    let traces = estimates.flatMap { $0.mean + ($0.truth ?? []) }
    let edges = estimates.flatMap { estimate in
      (estimate.standardDeviation ?? []).enumerated().flatMap { index, deviation in
        [-1, 1].map { estimate.mean[index] + $0 * Self.ninetyPercent * deviation }
      }
    }
    return Panel(
      title: full, xLabel: words.time, yLabel: words.value, series: series,
      yRange: Self.cropped(edges, to: traces, margin: 0.5))
  }

  private func errorPanel(_ words: RecognitionWords) -> Panel {
    let positive = errors.flatMap(\.values).filter { $0 > 0 && $0.isFinite }
    // On a linear axis all but the largest of such values would lie on the floor.
    let spread = (positive.max() ?? 1) / (positive.min() ?? 1)
    let series = errors.enumerated().map { index, trace in
      Series.line(
        trace.name, role: .error, variant: index, x: time,
        y: trace.values, width: lineWidth(errors.count))
    }
    return Panel(
      title: words.errors, xLabel: words.time, yLabel: words.norm, series: series,
      yScale: spread > 1e3 ? .logarithmic : .linear)
  }

  private func freeEnergyPanel(_ words: RecognitionWords) -> Panel {
    let terms: [(String, SeriesRole, [Double]?)] = [
      (words.energy, .energy, freeEnergy.energy), (words.entropy, .entropy, freeEnergy.entropy),
      (words.accuracy, .accuracy, freeEnergy.accuracy),
      (words.complexity, .complexity, freeEnergy.complexity),
      (words.surprise, .surprise, freeEnergy.surprise),
    ]
    let present = terms.compactMap { name, role, values in
      values.map { Series.line(name, role: role, x: time, y: $0, width: 2.8) }
    }
    // Free energy is drawn last, above its terms, and named first.
    var series = [Series.line(words.freeEnergy, role: .freeEnergy, x: [], y: [], width: 4.5)]
    series += present
    series.append(.line(role: .freeEnergy, x: time, y: freeEnergy.total, width: 4.5))
    let title = present.isEmpty ? words.freeEnergyAlone : words.freeEnergyAndTerms
    // The first samples, before units settle, can dwarf all that follows: the rest decides then.
    let all = [freeEnergy.total] + terms.compactMap(\.2)
    let settled = max(2, time.count / 16)
    let later = time.count > 4 * settled ? all.flatMap { $0.dropFirst(settled) } : []
    return Panel(
      title: title, xLabel: words.time, yLabel: words.nats, series: series,
      yRange: Self.cropped(all.flatMap { $0 }, to: later, margin: 0.08))
  }

  private func iterationPanel(_ words: RecognitionWords) -> Panel {
    let numbers = iterations.indices.map { Double($0 + 1) }
    let kept = iterations.indices.filter { iterations[$0].isAccepted }
    let lost = iterations.indices.filter { !iterations[$0].isAccepted }
    let x = kept.map { numbers[$0] }
    let y = kept.map { iterations[$0].freeEnergy }
    var series = [
      Series.line(words.freeEnergy, role: .freeEnergy, x: x, y: y, width: 3.5),
      .points(role: .freeEnergy, x: x, y: y, size: 10),
    ]
    if !lost.isEmpty {
      series.append(
        .points(
          words.rejected, role: .error, x: lost.map { numbers[$0] },
          y: lost.map { iterations[$0].freeEnergy }, size: 10))
    }
    // An estimate that was thrown away must not flatten those that were kept.
    let all = iterations.map(\.freeEnergy)
    return Panel(
      title: words.iterations, xLabel: words.iteration, yLabel: words.nats, series: series,
      yRange: Self.cropped(all, to: y, margin: 0.3),
      categories: iterations.count <= 32 ? iterations.indices.map { String($0 + 1) } : [])
  }

  /// A range around `core`, with a margin in parts of its length, where `values` reach more than
  /// ten times as far; nil where they do not, and the panel fits its content.
  private static func cropped(
    _ values: [Double], to core: [Double], margin: Double
  ) -> ClosedRange<Double>? {
    let inner = core.filter(\.isFinite)
    let outer = values.filter(\.isFinite)
    guard let low = inner.min(), let high = inner.max(), high > low,
      let lowest = outer.min(), let highest = outer.max(),
      highest - lowest > 10 * (high - low)
    else { return nil }
    let room = margin * (high - low)
    return (low - room)...(high + room)
  }
}
