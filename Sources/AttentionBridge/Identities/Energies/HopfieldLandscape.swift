internal import Reporting
internal import TensorCore

/// The energy of four keys in a plane, as the ground of figures.
struct HopfieldLandscape {
  /// The keys and β; the query does not matter.
  let problem: AttentionProblem

  /// Four keys at some distance, at a β that tells them apart.
  static let example = HopfieldLandscape(
    problem: AttentionProblem(
      query: [0, 0], keys: [[1.3, 0.8], [-1.2, 1.0], [-0.9, -1.0], [1.0, -1.2]],
      values: [[1.3, 0.8], [-1.2, 1.0], [-0.9, -1.0], [1.0, -1.2]], inverseTemperature: 2.2))

  /// The heat map of E and the keys.
  func series(_ language: ReportLanguage) -> [Series] {
    let places = stride(from: -2.0, through: 2.0, by: 0.05).map { $0 }
    let energy = HopfieldEnergy(problem)
    let values = places.flatMap { y in places.map { x in energy.value(at: [x, y]) } }
    let map = HeatMap(
      x: places, y: places,
      values: Tensor(shape: .matrix(places.count, places.count), values: values),
      palette: .amount(.data))
    return [
      .heatMap(map),
      .points(
        language.pick("key", "キー"), role: .cause, x: problem.keys.map { $0[0] },
        y: problem.keys.map { $0[1] }, size: 22),
    ]
  }

  /// The panel around series on the landscape.
  func panel(_ series: [Series], _ language: ReportLanguage) -> Panel {
    Panel(
      title: language.pick("Energy E(q) of four keys", "4 つのキーのエネルギー E(q)"),
      xLabel: language.pick("query q₁", "クエリ q₁"), yLabel: language.pick("query q₂", "クエリ q₂"),
      series: series, xRange: -2...2, yRange: -2...2, legend: .insideRight)
  }
}
