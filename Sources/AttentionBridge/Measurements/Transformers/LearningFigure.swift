internal import Reporting
internal import TensorCore
internal import Transformers

extension LearningResults {
  /// Relaxation, the sweep of precisions, learning and attention.
  var figure: LocalizedFigure {
    LocalizedFigure { language in
      Figure(
        title: language.pick(
          "One Transformer block, two learning rules: four tokens are to be repeated",
          "同じブロックを 2 つの規則で学習：4 文字の並びを繰り返す課題"),
        rows: [
          [relaxationPanel(language), sweepPanel(language)],
          [lossPanel(language), anglePanel(language)], mapPanels(language),
        ], height: 1500, language: language, rowWeights: [1, 1, 0.8],
        colorBar: Figure.ColorBar(
          range: 0...1, label: language.pick("attention weight", "注意の重み")))
    }
  }

  private func relaxationPanel(_ language: ReportLanguage) -> Panel {
    // The start, and the stage at which steps of fixed length raise F most.
    func rise(_ relaxation: WatchedRelaxation) -> Double {
      (relaxation.fixed.energies.max() ?? 0) - relaxation.fixed.energies[0]
    }
    let stage = relaxations.indices.max { rise(relaxations[$0]) < rise(relaxations[$1]) } ?? 0
    let (start, worst) = (relaxations[0], relaxations[stage])
    func line(
      _ course: ErrorRelaxation.Course, _ name: String, _ role: SeriesRole, _ dash: Dash
    ) -> Series {
      let shown = course.energies.prefix(LearningComparison.fixedSteps + 1)
      return .line(
        name, role: role, x: shown.indices.map { Double($0) }, y: shown.map { $0 / course.weight },
        width: 4, dash: dash)
    }
    let names = [language.pick("fixed", "一定"), language.pick("adaptive", "適応")]
    let comma = language.pick(", ", "・")
    func after(_ stage: Int) -> String {
      let count = stage * LearningComparison.steps / (relaxations.count - 1)
      return count == 0
        ? language.pick("before learning", "学習前")
        : language.pick("batch \(count)", "\(count) バッチ後")
    }
    let all = [start, worst].flatMap { [$0.fixed, $0.rest] }.flatMap { course in
      course.energies.map { $0 / course.weight }
    }
    let (least, most) = (all.min() ?? 1, all.max() ?? 1)
    return Panel(
      title: language.pick(
        "Relaxing states (π = 1) by fixed or adaptive steps", "状態の緩和（π = 1）：一定・適応ステップ"),
      xLabel: language.pick("relaxation steps", "緩和のステップ数"),
      yLabel: language.pick("free energy (nats per token)", "自由エネルギー（ナット／文字）"),
      series: [
        line(start.fixed, "\(names[0])\(comma)\(after(0))", .error, .dashed),
        line(start.rest, "\(names[1])\(comma)\(after(0))", .state, .dashed),
        line(worst.fixed, "\(names[0])\(comma)\(after(stage))", .error, .solid),
        line(worst.rest, "\(names[1])\(comma)\(after(stage))", .state, .solid),
      ],
      // Room for the legend above the curves.
      yRange: least / 2...most * (most / least).squareRoot() * 4, yScale: .logarithmic,
      legend: .insideRight)
  }

  private func sweepPanel(_ language: ReportLanguage) -> Panel {
    Panel(
      title: language.pick("Angle before learning", "学習前の角度"),
      xLabel: language.pick("precision π of states", "状態の精度 π"),
      yLabel: language.pick("angle to backpropagation (°)", "誤差逆伝播との角度（度）"),
      series: [
        .line(
          language.pick("theory κ/π", "理論 κ/π"), role: .truth, x: sweep.precisions,
          y: sweep.expected, dash: .dashed),
        .points(
          language.pick("equilibrium", "平衡"), role: .state, x: sweep.precisions,
          y: sweep.angles, size: 14),
      ], xScale: .logarithmic, yScale: .logarithmic, legend: .insideRight)
  }

  private func lossPanel(_ language: ReportLanguage) -> Panel {
    func line(
      _ name: String, _ values: [Double], _ role: SeriesRole, variant: Int = 0,
      width: Double = 4, dash: Dash = .solid
    ) -> Series {
      .line(
        name, role: role, variant: variant, x: values.indices.map { Double($0 + 1) }, y: values,
        width: width, dash: dash)
    }
    let (lowest, highest) = (Int(LearningComparison.low), Int(LearningComparison.high))
    return Panel(
      title: language.pick("Learning", "学習"),
      xLabel: language.pick("mini-batches", "ミニバッチの数"),
      yLabel: language.pick("nats per token", "ナット／文字"),
      series: [
        line(
          language.pick("backpropagation (BP)", "誤差逆伝播（逆伝播）"), reverse.losses, .neutral(6), width: 8
        ),
        line(
          language.pick("fixed predictions", "予測を固定"), fixed.losses, .error, width: 3,
          dash: .dashed),
        line(language.pick("π = \(highest), loss", "π = \(highest)・損失"), high.losses, .state),
        line(
          language.pick("π = \(lowest), loss", "π = \(lowest)・損失"), low.losses, .state, variant: 1),
        line(
          language.pick("π = \(lowest), F at rest", "π = \(lowest)・平衡の F"), low.restEnergies,
          .state, variant: 1, dash: .dashed),
      ], yRange: 0...1.6 * (low.losses + high.losses).reduce(0, max), legend: .insideRight)
  }

  private func anglePanel(_ language: ReportLanguage) -> Panel {
    func line(
      _ name: String, _ run: RuleTraining, _ values: [Double], _ role: SeriesRole,
      variant: Int = 0, width: Double = 5, dash: Dash = .solid
    ) -> Series {
      .line(
        name, role: role, variant: variant, x: run.comparedSteps.map { Double($0) }, y: values,
        width: width, dash: dash)
    }
    let (lowest, highest) = (Int(LearningComparison.low), Int(LearningComparison.high))
    return Panel(
      title: language.pick("Angle to backpropagation while learning", "学習中の誤差逆伝播との角度"),
      xLabel: language.pick("mini-batches", "ミニバッチの数"),
      yLabel: language.pick("angle (°)", "角度（度）"),
      series: [
        line(
          language.pick("two mini-batches", "2 つのミニバッチ"), fixed, fixed.batchAngles, .neutral(6),
          width: 3),
        line("π = \(lowest)", low, low.wholeAngles, .state, variant: 1),
        line("π = \(highest)", high, high.wholeAngles, .state),
        line(
          language.pick("fixed predictions", "予測を固定"), fixed, fixed.wholeAngles, .error,
          dash: .dashed),
        .line(
          language.pick("random direction", "ランダムな方向"), role: .truth,
          x: [0, Double(LearningComparison.steps)], y: [90, 90]),
      ], yRange: -3...180, legend: .insideRight)
  }

  private func mapPanels(_ language: ReportLanguage) -> [Panel] {
    let letters = examples[0].source.map { String("ABCDEFGH".dropFirst($0).prefix(1)) }
    return [
      (reverse, language.pick("BP", "逆伝播")),
      (high, "π = \(Int(LearningComparison.high))"),
      (low, "π = \(Int(LearningComparison.low))"),
    ].flatMap { run, title in
      run.maps(task, examples[0]).enumerated().map { head, map in
        Panel(
          title: language.pick("\(title), head \(head + 1)", "\(title)・ヘッド \(head + 1)"),
          xLabel: language.pick("key", "キー"), yLabel: language.pick("query", "クエリ"),
          series: [
            .heatMap(HeatMap(categories: map, range: 0...1, palette: .amount(.attention)))
          ], legend: .none, categories: letters, yCategories: letters)
      }
    }
  }
}
