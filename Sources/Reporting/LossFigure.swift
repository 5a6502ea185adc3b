/// The course of learning: losses, and accuracies where they were measured.
///
/// Solid lines belong to the training set, dashed ones to held-out data. A single run shows its
/// accuracies in one panel; several runs are told apart by color, and teacher-forced and
/// free-running accuracies take a panel each.
public struct LossFigure: Sendable, Equatable {
  /// Values measured now and then.
  public struct Curve: Sendable, Equatable {
    /// The steps or epochs of the measurements.
    public var x: [Double]
    /// The values; those that are not finite leave gaps.
    public var y: [Double]

    /// Creates a curve; unequal counts are a caller's bug.
    public init(x: [Double], y: [Double]) {
      precondition(x.count == y.count, "curve of \(x.count) steps and \(y.count) values")
      self.x = x
      self.y = y
    }
  }

  /// One quantity on the training set and on held-out data.
  public struct Pair: Sendable, Equatable {
    /// On the training set.
    public var training: Curve?
    /// On data that took no part in training.
    public var heldOut: Curve?

    /// Creates a pair.
    public init(training: Curve? = nil, heldOut: Curve? = nil) {
      self.training = training
      self.heldOut = heldOut
    }

    var isEmpty: Bool { training == nil && heldOut == nil }
  }

  /// One run of training.
  public struct Run: Sendable, Equatable {
    /// The name, needed where runs are compared.
    public var name: String
    /// The mean cross-entropy per token, in nats.
    public var loss: Pair
    /// The part of tokens predicted right, each from the true tokens before it.
    public var teacherForced: Pair
    /// The part of tokens or sequences right when the model reads its own output.
    public var freeRunning: Pair

    /// Creates a run.
    public init(
      _ name: String = "", loss: Pair, teacherForced: Pair = Pair(), freeRunning: Pair = Pair()
    ) {
      self.name = name
      self.loss = loss
      self.teacherForced = teacherForced
      self.freeRunning = freeRunning
    }
  }

  /// What the x axis counts.
  public enum Unit: Sendable, Equatable {
    /// Updates of the parameters.
    case steps
    /// Passes over the training set.
    case epochs
  }

  /// The heading; may be empty.
  public var title: String
  /// The runs.
  public var runs: [Run]
  /// What the x axis counts.
  public var unit: Unit

  /// Creates a figure.
  public init(title: String = "", runs: [Run], unit: Unit = .steps) {
    self.title = title
    self.runs = runs
    self.unit = unit
  }

  /// The figure; panels without content are left out.
  public func figure(language: ReportLanguage, width: Int = 1600, height: Int = 1000) -> Figure {
    let words = Words(language: language)
    var rows = [[lossPanel(words)]]
    let forced = runs.contains { !$0.teacherForced.isEmpty }
    let free = runs.contains { !$0.freeRunning.isEmpty }
    if runs.count == 1, forced || free {
      rows.append([accuracyPanel(words)])
    } else {
      var panels: [Panel] = []
      if forced { panels.append(comparison(words.teacherForced, \.teacherForced, words)) }
      if free { panels.append(comparison(words.freeRunning, \.freeRunning, words)) }
      if !panels.isEmpty { rows.append(panels) }
    }
    return Figure(
      title: title, rows: rows, width: width, height: height, language: language)
  }

  private func lossPanel(_ words: Words) -> Panel {
    let values = runs.flatMap { [$0.loss.training, $0.loss.heldOut] }
      .flatMap { $0?.y ?? [] }.filter { $0 > 0 && $0.isFinite }
    // Small losses would all lie on the floor of a linear axis.
    let isWide = (values.max() ?? 1) > 100 * (values.min() ?? 1)
    let series =
      runs.count == 1
      ? lines(runs[0].loss, role: .error, words.training, words.heldOut)
      : compared(\.loss, words)
    return Panel(
      title: words.loss, xLabel: words.unit(unit), yLabel: words.nats, series: series,
      yScale: isWide ? .logarithmic : .linear)
  }

  private func accuracyPanel(_ words: Words) -> Panel {
    let series =
      lines(
        runs[0].teacherForced, role: .accuracy, words.both(words.teacherForced, words.training),
        words.both(words.teacherForced, words.heldOut))
      + lines(
        runs[0].freeRunning, role: .prediction, words.both(words.freeRunning, words.training),
        words.both(words.freeRunning, words.heldOut))
    return Panel(
      title: words.accuracy, xLabel: words.unit(unit), yLabel: words.part, series: series,
      yRange: Self.unitRange)
  }

  private func comparison(
    _ kind: String, _ pair: (Run) -> Pair, _ words: Words
  ) -> Panel {
    Panel(
      title: words.both(words.accuracy, kind), xLabel: words.unit(unit), yLabel: words.part,
      series: compared(pair, words), yRange: Self.unitRange)
  }

  /// All parts from none to one, with room for a line along either.
  private static let unitRange = -0.02...1.02

  private func lines(
    _ pair: Pair, role: SeriesRole, _ training: String, _ heldOut: String
  ) -> [Series] {
    var series: [Series] = []
    if let curve = pair.training {
      series.append(.line(training, role: role, x: curve.x, y: curve.y, dash: .solid))
    }
    if let curve = pair.heldOut {
      series.append(.line(heldOut, role: role, x: curve.x, y: curve.y, dash: .dashed))
    }
    return series
  }

  private func compared(_ pair: (Run) -> Pair, _ words: Words) -> [Series] {
    var series: [Series] = []
    for (index, run) in runs.enumerated() where !pair(run).isEmpty {
      series += lines(pair(run), role: .neutral(index), "", "")
    }
    let pairs = runs.map(pair)
    if pairs.contains(where: { $0.training != nil }) {
      series.append(.line(words.training, role: .data, x: [], y: [], dash: .solid))
    }
    if pairs.contains(where: { $0.heldOut != nil }) {
      series.append(.line(words.heldOut, role: .data, x: [], y: [], dash: .dashed))
    }
    for (index, run) in runs.enumerated() where !pair(run).isEmpty {
      series.append(.line(run.name, role: .neutral(index), x: [], y: [], width: 5))
    }
    return series
  }

  private struct Words {
    let language: ReportLanguage

    var loss: String { language.pick("Loss: mean cross-entropy", "損失：交差エントロピーの平均") }
    var nats: String { language.pick("nats per token", "ナット／トークン") }
    var accuracy: String { language.pick("Accuracy", "正答率") }
    var part: String { language.pick("part correct", "正答の割合") }
    var training: String { language.pick("training", "学習用") }
    var heldOut: String { language.pick("held out", "評価用") }
    var teacherForced: String { language.pick("teacher-forced", "教師強制") }
    var freeRunning: String { language.pick("free-running", "自走") }

    func unit(_ unit: Unit) -> String {
      switch unit {
      case .steps: language.pick("step", "更新回数")
      case .epochs: language.pick("epoch", "エポック")
      }
    }

    func both(_ first: String, _ second: String) -> String {
      language.pick("\(first), \(second)", "\(first)・\(second)")
    }
  }
}
