internal import Foundation
package import Reporting
package import Transformers

/// What a training run gave.
package struct TrainingResult: Sendable {
  /// A verse that the model wrote.
  package struct Sample: Sendable, Equatable {
    /// The poem, and whether it was held out.
    package let number: Int, isHeldOut: Bool
    /// The upper verse, the true lower verse, and what was written.
    package let upper: String, lower: String, written: String
  }

  /// Accuracies of one part of the poems.
  package typealias Measurement = (teacherForced: Accuracy, freeRunning: Accuracy?)

  /// What was trained.
  package let specification: TrainingSpecification
  /// The number type.
  package let precision: TrainingRequest.Precision
  /// The passes made.
  package let epochs: Int
  /// The number of parameters.
  package let parameterCount: Int
  /// Numbers per pass and per measurement.
  package let curves: [String: [Double]]
  /// What the model gets right of the poems learned and held out.
  package let training: Measurement, heldOut: Measurement?
  /// A few verses.
  package let samples: [Sample]
  /// The width of the beam by which verses were written; 1 is greedy.
  package let beam: Int
  /// Why the run ended early, if it did.
  package let failure: RunError?

  init<Scalar>(
    specification: TrainingSpecification, precision: TrainingRequest.Precision, epochs: Int,
    parameterCount: Int, curves: [String: [Double]],
    training: TrainingSession<Scalar>.Measurement,
    heldOut: TrainingSession<Scalar>.Measurement?, samples: [Sample], beam: Int,
    failure: RunError?
  ) {
    self.specification = specification
    self.precision = precision
    self.epochs = epochs
    self.parameterCount = parameterCount
    self.curves = curves
    self.training = (training.teacherForced, training.freeRunning)
    self.heldOut = heldOut.map { ($0.teacherForced, $0.freeRunning) }
    self.samples = samples
    self.beam = beam
    self.failure = failure
  }

  // MARK: Text

  /// The result as a person reads it.
  package func report(in language: ReportLanguage, style: TerminalStyle) -> String {
    let configuration = specification.plan.configuration
    var text = language.pick(
      "\(specification.task.rawValue): \(parameterCount) parameters, width "
        + "\(configuration.width), \(configuration.heads) heads, "
        + "\(configuration.encoderBlocks) + \(configuration.decoderBlocks) blocks; "
        + "\(epochs) passes\n\n",
      "\(specification.task.rawValue): パラメータ \(parameterCount) 個、幅 \(configuration.width)、"
        + "ヘッド \(configuration.heads)、ブロック \(configuration.encoderBlocks) + "
        + "\(configuration.decoderBlocks)、\(epochs) エポック学習\n\n")
    text += table(in: language).text(style: style, language: language) + "\n"
    if !specification.isShifted {
      text += language.pick(
        """

        The decoder was given its labels unshifted: it can copy what it should predict. The \
        teacher-forced accuracy says nothing about the upper verse; the free-running one shows \
        what was learned.

        """,
        """

        デコーダへの入力をずらしていません。予測すべき文字がそのまま見えるため、教師強制の\
        正答率は上の句とは無関係です。自己生成の正答率が、実際に学習されたことを示します。

        """)
    }
    if !samples.isEmpty {
      text += "\n"
      for sample in samples {
        let part =
          sample.isHeldOut
          ? language.pick("held out", "未学習") : language.pick("learned", "学習済み")
        let mark = sample.written == sample.lower ? "○" : "×"
        text += "\(sample.number) (\(part)) \(sample.upper)\n"
        text += "  \(mark) \(sample.written)"
        text +=
          sample.written == sample.lower
          ? "\n" : language.pick("  (true: \(sample.lower))\n", "（正: \(sample.lower)）\n")
      }
    }
    return text
  }

  private func table(in language: ReportLanguage) -> TextTable {
    var parts: [(String, Measurement)] = [(language.pick("learned", "学習済み"), training)]
    if let heldOut { parts.append((language.pick("held out", "未学習"), heldOut)) }
    func share(_ value: Double?) -> TextTable.Cell {
      .text(value.map { String(format: "%.1f %%", 100 * $0) } ?? "–")
    }
    let isWriting = specification.task == .poems
    var columns = [
      TextTable.Column(language.pick("poems", "歌"), texts: parts.map(\.0)),
      TextTable.Column(
        specification.task == .nextSentence
          ? language.pick("surprise/pair [nats]", "驚き/対 [nats]")
          : language.pick("surprise/token [nats]", "驚き/文字 [nats]"),
        parts.map { .number($0.1.teacherForced.meanSurprise) }),
      TextTable.Column(
        isWriting
          ? language.pick("teacher-forced: tokens", "教師強制: 文字")
          : specification.task == .nextSentence
            ? language.pick("pairs right", "正答率（対）") : language.pick("tokens right", "正答率（文字）"),
        parts.map { share($0.1.teacherForced.ofLabels) }, alignment: .right),
    ]
    if isWriting {
      columns.append(
        TextTable.Column(
          language.pick("whole verses", "句全体"),
          parts.map { share($0.1.teacherForced.ofSequences) }, alignment: .right))
    }
    if isWriting {
      columns += [
        TextTable.Column(
          language.pick("free-running: tokens", "自己生成: 文字"),
          parts.map { share($0.1.freeRunning?.ofLabels) }, alignment: .right),
        TextTable.Column(
          language.pick("whole verses", "句全体"),
          parts.map { share($0.1.freeRunning?.ofSequences) }, alignment: .right),
      ]
    }
    return TextTable(columns: columns)
  }

  // MARK: Files

  /// The curves of loss and accuracy.
  package func figure(in language: ReportLanguage) -> Figure {
    let measured = curves["measured.epoch"] ?? []
    func curve(_ name: String) -> LossFigure.Curve? {
      guard let values = curves[name], values.count == measured.count, !values.isEmpty else {
        return nil
      }
      return LossFigure.Curve(x: measured, y: values)
    }
    let loss = curves["loss"] ?? []
    let run = LossFigure.Run(
      specification.task.rawValue,
      loss: .init(
        training: .init(x: loss.indices.map { Double($0 + 1) }, y: loss),
        heldOut: curve("heldOut.loss")),
      teacherForced: .init(training: curve("training.labels"), heldOut: curve("heldOut.labels")),
      freeRunning: .init(
        training: curve("training.freeRunning.labels"),
        heldOut: curve("heldOut.freeRunning.labels")))
    let title =
      specification.isShifted
      ? specification.task.title(in: language)
      : specification.task.title(in: language)
        + language.pick(" (unshifted: the labels leak)", "（ずらしなし: 正解が漏れている）")
    return LossFigure(title: title, runs: [run], unit: .epochs).figure(language: language)
  }

  /// Everything, for a result file.
  package var tree: ResultTree {
    func accuracy(_ value: Accuracy) -> ResultTree {
      [
        "labels": .number(value.ofLabels), "sequences": .number(value.ofSequences),
        "surprise": .number(value.meanSurprise), "labelCount": .integer(value.labels),
        "sequenceCount": .integer(value.sequences),
      ]
    }
    func part(_ measurement: Measurement) -> ResultTree {
      var tree: ResultTree = ["teacherForced": accuracy(measurement.teacherForced)]
      if let free = measurement.freeRunning {
        var own = accuracy(free)
        own["surprise"] = nil
        tree["freeRunning"] = own
      }
      return tree
    }
    var tree: ResultTree = [
      "task": .string(specification.task.rawValue), "epochs": .integer(epochs),
      "seed": .seed(specification.plan.seed),
      "precision": .string(precision.rawValue), "parameters": .integer(parameterCount),
      "shifted": .bool(specification.isShifted), "beam": .integer(beam),
      "version": .string(OdorokiVersion.current), "training": part(training),
    ]
    if let heldOut { tree["heldOut"] = part(heldOut) }
    var recorded = ResultTree.emptyObject
    for (name, values) in curves.sorted(by: { $0.key < $1.key }) {
      recorded[name] = .vector(values)
    }
    tree["curves"] = recorded
    return tree
  }

  /// The loss per pass, with accuracies where they were measured.
  package var columns: ColumnTable {
    let loss = curves["loss"] ?? []
    let measured = curves["measured.epoch"] ?? []
    var columns = [
      ColumnTable.Column("epoch", values: loss.indices.map { Double($0 + 1) }),
      ColumnTable.Column("loss", unit: "nats", values: loss),
    ]
    for name in curves.keys.sorted() where name != "loss" && name != "measured.epoch" {
      var values = [Double](repeating: .nan, count: loss.count)
      for (epoch, value) in zip(measured, curves[name] ?? []) {
        if let place = Int(exactly: epoch), values.indices.contains(place - 1) {
          values[place - 1] = value
        }
      }
      columns.append(ColumnTable.Column(name, values: values))
    }
    return ColumnTable(columns)
  }
}

extension ResultTree {
  /// A seed; one beyond the whole numbers of a file is a text.
  static func seed(_ seed: UInt64) -> ResultTree {
    Int(exactly: seed).map { .integer($0) } ?? .string("\(seed)")
  }
}

extension TrainingTask {
  /// What the task is called in titles.
  func title(in language: ReportLanguage) -> String {
    switch self {
    case .poems:
      language.pick("Hyakunin Isshu: upper to lower verse", "百人一首: 上の句から下の句へ")
    case .masked: language.pick("Masked prediction on poems", "百人一首の穴埋め予測")
    case .nextToken: language.pick("Next character of a poem", "百人一首の次の文字の予測")
    case .nextSentence:
      language.pick("Do two verses belong together?", "上の句と下の句は対になっているか")
    }
  }
}
