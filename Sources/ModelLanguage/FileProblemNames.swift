extension FileValueKind {
  /// The kind with its article, as in "cannot be a list".
  func text(_ language: DiagnosticLanguage) -> String {
    switch (self, language) {
    case (.mapping, .english): "a mapping of keys to values"
    case (.list, .english): "a list"
    case (.text, .english): "text"
    case (.number, .english): "a number"
    case (.wholeNumber, .english): "a whole number"
    case (.expression, .english): "an expression"
    case (.numbers, .english): "a number, a vector or a matrix"
    case (.nothing, .english): "empty"
    case (.localizedText, .english): "text, or {en: …, ja: …}"
    case (.nameOrMatrix, .english): "'identity' or a matrix"
    case (.mapping, .japanese): "キーと値の対応"
    case (.list, .japanese): "リスト"
    case (.text, .japanese): "文字列"
    case (.number, .japanese): "数"
    case (.wholeNumber, .japanese): "整数"
    case (.expression, .japanese): "式"
    case (.numbers, .japanese): "数、ベクトル、行列のどれか"
    case (.nothing, .japanese): "空の値"
    case (.localizedText, .japanese): "文字列か {en: …, ja: …}"
    case (.nameOrMatrix, .japanese): "'identity' か行列"
    }
  }
}

extension FileSection {
  /// The section as an error message names it.
  func text(_ language: DiagnosticLanguage) -> String {
    let english = language == .english
    switch self {
    case .file: return english ? "the model file" : "モデルファイル"
    case .time: return "'time'"
    case .embedding: return "'embedding'"
    case .title: return "'title'"
    case .about: return "'about'"
    case .level(let number): return english ? "level \(number)" : "第 \(number) 階層"
    case .parameter(let name): return english ? "parameter '\(name)'" : "パラメータ '\(name)' "
    case .state(let name): return english ? "state '\(name)'" : "状態 '\(name)' "
    case .precision(let name):
      return english ? "the precision of '\(name)'" : "'\(name)' の精度"
    case .logPrior: return "'logPrior'"
    case .process: return "'process'"
    case .inversion: return "'inversion'"
    case .data: return "'data'"
    case .confounds: return "'confounds'"
    case .names(let key, let level):
      let place =
        level.map { english ? "level \($0)" : "第 \($0) 階層" } ?? (english ? "the process" : "プロセス")
      return english ? "'\(key)' of \(place)" : "\(place)の '\(key)' "
    }
  }
}

extension FileQuantity {
  /// The quantity as an error message names it.
  func text(_ language: DiagnosticLanguage) -> String {
    let english = language == .english
    switch self {
    case .samples: return english ? "the number of samples" : "標本の数"
    case .step: return english ? "the step between samples" : "標本の間隔"
    case .stateOrder: return english ? "the order n of states" : "状態の次数 n "
    case .causeOrder: return english ? "the order d of causes" : "原因の次数 d "
    case .smoothness: return english ? "the smoothness" : "滑らかさ"
    case .stepsPerSample: return "'stepsPerSample'"
    case .iterations: return "'iterations'"
    case .precisionIterations: return "'precisionIterations'"
    case .passes: return "'passes'"
    case .gradientGain: return "'gradientGain'"
    case .priorVariance(let name):
      return english ? "the prior variance of '\(name)'" : "'\(name)' の事前分散"
    case .delay: return english ? "a delay" : "遅れ"
    }
  }
}

extension FileTensor {
  /// The quantity as an error message names it.
  func text(_ language: DiagnosticLanguage) -> String {
    let english = language == .english
    switch self {
    case .precision(let name):
      return english ? "the precision of '\(name)'" : "'\(name)' の精度"
    case .precisionComponent(let name):
      return english ? "a precision component of '\(name)'" : "'\(name)' の精度成分"
    case .priorCovariance(let name):
      return english ? "the prior covariance of '\(name)'" : "'\(name)' の事前共分散"
    case .priorVariance(let name):
      return english ? "the prior variance of '\(name)'" : "'\(name)' の事前分散"
    case .priorPrecision(let name):
      return english ? "the prior precision of '\(name)'" : "'\(name)' の事前精度"
    case .initialState(let name):
      return english ? "the initial value of state '\(name)'" : "状態 '\(name)' の初期値"
    case .motion(let name):
      return english ? "the motion of '\(name)'" : "'\(name)' の motion "
    case .processParameter(let name):
      return english ? "parameter '\(name)' of the process" : "プロセスのパラメータ '\(name)' "
    case .processCause(let name):
      return english ? "cause '\(name)' of the process" : "プロセスの原因 '\(name)' "
    case .processOutput(let name):
      return english ? "output '\(name)' of the process" : "プロセスの出力 '\(name)' "
    case .delays: return english ? "'delays'" : "'delays' "
    }
  }
}

extension DataFileFailure {
  /// The reason as a person reads it.
  public func text(_ language: DiagnosticLanguage) -> String {
    switch (self, language) {
    case (.notFound, .english): "no such file"
    case (.isDirectory, .english): "this is a folder, not a file"
    case (.noPermission, .english): "no permission to read it"
    case (.notText, .english): "this is not UTF-8 text"
    case (.system(let code), .english): "it cannot be read (system error \(code))"
    case (.notFound, .japanese): "ファイルがありません"
    case (.isDirectory, .japanese): "ファイルではなくフォルダーです"
    case (.noPermission, .japanese): "読む権限がありません"
    case (.notText, .japanese): "UTF-8 のテキストではありません"
    case (.system(let code), .japanese): "読めません（システムエラー \(code)）"
    }
  }
}

/// The YAML library's commonest complaints in Japanese; others are shown as they are.
enum YamlPhrases {
  private static let table: [String: String] = [
    "mapping values are not allowed in this context": "ここには「キー: 値」を書けません",
    "block sequence entries are not allowed in this context": "ここには「- 」の項目を書けません",
    "did not find expected key": "キーがあるはずの場所にキーがありません",
    "did not find expected ',' or ']'": "',' か ']' があるはずの場所にありません",
    "did not find expected ',' or '}'": "',' か '}' があるはずの場所にありません",
    "did not find expected '-' indicator": "「- 」があるはずの場所にありません",
    "did not find expected node content": "値があるはずの場所に値がありません",
    "did not find expected <document start>": "文書の始まりがあるはずの場所にありません",
    "found unexpected end of stream": "途中でファイルが終わっています",
    "found character that cannot start any token": "この文字から値を始めることはできません",
    "found a tab character that violates indentation": "字下げにタブが使われています",
    "found unknown escape character": "知らないエスケープ文字です",
    "could not find expected ':'": "':' があるはずの場所にありません",
  ]

  static func japanese(_ phrase: String) -> String { table[phrase] ?? phrase }
}
