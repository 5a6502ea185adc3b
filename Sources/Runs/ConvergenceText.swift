internal import Foundation
public import Recognition
public import Reporting

/// The passes of an inversion as lines for people, one as each of them ends.
///
/// A heading precedes the first line; all lines share their columns.
public struct ConvergenceText: Sendable {
  private let language: ReportLanguage
  private var kept: Double?

  /// Creates the text of one inversion.
  public init(language: ReportLanguage) { self.language = language }

  private static let widths = [9, 13, 11, 11, 11]

  /// The lines that a pass adds: its number, F, what changed and whether it was kept.
  ///
  /// - Returns: one line, or the heading and a line, joined by a line end but without a final one;
  ///   nil for schemes whose steps are samples.
  public mutating func text(after info: InversionInfo) -> String? {
    guard info.unit == .pass else { return nil }
    let change = kept.map { info.freeEnergy - $0 }
    var cells = [
      "\(info.completed)/\(info.limit)", Self.number(info.freeEnergy),
      change.map { ($0 > 0 ? "+" : "") + Self.number($0) } ?? "–",
    ]
    if info.isAccepted {
      cells += [brief(info.parameterChange), brief(info.precisionChange)]
      kept = info.freeEnergy
    } else {
      cells.append(
        "  "
          + language.pick(
            "rejected: kept the last estimate", "不採用: 直前の推定値を残しました"))
    }
    let line = Self.line(cells)
    guard info.completed == 1 else { return line }
    return Self.line([
      language.pick("iteration", "反復"), language.pick("F [nats]", "F [ナット]"),
      language.pick("change", "変化"), language.pick("parameters", "パラメータ"),
      language.pick("precisions", "対数精度"),
    ]) + "\n" + line
  }

  /// F with the digits that matter while it settles.
  private static func number(_ value: Double) -> String {
    guard value.isFinite else { return brief(value) }
    return abs(value) < 1e7 ? String(format: "%.3f", value) : String(format: "%.6e", value)
  }

  private static func line(_ cells: [String]) -> String {
    zip(cells, widths).map { cell, width in
      String(repeating: " ", count: max(0, width - DisplayWidth.cells(cell))) + cell
    }.joined(separator: " ")
  }
}
