internal import Reporting

extension PosnerComparison {
  /// Recognition of the target, attention weights, and the two responses of the error units.
  func figure(_ trials: Trials, _ expecting: Pair) -> LocalizedFigure {
    let time = trials.valid.times.map { $0 * PosnerTrial.bin }
    return LocalizedFigure { language in
      let axis = language.pick("time (ms)", "時間（ms）")
      let valid = language.pick("valid cue", "有効な手がかり")
      let invalid = language.pick("invalid cue", "無効な手がかり")
      let neutral = language.pick("no cue", "手がかりなし")
      func target(
        _ name: String, _ trial: PosnerTrial, _ side: PosnerTrial.Side, _ variant: Int
      ) -> [Series] {
        let means = trial.means.map { $0[side.rawValue] }
        let deviations = trial.deviations.map { $0[side.rawValue] }
        return [
          .band(
            role: .cause, variant: variant, x: time,
            lower: zip(means, deviations).map { $0 - 1.645 * $1 },
            upper: zip(means, deviations).map { $0 + 1.645 * $1 }),
          .line(name, role: .cause, variant: variant, x: time, y: means),
        ]
      }
      let percept = Panel(
        title: language.pick("The target, and its 90 % interval", "標的とその 90 % 区間"),
        xLabel: axis, yLabel: language.pick("intensity", "強さ"),
        series: target(invalid, trials.invalid, .left, 1) + target(valid, trials.valid, .right, 0),
        legend: .insideRight, rules: [.horizontal(0)])
      let confidence = Panel(
        title: language.pick(
          "Confidence that the target is there (90 % dotted)", "標的があるという確信（点線は 90 %）"),
        xLabel: axis, yLabel: language.pick("probability", "確率"),
        series: [
          .line(valid, role: .cause, x: time, y: trials.valid.confidence(.right), width: 4),
          .line(
            neutral, role: .neutral(6), x: time, y: trials.neutral.confidence(.right), width: 4),
          .line(
            invalid, role: .cause, variant: 1, x: time, y: trials.invalid.confidence(.left),
            width: 4),
        ], yRange: 0...1.05, legend: .insideLeft, rules: [.horizontal(PosnerTrial.confidenceLevel)])
      // The softmax as points on the line of the precisions: they are the same.
      let some = stride(from: 0, to: time.count, by: 3).map { $0 }
      func weights(_ name: String, _ trial: PosnerTrial, _ variant: Int) -> [Series] {
        let softmax = trial.attentionWeights
        return [
          .line(
            name, role: .attention, variant: variant, x: time, y: trial.precisionWeights,
            width: 4),
          .points(
            role: .attention, variant: variant, x: some.map { time[$0] },
            y: some.map { softmax[$0] }),
        ]
      }
      let attention = Panel(
        title: language.pick(
          "Weight of the cued side: precision (lines), softmax (points)",
          "手がかり側の重み：精度（線）とソフトマックス（点）"),
        xLabel: axis, yLabel: language.pick("weight", "重み"),
        series: weights(valid, trials.valid, 0) + weights(invalid, trials.invalid, 2) + [
          .line(neutral, role: .neutral(6), x: time, y: trials.neutral.precisionWeights, width: 4)
        ], yRange: 0...1.05, legend: .insideLeft, rules: [.horizontal(0.5)])
      let early = Panel(
        title: language.pick(
          "Early: error unit of the target, darkness expected", "早い応答：標的の誤差ユニット（暗いと予想）"),
        xLabel: axis, yLabel: "ξ",
        series: [
          .line(
            valid, role: .error, x: time, y: expecting.valid.sensoryErrors.map { $0[1] }, width: 4),
          .line(
            invalid, role: .error, variant: 1, x: time,
            y: expecting.invalid.sensoryErrors.map { $0[0] }, width: 4),
        ], legend: .insideLeft, rules: [.horizontal(0)])
      let late = Panel(
        title: language.pick("Late: error unit of the context", "遅い応答：文脈の誤差ユニット"), xLabel: axis,
        yLabel: "ξ",
        series: [
          .line(
            valid, role: .error, x: time, y: trials.valid.contextErrors.map { $0[1] }, width: 4),
          .line(
            invalid, role: .error, variant: 1, x: time,
            y: trials.invalid.contextErrors.map { $0[1] }, width: 4),
        ], legend: .insideLeft, rules: [.horizontal(0)])
      return Figure(
        title: language.pick(
          "A cue gives precision, and precision gives confidence",
          "手がかりは精度を与え、精度は確信を与える"),
        rows: [[percept, confidence], [attention], [early, late]], height: 1200,
        language: language, rowWeights: [1, 0.85, 0.85])
    }
  }
}
