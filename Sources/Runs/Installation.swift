internal import Foundation
internal import ODEEngine
public import Reporting
internal import TensorCore

/// What this installation found, and what it misses.
public struct Installation: Sendable {
  /// One thing that was looked for.
  public struct Finding: Sendable, Equatable {
    /// Whether it is there.
    public let isPresent: Bool
    /// What it is.
    public let english: String, japanese: String
    /// The version or the place.
    public let detail: String
    /// The Debian package that brings it, where it is missing.
    public let package: String?
  }

  /// The findings in the order of printing.
  public let findings: [Finding]

  /// Looks around.
  public init(library: ModelLibrary = .installed, environment: [String: String]? = nil) {
    let environment = environment ?? ProcessInfo.processInfo.environment
    var found: [Finding] = []
    func add(
      _ english: String, _ japanese: String, _ detail: String?, package: String? = nil
    ) {
      found.append(
        Finding(
          isPresent: detail != nil, english: english, japanese: japanese, detail: detail ?? "",
          package: detail == nil ? package : nil))
    }
    add("odoroki", "odoroki", OdorokiVersion.current)
    add("GNU Scientific Library", "GNU 科学計算ライブラリ", ODEEngineInfo.gslVersion)
    let gnuplot = GnuplotRenderer()
    let version = try? gnuplot.version()
    add(
      "gnuplot (figures)", "gnuplot（図）",
      version.map { text in gnuplot.location.map { "\(text), \($0)" } ?? text },
      package: "gnuplot-nox")
    let families = FontCatalog.families(language: "ja")
    let own = families?.first { $0.contains(FontCatalog.figureFamily) }
    add(
      "fonts for Japanese figures", "日本語の図のためのフォント",
      own ?? families?.first,
      package: families == nil ? "fontconfig fonts-noto-cjk" : "fonts-noto-cjk")
    let blas = BLASLibrary.shared
    found.append(
      Finding(
        isPresent: blas.refusal == nil || blas.refusal == .declined,
        english: Self.products, japanese: "OpenBLAS（大きな行列の積）", detail: Self.detail(of: blas),
        package: blas.remedy))
    let entries = library.entries
    add(
      "models", "モデル",
      entries.isEmpty
        ? nil : "\(entries.count): \(library.folders.joined(separator: ", "))")
    let names = ["LC_ALL", "LC_MESSAGES", "LANG"]
    let locale = names.lazy.compactMap { name in
      environment[name].flatMap { $0.isEmpty ? nil : "\(name)=\($0)" }
    }.first
    add("locale", "ロケール", locale ?? "C")
    findings = found
  }

  private static let products = "OpenBLAS (large matrix products)"

  /// The library, its kernels and the outcome of its test, or why it is not used.
  private static func detail(of library: BLASLibrary) -> String {
    switch library.refusal {
    case nil:
      let test = library.selfTestError.map { String(format: "self-test: %.1f ulp", $0) }
      return [library.name, library.core, test].compactMap { $0 }.joined(separator: ", ")
    case .declined: return "ODOROKI_BLAS=none"
    case .absent(let names): return names.joined(separator: ", ")
    case .incomplete(let function): return "\(library.name ?? ""): \(function)?"
    case .wrong:
      let error = library.selfTestError ?? .infinity
      return String(
        format: "%@, %@, self-test: %.1g ulp", library.name ?? "", library.core ?? "", error)
    }
  }

  /// Whether nothing is missing.
  public var isComplete: Bool { findings.allSatisfy(\.isPresent) }

  /// The command that installs what is missing, if a package brings it.
  public var remedy: String? {
    let packages = findings.compactMap(\.package)
    guard !packages.isEmpty else { return nil }
    let prefix = getuid() == 0 ? "" : "sudo "
    return "\(prefix)apt-get install \(packages.joined(separator: " "))"
  }

  /// The findings as a person reads them.
  public func text(in language: ReportLanguage, style: TerminalStyle) -> String {
    let table = TextTable(columns: [
      TextTable.Column(
        "",
        texts: findings.map {
          $0.isPresent ? language.pick("found", "あり") : language.pick("MISSING", "なし")
        }),
      TextTable.Column(
        language.pick("what", "項目"), texts: findings.map { language.pick($0.english, $0.japanese) }),
      TextTable.Column(
        language.pick("version or place", "版・場所"), texts: findings.map(\.detail)),
    ])
    var text = table.text(style: style, language: language) + "\n"
    if isComplete {
      text += language.pick("Everything is there.\n", "必要なものはすべて揃っています。\n")
    }
    if let remedy {
      text += language.pick("Install what is missing with:\n", "足りないものは次のコマンドで導入できます:\n")
      text += "  \(remedy)\n"
    }
    if findings.contains(where: { !$0.isPresent && $0.english == Self.products }) {
      text += language.pick(
        "Without OpenBLAS everything runs; large matrix products use Odoroki's own kernels.\n",
        "OpenBLAS がなくてもすべて動作します。大きな行列の積には Odoroki 自身のカーネルを使います。\n")
    }
    if findings.contains(where: { !$0.isPresent && $0.english == "models" }) {
      text += language.pick(
        "Set ODOROKI_MODELS to the folder that holds the models.\n",
        "モデルを置いたフォルダを環境変数 ODOROKI_MODELS に設定してください。\n")
    }
    return text
  }
}
