/// A published comparison repeated at a much smaller scale: one measure over settings and seeds.
///
/// A large point is the mean over seeds, its interval one standard deviation to either side, and
/// small points are the single seeds. The heading always says that this is a toy version.
public struct SweepFigure: Sendable, Equatable {
  /// One method with its results.
  public struct Method: Sendable, Equatable {
    /// The name; may be empty for a single method.
    public var name: String
    /// The results of every seed for each setting; not finite where a run failed.
    public var values: [[Double]]

    /// Creates a method with its results.
    public init(_ name: String = "", values: [[Double]]) {
      self.name = name
      self.values = values
    }
  }

  /// The heading without the remark on scale, such as "Mask split".
  public var title: String
  /// The names of the settings, from left to right.
  public var settings: [String]
  /// The methods.
  public var methods: [Method]
  /// What is varied, with its unit.
  public var settingLabel: String
  /// What is measured, with its unit.
  public var measure: String
  /// Whether settings have an order, so that lines may join them.
  public var isOrdered: Bool
  /// What guessing reaches, where that is known.
  public var chance: Double?

  /// Creates a figure; a method with another number of results than settings is a caller's bug.
  public init(
    title: String, settings: [String], methods: [Method], settingLabel: String = "",
    measure: String, isOrdered: Bool = false, chance: Double? = nil
  ) {
    for method in methods {
      precondition(
        method.values.count == settings.count,
        "method '\(method.name)' has results for \(method.values.count) of \(settings.count) "
          + "settings")
    }
    self.title = title
    self.settings = settings
    self.methods = methods
    self.settingLabel = settingLabel
    self.measure = measure
    self.isOrdered = isOrdered
    self.chance = chance
  }

  /// The mean and the standard deviation (over n − 1) of the finite values; a single value has
  /// none, no value gives NaN.
  static func summary(_ values: [Double]) -> (mean: Double, deviation: Double?) {
    let finite = values.filter(\.isFinite)
    guard !finite.isEmpty else { return (.nan, nil) }
    let mean = finite.reduce(0, +) / Double(finite.count)
    guard finite.count > 1 else { return (mean, nil) }
    let sum = finite.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, (sum / Double(finite.count - 1)).squareRoot())
  }

  /// The figure.
  public func figure(language: ReportLanguage, width: Int = 1600, height: Int = 1000) -> Figure {
    let words = Words(language: language)
    var series: [Series] = []
    for (index, method) in methods.enumerated() {
      series += marks(of: method, at: index)
    }
    if let chance {
      let edges = [0.5, Double(settings.count) + 0.5]
      series.append(
        .line(words.chance, role: .truth, x: edges, y: [chance, chance], width: 2))
    }
    let most = methods.flatMap(\.values).map(\.count).max() ?? 0
    let hasNames = methods.contains { !$0.name.isEmpty }
    return Figure(
      title: words.title(title),
      rows: [
        [
          Panel(
            title: most > 1 ? words.explanation(most) : "", xLabel: settingLabel, yLabel: measure,
            series: series, legend: hasNames || chance != nil ? .right : .none,
            categories: settings, turnsLongCategories: true)
        ]
      ], width: width, height: height, language: language)
  }

  private func marks(of method: Method, at index: Int) -> [Series] {
    let role = SeriesRole.neutral(index)
    // Methods stand side by side within 0.6 of the distance between settings.
    let step = 0.6 / Double(max(methods.count, 1))
    let shift = (Double(index) - Double(methods.count - 1) / 2) * step
    let centers = settings.indices.map { Double($0 + 1) + shift }
    let summaries = method.values.map(Self.summary)
    let means = summaries.map(\.mean)
    let half = summaries.map { $0.deviation ?? .nan }
    var dots: (x: [Double], y: [Double]) = ([], [])
    for (center, values) in zip(centers, method.values) where values.count > 1 {
      for (seed, value) in values.enumerated() {
        // Seeds of equal results must not hide each other.
        let place = Double(seed) / Double(values.count - 1) - 0.5
        dots.x.append(center + place * min(0.3 * step, 0.12))
        dots.y.append(value)
      }
    }
    var series: [Series] = []
    if isOrdered { series.append(.line(role: role, x: centers, y: means, width: 2)) }
    series.append(
      .intervals(
        role: role, x: centers, lower: zip(means, half).map { $0 - $1 },
        upper: zip(means, half).map { $0 + $1 }))
    series.append(.points(method.name, role: role, x: centers, y: means, size: 18))
    series.append(.points(role: .truth, x: dots.x, y: dots.y, size: 6))
    return series
  }

  private struct Words {
    let language: ReportLanguage

    func title(_ title: String) -> String {
      let remark = language.pick("Toy version", "簡易版")
      guard !title.isEmpty else { return remark }
      return language.pick("\(remark): \(title)", "\(remark)：\(title)")
    }

    func explanation(_ seeds: Int) -> String {
      language.pick(
        "mean and standard deviation over \(seeds) seeds; small: single seeds",
        "\(seeds) 通りの乱数種の平均と標準偏差（小さい点：個々の結果）")
    }

    var chance: String { language.pick("chance", "偶然の水準") }
  }
}
