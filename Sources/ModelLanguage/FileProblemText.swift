internal import TensorCore

extension FileProblem {
  /// The sentence that states the problem.
  public func message(_ language: DiagnosticLanguage) -> String {
    let (english, japanese) = text
    return language == .english ? english : japanese
  }

  /// The nearest valid name, where there is one.
  public var suggestion: String? {
    switch self {
    case .unknownKey(_, _, let suggestion, _), .unknownChoice(_, _, let suggestion, _),
      .unknownSlug(_, let suggestion), .motionWithoutState(_, let suggestion),
      .unknownChannel(_, let suggestion, _), .unknownPath(_, _, let suggestion, _),
      .unknownColumn(_, let suggestion, _), .unknownCause(_, let suggestion, _):
      suggestion
    default: nil
    }
  }

  /// What would have been right, where that can be listed.
  public func expectation(_ language: DiagnosticLanguage) -> String? {
    let list: [String]
    switch self {
    case .unknownKey(_, _, nil, let allowed), .unknownChoice(_, _, nil, let allowed),
      .unknownChannel(_, nil, let allowed), .unknownPath(_, _, nil, let allowed),
      .unknownColumn(_, nil, let allowed), .unknownCause(_, nil, let allowed):
      list = allowed
    case .wrongShape(_, let expected, _):
      let shapes = expected.map { $0.text(language) }
      return FileProblem.expected(FileProblem.alternatives(shapes, language), language)
    case .wrongKind(_, let expected, _):
      return FileProblem.expected(expected.text(language), language)
    default: return nil
    }
    guard !list.isEmpty else { return nil }
    let shown = list.count > 12 ? Array(list.prefix(12)) + ["…"] : list
    let joined = shown.joined(separator: ", ")
    if shown.count == 1 { return FileProblem.expected("'\(joined)'", language) }
    return FileProblem.expected(
      language == .english ? "one of \(joined)" : "\(joined) のどれか", language)
  }

  private static func expected(_ what: String, _ language: DiagnosticLanguage) -> String {
    language == .english ? "expected \(what)" : "\(what.last == "'" ? what + " " : what)が必要です"
  }

  static func alternatives(_ items: [String], _ language: DiagnosticLanguage) -> String {
    guard let last = items.last, items.count > 1 else { return items.first ?? "" }
    let rest = items.dropLast().joined(separator: language == .english ? ", " : "、")
    return language == .english ? "\(rest) or \(last)" : "\(rest)、\(last)のどれか"
  }

  // One table keeps the two languages of a problem next to each other.
  private var text: (String, String) {
    switch self {
    case .brokenYAML, .unquotedExpression, .emptyFile, .unclosedBracket, .notAModel,
      .severalDocuments, .anchor, .tag,
      .controlCharacter, .invalidUTF8, .nestingTooDeep, .duplicateKey, .keyNotText:
      return yamlText
    case .tooFewLevels, .priorLevelHas, .motionWithoutState, .stateWithoutMotion, .wrongShape,
      .notSymmetric, .notPositiveDefinite, .notPositiveSemidefinite, .notFiniteAtStart,
      .causeEmitted, .precisionNotConstantInProcess, .priorReadsStates:
      return modelText
    case .unreadableDataFile, .dataFileTooLarge, .dataFileEmpty, .unknownChannel, .missingChannel,
      .duplicateChannel, .wrongColumnCount, .notANumber, .wrongRowCount, .unclosedQuote,
      .missingConfound, .confoundRowCount, .missingCause, .unknownColumn, .unknownCause,
      .binaryData:
      return dataText
    case .overrideSyntax, .unknownPath, .indexOutOfRange, .notAContainer:
      return overrideText
    default:
      return valueText
    }
  }

  private var yamlText: (String, String) {
    switch self {
    case .brokenYAML(let problem):
      return ("broken YAML: \(problem)", "YAML として読めません: \(YamlPhrases.japanese(problem))")
    case .unquotedExpression(let split):
      return (
        "YAML splits this expression at '\(split)': put it in quotes",
        "YAML がこの式を '\(split)' で区切ってしまいます。引用符で囲んでください"
      )
    case .emptyFile: return ("the file is empty", "ファイルが空です")
    case .unclosedBracket(let bracket):
      return ("this '\(bracket)' is not closed", "この '\(bracket)' が閉じていません")
    case .notAModel(let found):
      return (
        "a model file is \(FileValueKind.mapping.text(.english)), not \(found.text(.english))",
        "モデルファイルは\(FileValueKind.mapping.text(.japanese))です。"
          + "\(found.text(.japanese))ではありません"
      )
    case .severalDocuments:
      return (
        "a second YAML document starts here, but a model file holds one",
        "ここから 2 つめの YAML 文書が始まっています。モデルファイルに書けるのは 1 つだけです"
      )
    case .anchor:
      return (
        "YAML anchors and aliases are not used in model files: use 'let' or write the value again",
        "モデルファイルでは YAML のアンカーとエイリアスは使えません。'let' を使うか、値をもう一度書いてください"
      )
    case .tag:
      return ("YAML tags are not used in model files", "モデルファイルでは YAML のタグは使えません")
    case .controlCharacter(let code):
      let hex = FileProblem.hexadecimal(code, digits: 4)
      return (
        "control character U+\(hex): this is not a text file",
        "制御文字 U+\(hex) があります。テキストファイルではないようです"
      )
    case .invalidUTF8(let byte):
      let hex = FileProblem.hexadecimal(UInt32(byte), digits: 2)
      return (
        "byte 0x\(hex) is not valid UTF-8: save the file as UTF-8 text",
        "バイト 0x\(hex) は UTF-8 として正しくありません。UTF-8 のテキストとして保存してください"
      )
    case .nestingTooDeep(let limit):
      return ("nested more than \(limit) deep", "入れ子が \(limit) 段を超えています")
    case .duplicateKey(let key, let line):
      let first = line.map { ("; first on line \($0)", "（最初は \($0) 行目）") } ?? ("", "")
      return ("key '\(key)' is given twice\(first.0)", "キー '\(key)' が二度書かれています\(first.1)")
    default:
      return ("a key must be plain text", "キーはただの文字列でなければなりません")
    }
  }

  private var valueText: (String, String) {
    switch self {
    case .unknownKey(let key, let section, _, _):
      return (
        "unknown key '\(key)' in \(section.text(.english))",
        "\(section.text(.japanese))に '\(key)' というキーはありません"
      )
    case .missingKey(let key, let section):
      return (
        "\(section.text(.english)) needs the key '\(key)'",
        "\(section.text(.japanese))にはキー '\(key)' が必要です"
      )
    case .wrongKind(let key, _, let found):
      return (
        "'\(key)' cannot be \(found.text(.english))",
        "'\(key)' に\(found.text(.japanese))は書けません"
      )
    case .unknownChoice(let key, let value, _, _):
      return ("unknown \(key) '\(value)'", "\(key) に '\(value)' はありません")
    case .nonFiniteNumber(let text):
      return ("'\(text)' is not a finite number", "'\(text)' は有限の数ではありません")
    case .notPositive(let quantity, let value):
      return (
        "\(quantity.text(.english)) must be greater than 0, not \(value)",
        "\(quantity.text(.japanese))は 0 より大きくなければなりません（今は \(value)）"
      )
    case .negative(let quantity, let value):
      return (
        "\(quantity.text(.english)) must not be negative, but is \(value)",
        "\(quantity.text(.japanese))は負であってはなりません（今は \(value)）"
      )
    case .notWhole(let quantity, let value):
      return (
        "\(quantity.text(.english)) must be a whole number, not \(value)",
        "\(quantity.text(.japanese))は整数でなければなりません（今は \(value)）"
      )
    case .tooLarge(let quantity, let value, let limit):
      return (
        "\(quantity.text(.english)) must be at most \(limit), not \(value)",
        "\(quantity.text(.japanese))は \(limit) 以下でなければなりません（今は \(value)）"
      )
    case .causeOrderExceedsStateOrder(let causes, let states):
      return (
        "orders out of range: d = \(causes) for causes exceeds n = \(states) for states",
        "次数が範囲外です: 原因の d = \(causes) が状態の n = \(states) を超えています"
      )
    case .invalidName(let name):
      return (
        "'\(name)' cannot be a name: use letters, digits and '_', a letter first",
        "'\(name)' は名前に使えません。英字で始まる英数字と '_' だけの名前にしてください"
      )
    case .duplicateName(let name, let line):
      return (
        "name '\(name)' is already defined on line \(line)",
        "名前 '\(name)' は \(line) 行目ですでに定義されています"
      )
    case .reservedName(let name):
      return (
        "'\(name)' is time and cannot be defined", "'\(name)' は時間を表すので、定義できません"
      )
    case .raggedMatrix(let row, let expected, let found):
      return (
        "row \(row) has \(FileProblem.entries(found)), but row 1 has \(expected)",
        "1 行目は \(expected) 個なのに、\(row) 行目は \(found) 個です"
      )
    case .unknownSlug(let slug, _):
      return ("no glossary entry '\(slug)'", "用語集に '\(slug)' という項目はありません")
    default: return ("", "")
    }
  }

  private var modelText: (String, String) {
    switch self {
    case .tooFewLevels(let count):
      return (
        "a model has at least one level and, last, the prior on causes; this one has \(count)",
        "モデルには少なくとも 1 つの階層と、最後に原因の事前分布が要ります（今は \(count) 個）"
      )
    case .priorLevelHas(let key, let level):
      return (
        "level \(level) is the prior on causes and cannot have '\(key)': add a level after it",
        "第 \(level) 階層は原因の事前分布なので '\(key)' は書けません。この後にもう 1 つ階層を足してください"
      )
    case .motionWithoutState(let name, _):
      return (
        "motion of '\(name)', but there is no state '\(name)'",
        "'\(name)' の motion がありますが、状態 '\(name)' がありません"
      )
    case .stateWithoutMotion(let name):
      return ("state '\(name)' has no motion", "状態 '\(name)' に motion がありません")
    case .wrongShape(let tensor, _, let found):
      return (
        "\(tensor.text(.english)) is \(found.text(.english))",
        "\(tensor.text(.japanese))が\(found.text(.japanese))になっています"
      )
    case .notSymmetric(let tensor, let row, let column):
      return (
        "\(tensor.text(.english)) is not symmetric:"
          + " entries (\(row), \(column)) and (\(column), \(row)) differ",
        "\(tensor.text(.japanese))が対称ではありません: 成分 (\(row), \(column)) と (\(column), \(row)) が違います"
      )
    case .notPositiveDefinite(let tensor):
      return (
        "\(tensor.text(.english)) is not positive definite",
        "\(tensor.text(.japanese))が正定値ではありません"
      )
    case .notPositiveSemidefinite(let tensor):
      return (
        "\(tensor.text(.english)) is not positive semi-definite",
        "\(tensor.text(.japanese))が半正定値ではありません"
      )
    case .notFiniteAtStart(let what, let level, let element, let value):
      let place = level.map { ("of level \($0) ", "第 \($0) 階層の ") } ?? ("of the process ", "プロセスの ")
      return (
        "\(what) \(place.0)is not finite at the initial state: \(element) gives \(value)",
        "\(place.1)\(what) が初期状態で有限になりません: \(element) が \(value) になります"
      )
    case .causeEmitted(let name, let level, let shape):
      return (
        "level \(level) emits the cause '\(name)' as \(shape.text(.english))",
        "第 \(level) 階層は原因 '\(name)' を\(shape.text(.japanese))として出しています"
      )
    case .precisionNotConstantInProcess(let name):
      return (
        "precision of '\(name)' depends on states in the model: give the process a constant one",
        "モデルでは '\(name)' の精度が状態に依存します。process に定数の精度を書いてください"
      )
    case .priorReadsStates(let name):
      return (
        "the precision of the prior '\(name)' must be constant",
        "事前分布 '\(name)' の精度は定数でなければなりません"
      )
    default: return ("", "")
    }
  }

  private var dataText: (String, String) {
    switch self {
    case .unreadableDataFile(let path, let reason):
      return (
        "cannot read data file '\(path)': \(reason.text(.english))",
        "データファイル '\(path)' が読めません: \(reason.text(.japanese))"
      )
    case .dataFileTooLarge(let limit):
      return (
        "the data file is larger than \(limit / 1_000_000) MB",
        "データファイルが \(limit / 1_000_000) MB を超えています"
      )
    case .dataFileEmpty:
      return ("the data file has no rows", "データファイルに行がありません")
    case .unknownChannel(let name, _, _):
      return ("no output channel '\(name)'", "出力チャネル '\(name)' はありません")
    case .missingChannel(let name):
      return ("no column for output channel '\(name)'", "出力チャネル '\(name)' の列がありません")
    case .duplicateChannel(let name):
      return (
        "output channel '\(name)' has two columns", "出力チャネル '\(name)' の列が二つあります"
      )
    case .wrongColumnCount(let row, let expected, let found):
      return (
        "row \(row) has \(FileProblem.columns(found)), but the header has \(expected)",
        "見出しは \(expected) 列なのに、\(row) 行目は \(found) 列です"
      )
    case .notANumber(let row, let column, let text):
      return (
        "row \(row), column '\(column)': '\(text)' is not a number",
        "\(row) 行目、列 '\(column)': '\(text)' は数ではありません"
      )
    case .wrongRowCount(let expected, let found):
      return (
        "the data have \(found) rows, but 'time.samples' is \(expected)",
        "データは \(found) 行ですが、'time.samples' は \(expected) です"
      )
    case .unclosedQuote:
      return ("this quote is never closed", "この引用符が閉じていません")
    case .missingConfound(let row, let column):
      return (
        "row \(row), column '\(column)': a confound cannot be missing",
        "\(row) 行目、列 '\(column)': 交絡の値は欠測にできません"
      )
    case .confoundRowCount(let expected, let found):
      return (
        "the confounds have \(found) rows, but the data have \(expected)",
        "交絡は \(found) 行ですが、データは \(expected) 行です"
      )
    case .missingCause(let row, let column):
      return (
        "row \(row), column '\(column)': a prior cause cannot be missing",
        "\(row) 行目、列 '\(column)': 原因の事前期待値は欠測にできません"
      )
    case .unknownColumn(let name, _, _):
      return ("the data file has no column '\(name)'", "データファイルに '\(name)' という列はありません")
    case .unknownCause(let name, _, _):
      return ("the last level has no cause '\(name)'", "最後の階層に '\(name)' という原因はありません")
    case .binaryData(let problem): return problem.text
    default: return ("", "")
    }
  }

  private var overrideText: (String, String) {
    switch self {
    case .overrideSyntax:
      return (
        "an override is written path=value, such as levels.1.precision.y=exp(4)",
        "上書きは path=value の形で書きます（例: levels.1.precision.y=exp(4)）"
      )
    case .unknownPath(let key, let path, _, _):
      let place = path.isEmpty ? ("the file", "ファイル") : ("'\(path)'", "'\(path)' ")
      return ("no '\(key)' in \(place.0)", "\(place.1)に '\(key)' はありません")
    case .indexOutOfRange(let index, let path, let count):
      return (
        "'\(index)' is not a number from 1 to \(count), as '\(path)' needs",
        "'\(path)' には 1 から \(count) までの番号が要りますが、'\(index)' です"
      )
    case .notAContainer(let path):
      return ("'\(path)' holds a single value", "'\(path)' は 1 つの値で、中に何もありません")
    default: return ("", "")
    }
  }

  private static func hexadecimal(_ code: UInt32, digits: Int) -> String {
    let text = String(code, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(digits - text.count, 0)) + text
  }

  private static func entries(_ count: Int) -> String {
    count == 1 ? "1 entry" : "\(count) entries"
  }
  private static func columns(_ count: Int) -> String {
    count == 1 ? "1 column" : "\(count) columns"
  }
}

extension Shape {
  /// The shape in words, as the messages about expressions have it.
  func text(_ language: DiagnosticLanguage) -> String {
    DiagnosticText(language: language).name(self)
  }
}
