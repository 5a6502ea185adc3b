internal import DynamicModels
public import ModelFiles
internal import ODEEngine
internal import Recognition
public import Reporting

/// A publication behind a run, and what it stands for there.
public struct Citation: Sendable, Equatable {
  /// What the run takes from it, in English.
  public let purpose: String
  /// What the run takes from it, in Japanese.
  public let japanesePurpose: String
  /// Author, year, title or journal, as printed.
  public let reference: String
}

extension RunPlan {
  /// The publications behind this plan on a model.
  public func citations(for file: ModelFile) -> [Citation] {
    var found: [Citation] = []
    func add(_ purpose: String, _ japanese: String, _ reference: String) {
      found.append(
        Citation(purpose: purpose, japanesePurpose: japanese, reference: reference))
    }
    if let source = file.citation { add("model", "モデル", source) }
    add(
      "hierarchical dynamic models", "階層動的モデル",
      "Friston 2008, Hierarchical models in the brain, PLoS Comput Biol 4:e1000211")
    switch schemeKind(for: file) {
    case .recognition:
      add(
        "recognition dynamics with state and error units", "状態ユニットと誤差ユニットの認識ダイナミクス",
        "Friston 2009, The free-energy principle: a rough guide to the brain?, "
          + "Trends Cogn Sci 13:293")
      let hasUnknowns = file.model.levels.contains { level in
        !level.parameters.blocks.isEmpty || !level.outputPrecision.components.isEmpty
          || !level.statePrecision.components.isEmpty
      }
      if hasUnknowns {
        add(
          "second-order motion of parameters and log-precisions",
          "パラメータと対数精度の 2 階の運動", Self.generalizedFiltering)
      }
      add(integrator.purpose.english, integrator.purpose.japanese, integrator.reference)
      if integrator != .localLinear {
        add(
          "integrators", "積分法の実装",
          "Galassi et al. 2009, GNU Scientific Library Reference Manual, 3rd ed.")
      }
    case .dem:
      add(
        "dynamic expectation maximisation", "動的期待値最大化",
        "Friston, Trujillo-Barreto & Daunizeau 2008, DEM: a variational treatment of dynamic "
          + "systems, NeuroImage 41:849")
    case .filter:
      add("generalised filtering", "一般化フィルタリング", Self.generalizedFiltering)
    case .kalman:
      add(
        "Kalman filter", "カルマンフィルタ",
        "Kalman 1960, A new approach to linear filtering and prediction problems, "
          + "J Basic Eng 82:35")
      add(
        "smoother", "平滑化",
        "Rauch, Tung & Striebel 1965, Maximum likelihood estimates of linear dynamic systems, "
          + "AIAA J 3:1445")
    }
    return found
  }

  private static let generalizedFiltering =
    "Friston, Stephan, Li & Daunizeau 2010, Generalised filtering, Math Probl Eng 2010:621670"

  /// The publications as text, one per line.
  public func citationText(for file: ModelFile, in language: ReportLanguage) -> String {
    Citation.text(citations(for: file), in: language)
  }
}

extension Citation {
  /// Publications as text, one per line, each once.
  static func text(_ citations: [Citation], in language: ReportLanguage) -> String {
    var seen: Set<String> = []
    return citations.filter { seen.insert($0.reference).inserted }.map {
      "\(language.pick($0.purpose, $0.japanesePurpose)): \($0.reference)\n"
    }.joined()
  }

  /// What the evidence of reduced models rests on.
  static let modelReduction = Citation(
    purpose: "Bayesian model reduction", japanesePurpose: "ベイズモデル縮約",
    reference: "Friston & Penny 2011, Post hoc Bayesian model selection, NeuroImage 56:2089")

  /// What the grades of evidence are taken from.
  static let gradesOfEvidence = Citation(
    purpose: "grades of evidence", japanesePurpose: "証拠の強さの言い表し方",
    reference: "Kass & Raftery 1995, Bayes factors, J Am Stat Assoc 90:773")
}

extension StepperKind {
  fileprivate var purpose: (english: String, japanese: String) {
    ("stepper \(rawValue)", "解法 \(rawValue)")
  }

  /// Where the method comes from.
  fileprivate var reference: String {
    switch self {
    case .rk4:
      "Kutta 1901, Beitrag zur näherungsweisen Integration totaler Differentialgleichungen, "
        + "Z Math Phys 46:435"
    case .rkf45:
      "Fehlberg 1969, Low-order classical Runge–Kutta formulas with stepsize control, "
        + "NASA TR R-315"
    case .rkck:
      "Cash & Karp 1990, A variable order Runge–Kutta method for initial value problems with "
        + "rapidly varying right-hand sides, ACM Trans Math Softw 16:201"
    case .rk8pd:
      "Prince & Dormand 1981, High order embedded Runge–Kutta formulae, J Comput Appl Math 7:67"
    case .rk1imp, .rk2imp, .rk4imp:
      "Butcher 1964, Implicit Runge–Kutta processes, Math Comput 18:50"
    case .bsimp:
      "Bader & Deuflhard 1983, A semi-implicit mid-point rule for stiff systems of ordinary "
        + "differential equations, Numer Math 41:373"
    case .msadams, .msbdf:
      "Byrne & Hindmarsh 1975, A polyalgorithm for the numerical solution of ordinary "
        + "differential equations, ACM Trans Math Softw 1:71"
    case .localLinear:
      "Ozaki 1992, A bridge between nonlinear time series models and nonlinear stochastic "
        + "dynamical systems, Stat Sin 2:113"
    }
  }
}
