import Testing

@testable import Reporting

@Suite("Text for terminals")
struct TextTableTests {
  private func terminal(width: Int, language: String = "ja_JP.UTF-8") -> TerminalStyle {
    TerminalStyle(
      isTerminal: true, environment: ["LANG": language, "NO_COLOR": "1"], width: width)
  }

  @Test(
    "Widths in cells",
    arguments: [
      ("abc", 3), ("感覚", 4), ("μ̃", 1), ("ｶﾅ", 2), ("ｆ", 2), ("が", 2), ("か\u{3099}", 2),
      ("‖ξ‖", 3), ("é", 1), ("한글", 4), ("🙂", 2), ("👩‍🔬", 2), ("", 0), ("（90 %）", 8), ("—…─█", 4),
    ])
  func widths(text: String, cells: Int) {
    #expect(DisplayWidth.cells(text) == cells)
  }

  @Test("Cutting never splits a wide character")
  func truncation() {
    #expect(DisplayWidth.truncate("感覚データ", to: 10) == "感覚データ")
    #expect(DisplayWidth.truncate("感覚データ", to: 9) == "感覚デー…")
    #expect(DisplayWidth.truncate("感覚データ", to: 8) == "感覚デ…")
    #expect(DisplayWidth.truncate("abc", to: 0) == "")
  }

  @Test("Columns line up with wide characters, digits and missing values")
  func alignment() {
    let table = TextTable(
      title: "自由エネルギー",
      columns: [
        .init("名前", texts: ["畳み込み", "lorenz"]),
        .init("F [nats]", numbers: [-512.3456, 7.25]),
        .init("驚き", numbers: [nil, 1.5e-9]),
        .init("n", [.integer(32), .integer(1_000_000)]),
      ])
    #expect(
      table.text() == """
        自由エネルギー
        名前      F [nats]       驚き        n
        ────────  ────────  ─────────  ───────
        畳み込み    -512.3          —       32
        lorenz         7.2  1.500e-09  1000000

        """)
  }

  @Test("ASCII terminals get ASCII")
  func ascii() {
    let style = TerminalStyle(
      isTerminal: true, environment: ["LANG": "C", "TERM": "dumb"], width: 80)
    let table = TextTable(columns: [.init("F", numbers: [1, nil, 3, 4, 5])])
    #expect(
      table.text(style: style, maximumRows: 2) == """
        F
        -
        1
        ...  (3 more rows)
        5

        """)
  }

  @Test("Middle rows give way to their number")
  func elision() {
    let table = TextTable(columns: [
      .init("t", numbers: (0..<32).map { Double($0) * 0.5 })
    ])
    #expect(
      table.text(maximumRows: 5, language: .japanese) == """
           t
        ────
         0.0
         0.5
         1.0
        …  （ほか 27 行）
        15.0
        15.5

        """)
    // A remark would be as long as the one row it hides.
    #expect(!table.text(maximumRows: 31).contains("more rows"))
  }

  @Test("Narrow terminals cut texts, then name the columns that do not fit")
  func narrow() {
    let table = TextTable(columns: [
      .init("model", texts: ["とても長い名前のモデル"]), .init("F", numbers: [1]),
      .init("energy", numbers: [2]), .init("entropy", numbers: [3]),
    ])
    let text = table.text(style: terminal(width: 20))
    #expect(
      text == """
        model     F  energy
        ────────  ─  ──────
        とても…   1       2
        (not shown for want of width: entropy)

        """)
  }

  @Test("Color only where it is wanted")
  func color() {
    let table = TextTable(title: "T", columns: [.init("a", numbers: [1])])
    let colored = TerminalStyle(isTerminal: true, environment: ["LANG": "C.UTF-8"], width: 80)
    #expect(table.text(style: colored).hasPrefix("\u{1b}[1mT\u{1b}[0m\n"))
    #expect(!table.text(style: terminal(width: 80)).contains("\u{1b}"))
    #expect(!table.text(style: .plain).contains("\u{1b}"))
  }

  @Test("What the environment says about the terminal")
  func environment() {
    func style(_ environment: [String: String]) -> TerminalStyle {
      TerminalStyle(isTerminal: true, environment: environment, width: 80)
    }
    #expect(style([:]).usesUnicode && style([:]).usesColor)
    #expect(!style(["NO_COLOR": "1"]).usesColor && style(["NO_COLOR": ""]).usesColor)
    #expect(!style(["LC_ALL": "C", "LANG": "ja_JP.UTF-8"]).usesUnicode)
    #expect(style(["LC_ALL": "", "LANG": "ja_JP.utf8"]).usesUnicode)
    #expect(!style(["LANG": "ja_JP.eucJP"]).usesUnicode)
  }

  @Test("Number columns: fixed digits, exponents where zeros would hide values, integers bare")
  func numbers() {
    func texts(_ values: [Double]) -> [String] {
      let format = NumberFormat(for: values, significantDigits: 4)
      return values.map(format.text)
    }
    #expect(texts([0, 1, 12]) == ["0", "1", "12"])
    #expect(texts([-512.34, 0.5]) == ["-512.3", "0.5"])
    #expect(texts([0.123456, -0.00001]) == ["1.235e-01", "-1.000e-05"])
    #expect(texts([123456, 0.02]) == ["1.235e+05", "2.000e-02"])
    #expect(texts([1.5, 1e-17]) == ["1.5", "0.0"])
    #expect(texts([-0.0, 2.25]) == ["0.00", "2.25"])
    #expect(texts([3e9]) == ["3.000e+09"])
    #expect(texts([]) == [])
  }

  @Test("Sparklines")
  func sparklines() {
    #expect(Sparkline.text([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█")
    #expect(Sparkline.text([0, 1, 2, 3, 4, 5, 6, 7], usesUnicode: false) == "_.,-=+*#")
    #expect(Sparkline.text([5, 5, 5]) == "▄▄▄")
    #expect(Sparkline.text([1, .nan, 2]) == "▁ █")
    #expect(Sparkline.text([]) == "")
    #expect(Sparkline.text([0, 0, 1, 1, 0, 0], width: 3) == "▁█▁")
    #expect(Sparkline.text([-1e308, 1e308]) == "▁█")
  }

  @Test("Progress shows on terminals only, is rate limited, and clears itself")
  func progress() {
    let sink = Sink()
    let style = terminal(width: 60)
    let line = ProgressLine("run", style: style, interval: .seconds(3600)) { sink.append($0) }
    line.update(1, of: 4, note: "t = 8")
    line.update(2, of: 4)
    line.clear()
    line.clear()
    #expect(
      sink.texts == ["\r\u{1b}[Krun  ██████░░░░░░░░░░░░░░░░░░  25 %  t = 8", "\r\u{1b}[K"])
    let silent = Sink()
    ProgressLine("run", style: .plain, interval: .zero) { silent.append($0) }.update(1, of: 4)
    #expect(silent.texts.isEmpty)
    let cut = ProgressLine("感覚データ", style: terminal(width: 20), interval: .zero) { _ in }
    #expect(DisplayWidth.cells(cut.line(fraction: 2, note: "")) <= 19)
  }
}
