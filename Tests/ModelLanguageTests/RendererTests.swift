import ModelLanguage
import TestSupport
import Testing

/// Places, excerpts and carets.
struct RendererTests {
  private func location(_ line: Int, _ column: Int, _ file: String = "m.yaml")
    -> ModelLanguage.SourceLocation
  {
    ModelLanguage.SourceLocation(file: file, line: line, column: column)
  }

  @Test func theExampleOfTheDesign() {
    let line = #"        x: "[sigm * (x[2] - x[1]), …]""#
    let text = String(repeating: "\n", count: 13) + line + "\n"
    let source = SourceFile(name: "models/lorenz.yaml", text: text)
    let problem = Diagnostic(
      .unknownName("sigm", suggestion: "sigma"),
      at: SourceSpan(location(14, 14, "models/lorenz.yaml"), length: 4), context: .motion("x"))
    #expect(
      DiagnosticRenderer(sources: [source]).render(problem)
        == """
        models/lorenz.yaml:14:14: error: unknown name 'sigm' in motion of x
                x: "[sigm * (x[2] - x[1]), …]"
                     ^~~~  did you mean 'sigma'?

        """)
  }

  private func rendered(_ text: String, _ column: Int, _ length: Int) -> String {
    DiagnosticRenderer(sources: [SourceFile(name: "m.yaml", text: text)]).render(
      Diagnostic(.emptyLiteral, at: SourceSpan(location(1, column), length: length)))
  }

  private func excerpt(_ text: String, _ column: Int, _ length: Int) -> [Substring] {
    Array(rendered(text, column, length).split(separator: "\n").dropFirst())
  }

  @Test func wideCharactersTakeTwoColumns() {
    #expect(excerpt("速度 + 加速", 6, 2) == ["速度 + 加速", "       ^~~~"])
    #expect(excerpt("x + 加", 5, 1) == ["x + 加", "    ^~"])
    #expect(excerpt("👩‍👩‍👧 + y", 5, 1) == ["👩‍👩‍👧 + y", "     ^"])
    #expect(excerpt("e\u{301}e + y", 6, 1) == ["e\u{301}e + y", "     ^"])
  }

  @Test func controlCharactersDoNotReachTheTerminal() {
    #expect(excerpt("\tx\u{1B}[31m + y", 2, 1) == [" x\u{FFFD}[31m + y", " ^"])
    let kind = DiagnosticKind.malformedNumber("1\u{1B}[2J")
    let text = DiagnosticRenderer(sources: []).render(
      Diagnostic(kind, at: SourceSpan(location(1, 1))))
    #expect(!text.contains("\u{1B}"))
  }

  @Test func longLinesAreCutAroundTheCaret() throws {
    let line = (0..<400).map { "a\($0 % 10)" }.joined(separator: " ")
    for column in [1, 40, 99, 100, 101, 600, 1150, line.count, line.count + 1] {
      let lines = excerpt(line, column, 2)
      let shown = Array(lines[0])
      let caret = try #require(lines[1].firstIndex(of: "^"))
      let place = lines[1].distance(from: lines[1].startIndex, to: caret)
      #expect(shown.count <= 100, "column \(column)")
      if column <= line.count {
        #expect(shown[place] == Array(line)[column - 1], "column \(column)")
      }
      #expect((column > 34) == (shown.first == "…"))
    }
    #expect(excerpt(line, 10, 900)[1].count <= 100)
  }

  @Test func spansPastTheEndOfTheLineAreCut() {
    #expect(excerpt("x + y", 5, 10) == ["x + y", "    ^"])
    #expect(excerpt("x +", 4, 1) == ["x +", "   ^"])
    #expect(excerpt("x", 40, 3) == ["x", " ^"])
    #expect(rendered("", 1, 1) == "m.yaml:1:1: error: a vector needs at least one entry\n\n^\n")
  }

  @Test func severalStandInTheOrderOfTheirPlacesAndAreCapped() {
    let sources = [
      SourceFile(name: "b.yaml", text: "one\ntwo\n"), SourceFile(name: "a.csv", text: "three"),
    ]
    let problems = [(1, 3, "a.csv"), (2, 1, "b.yaml"), (1, 2, "b.yaml"), (1, 1, "b.yaml")].map {
      Diagnostic(.emptyLiteral, at: SourceSpan(location($0.0, $0.1, $0.2)))
    }
    let text = DiagnosticRenderer(sources: sources).render(problems)
    let heads = text.split(separator: "\n").filter { $0.contains("error") }.map { $0.prefix(10) }
    #expect(heads == ["b.yaml:1:1", "b.yaml:1:2", "b.yaml:2:1", "a.csv:1:3:"])
    let many = (1...25).map { Diagnostic(.emptyLiteral, at: SourceSpan(location(1, $0))) }
    let capped = DiagnosticRenderer(sources: []).render(many).split(separator: "\n")
    #expect(capped.count == 21)
    #expect(capped.last == "25 errors, of which the first 20 are shown")
    #expect(
      DiagnosticRenderer(sources: [], language: .japanese).render(many)
        .hasSuffix("エラーは全部で 25 件です。最初の 20 件を表示しました\n"))
  }

  @Test func linesEndWhereYamlEndsThem() {
    let file = SourceFile(name: "m.yaml", text: "a\r\nb\rc\n\nd\u{2028}e")
    #expect((0...7).map { file.line($0) } == [nil, "a", "b", "c", "", "d", "e", nil])
    #expect(file.lineCount == 6)
    #expect(SourceFile(name: "m.yaml", text: "").line(1) == "")
    #expect(SourceFile(name: "m.yaml", text: "a\n").line(2) == "")
  }

  @Test func fragmentsKnowWhereTheirCharactersStand() throws {
    let contiguous = SourceFragment(text: "x + y", start: location(3, 7))
    #expect(contiguous.span(4..<5) == SourceSpan(location(3, 11), length: 1))
    #expect(contiguous.span(5..<5) == SourceSpan(location(3, 12), length: 1))
    let single = SourceFragment(text: "x + y", all: location(2, 4))
    #expect(single.span(1..<4) == SourceSpan(location(2, 4), length: 1))
    // A block scalar: two lines of a file, joined by a line end.
    let places =
      [location(1, 5), location(1, 6), location(1, 7), location(1, 8)]
      + [location(2, 3), location(2, 4)]
    let block = SourceFragment(text: "x +\nyy", locations: places)
    #expect(block.span(0..<6) == SourceSpan(location(1, 5), length: 4))
    #expect(block.span(4..<6) == SourceSpan(location(2, 3), length: 2))
    #expect(block.location(at: 6) == location(2, 5))
    let problem = try #require(throws: Diagnostic.self) {
      try ExpressionParser.parse(
        SourceFragment(text: "x +\n* ", locations: places), context: .output("y"))
    }
    #expect(problem.span == SourceSpan(location(2, 3), length: 1))
    #expect(problem.context == .output("y"))
  }

  @Test(arguments: [
    (ExpressionContext.motion("x"), "motion of x", "x の運動で"),
    (.output("y"), "output y", "出力 y で"), (.precision("y"), "precision of y", "y の精度で"),
    (.cause("v"), "cause v", "原因 v で"), (.parameter("k"), "parameter k", "パラメータ k で"),
    (.initialValue("x"), "initial value of x", "x の初期値で"),
    (.prior("x"), "prior of x", "x の事前分布で"), (.binding("b"), "let b", "let b で"),
    (.function("f"), "function f", "関数 f で"), (.key("data"), "'data'", "'data' で"),
    (.process(.motion("x")), "motion of x of the process", "プロセスのx の運動で"),
  ])
  func everyPlaceHasAName(context: ExpressionContext, english: String, japanese: String) {
    let problem = Diagnostic(
      .divisionByZero, at: SourceSpan(location(1, 1)), context: context)
    #expect(
      DiagnosticRenderer(sources: []).render(problem)
        == "m.yaml:1:1: error: division by zero in \(english)\n")
    #expect(
      DiagnosticRenderer(sources: [], language: .japanese).render(problem)
        == "m.yaml:1:1: エラー: \(japanese)、ゼロで割っています\n")
  }
}
