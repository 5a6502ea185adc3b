internal import Glossary
internal import Reporting

/// The glossary's terms behind a result, as its last line; empty where there are none.
func termsLine(
  _ slugs: [String], in language: ReportLanguage, style: TerminalStyle
) -> String {
  let terms = slugs.compactMap(Glossary.entry).map {
    language.pick($0.englishInText, $0.japanese)
  }
  guard !terms.isEmpty else { return "" }
  let list = terms.joined(separator: language.pick(", ", "、"))
  return style.faint(language.pick("Terms: \(list)", "用語: \(list)")) + "\n"
}
