/// The tokens that stand for no text, by their roles.
public struct SpecialTokens: Sendable, Hashable {
  /// Fills sequences up to a common length.
  public let padding: String
  /// Begins a sequence; in encoders of sentences, the place of the whole sentence (`[CLS]`).
  public let start: String
  /// Ends a sequence; in encoders of sentences, each of two (`[SEP]`).
  public let end: String
  /// Stands for text without a token of its own.
  public let unknown: String
  /// Hides a token that is to be predicted, if the vocabulary has one.
  public let mask: String?

  /// Creates a choice of tokens.
  public init(padding: String, start: String, end: String, unknown: String, mask: String? = nil) {
    self.padding = padding
    self.start = start
    self.end = end
    self.unknown = unknown
    self.mask = mask
  }

  /// `<PAD>`, `<SOS>`, `<EOS>` and `<UNK>`, for models that turn sequences into sequences.
  public static let sequence = SpecialTokens(
    padding: "<PAD>", start: "<SOS>", end: "<EOS>", unknown: "<UNK>")
  /// The same with `<MASK>`, for models that predict hidden tokens.
  public static let masked = SpecialTokens(
    padding: "<PAD>", start: "<SOS>", end: "<EOS>", unknown: "<UNK>", mask: "<MASK>")
  /// `[PAD]`, `[CLS]`, `[SEP]`, `[UNK]` and `[MASK]`, as encoders of sentences have them.
  public static let sentence = SpecialTokens(
    padding: "[PAD]", start: "[CLS]", end: "[SEP]", unknown: "[UNK]", mask: "[MASK]")

  /// All of them: padding, start, end, unknown, then the mask if there is one.
  public var all: [String] { [padding, start, end, unknown] + (mask.map { [$0] } ?? []) }
}
