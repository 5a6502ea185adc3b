internal import Reporting
public import Transformers

/// Why attention or vectors of texts cannot be shown.
public enum VectorError: Error, Sendable, Equatable {
  /// No model was named, and none lies where training puts one.
  case noModel(path: String)
  /// A folder holds no encoder that can be used.
  case pretrained(PretrainedEncoderError)
  /// The model has no attention layer of this name.
  case unknownLayer(name: String, known: [String])
  /// No poem has this number.
  case unknownPoem(Int, known: ClosedRange<Int>)
  /// The model reads one text only, so a second one has no place.
  case noSecondText
  /// A text without any character that counts; numbers begin with one.
  case emptyText(number: Int)
  /// Likeness needs several texts, and a map even more.
  case tooFewTexts(count: Int, needed: Int, file: String?)
  /// The file of texts could not be read.
  case file(TextFileError)
  /// There is no map of the vectors.
  case map(NeighborEmbeddingError)
  /// The vector of a text is not finite; numbers begin with one.
  case vectorNotFinite(text: Int)
  /// The attention of a layer is not finite.
  case attentionNotFinite(layer: String)

  /// The exit status of a command that ends with this error.
  var exitStatus: CommandStatus {
    switch self {
    case .unknownLayer, .unknownPoem, .noSecondText, .emptyText: .usage
    case .tooFewTexts(_, _, let file): file == nil ? .usage : .badData
    case .map(.perplexityTooSmall), .map(.perplexityTooLarge), .map(.tooFewPoints): .usage
    case .map(.diverged): .stoppedEarly
    case .map(.notFinite), .noModel, .pretrained, .file, .vectorNotFinite, .attentionNotFinite:
      .badData
    }
  }

  /// The error as a person reads it, without a full stop.
  func message(in language: ReportLanguage) -> String {
    switch self {
    case .noModel(let path):
      language.pick(
        "there is no trained model '\(path)' here: run 'odoroki train poems' first, name another "
          + "checkpoint with --model, or the folder of a pretrained encoder with --weights",
        "学習済みモデル '\(path)' がここにありません。先に odoroki train poems を実行するか、"
          + "--model で別のチェックポイントを、--weights で学習済みエンコーダのフォルダを"
          + "指定してください")
    case .pretrained(let error): language.pick(error.english, error.japanese)
    case .unknownLayer(let name, let known):
      language.pick(
        "the model has no attention layer '\(name)'; it has \(known.joined(separator: ", "))",
        "注意の層 '\(name)' はこのモデルにありません。あるのは "
          + known.joined(separator: "、") + " です")
    case .unknownPoem(let number, let known):
      language.pick(
        "there is no poem \(number); they are numbered from \(known.lowerBound) to "
          + "\(known.upperBound)",
        "\(number) 番の歌はありません。番号は \(known.lowerBound) から \(known.upperBound) までです")
    case .noSecondText:
      language.pick(
        "--to has no use with this model: it reads a single text",
        "このモデルが読む文は 1 つだけなので、--to は使えません")
    case .emptyText(let number):
      language.pick("text \(number) is empty", "\(number) 番目の文が空です")
    case .tooFewTexts(let count, let needed, let file):
      Self.tooFew(count, needed, file, language)
    case .file(let error): language.pick(error.english, error.japanese)
    case .map(.perplexityTooLarge(let value, let limit, let count)):
      // The limit is rounded down, so that it is possible as it stands.
      language.pick(
        "the perplexity \(plain(value)) is too large for \(count) texts; at most "
          + "\(Self.down(limit)) is possible",
        "パープレキシティ \(plain(value)) は \(count) 個の文に対して大きすぎます。"
          + "\(Self.down(limit)) 以下にしてください")
    case .map(let error): language.pick(error.english, error.japanese)
    case .vectorNotFinite(let number):
      language.pick(
        "the vector of text \(number) is not finite: the model's weights are damaged",
        "\(number) 番目の文のベクトルが有限の数になりません。モデルの重みが壊れています")
    case .attentionNotFinite(let layer):
      language.pick(
        "the attention of \(layer) is not finite: the model's weights are damaged",
        "\(layer) の注意が有限の数になりません。モデルの重みが壊れています")
    }
  }

  private static func tooFew(
    _ count: Int, _ needed: Int, _ file: String?, _ language: ReportLanguage
  ) -> String {
    let english = count == 1 ? "1 text" : "\(count) texts"
    let purpose =
      needed > 2
      ? language.pick("a figure needs \(needed) or more", "図には \(needed) 個以上必要です")
      : language.pick(
        "similarity needs \(needed) or more", "類似度には \(needed) 個以上必要です")
    guard let file else {
      return language.pick(
        "\(english) given; \(purpose)", "文が \(count) 個しかありません。\(purpose)")
    }
    return language.pick(
      "'\(file)' has \(english); \(purpose)", "「\(file)」の文は \(count) 個です。\(purpose)")
  }

  private static func down(_ limit: Double) -> String { plain((limit * 100).rounded(.down) / 100) }
}
