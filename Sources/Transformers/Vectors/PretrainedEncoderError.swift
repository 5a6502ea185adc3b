public import Learning

/// Why a folder holds no encoder that can be used here.
public enum PretrainedEncoderError: Error, Sendable, Equatable {
  /// The path is empty or leads to no folder.
  case missingFolder(path: String)
  /// A file that every encoder has is not there.
  case missingFile(name: String, folder: String)
  /// A file could not be read.
  case file(TextFileError)
  /// A file of settings is not a JSON object.
  case invalidSettings(file: String)
  /// A setting is not there.
  case missingSetting(file: String, key: String)
  /// A setting that cannot be right.
  case invalidSetting(file: String, key: String)
  /// Another kind of model than `bert`.
  case unsupportedModel(String)
  /// An activation that is not computed here.
  case unsupportedActivation(String)
  /// Positions that are not learned absolute ones.
  case unsupportedPositions(String)
  /// A way to make one vector of a sentence that is not computed here.
  case unsupportedPooling
  /// The width is no multiple of the number of heads.
  case unevenHeads(width: Int, heads: Int)
  /// The vocabulary could not be read.
  case vocabulary(VocabularyError)
  /// The vocabulary has more tokens than the encoder.
  case vocabularyTooLarge(tokens: Int, limit: Int)
  /// The file of tensors could not be read.
  case tensors(SafetensorsError)
  /// A tensor that the settings call for is not there.
  case missingTensor(String)
  /// A tensor of another shape than the settings call for.
  case wrongShape(tensor: String, expected: [Int], found: [Int])
  /// A tensor of another type than floating-point numbers.
  case notFloatingPoint(tensor: String, type: SafetensorsType)

  /// What is wrong, in English, as a sentence without a full stop.
  public var english: String {
    switch self {
    case .missingFolder(let path): "there is no folder '\(path)'"
    case .missingFile(let name, let folder):
      "the folder '\(folder)' has no file '\(name)', which an encoder needs"
    case .file(let error): error.english
    case .invalidSettings(let file): "'\(file)' is not a JSON object"
    case .missingSetting(let file, let key): "'\(file)' lacks the setting '\(key)'"
    case .invalidSetting(let file, let key): "the setting '\(key)' in '\(file)' is out of range"
    case .unsupportedModel(let type):
      "the model is of the type '\(type)'; only 'bert' is supported"
    case .unsupportedActivation(let name):
      "the activation '\(name)' is not supported; "
        + "supported are \(PretrainedEncoder.Activation.names)"
    case .unsupportedPositions(let name):
      "positions of the type '\(name)' are not supported; only 'absolute' is"
    case .unsupportedPooling:
      "the encoder makes vectors of sentences in a way that is not supported; "
        + "supported are the mean and the first token"
    case .unevenHeads(let width, let heads):
      "the width \(width) cannot be divided among \(heads) heads"
    case .vocabulary(let error): error.english
    case .vocabularyTooLarge(let tokens, let limit):
      "the vocabulary has \(tokens) tokens, but the encoder knows \(limit)"
    case .tensors(let error): error.english
    case .missingTensor(let name): "the encoder has no tensor '\(name)'"
    case .wrongShape(let tensor, let expected, let found):
      "the tensor '\(tensor)' has the shape \(Self.shape(found)), expected \(Self.shape(expected))"
    case .notFloatingPoint(let tensor, let type):
      "the tensor '\(tensor)' has the type \(type.rawValue), expected floating-point numbers"
    }
  }

  /// What is wrong, in Japanese, as a sentence without a full stop.
  public var japanese: String {
    switch self {
    case .missingFolder(let path): "フォルダ「\(path)」がありません"
    case .missingFile(let name, let folder):
      "フォルダ「\(folder)」にエンコーダのファイル「\(name)」がありません"
    case .file(let error): error.japanese
    case .invalidSettings(let file): "「\(file)」が JSON のオブジェクトではありません"
    case .missingSetting(let file, let key): "「\(file)」に設定「\(key)」がありません"
    case .invalidSetting(let file, let key): "「\(file)」の設定「\(key)」の値が範囲外です"
    case .unsupportedModel(let type):
      "モデルの種類「\(type)」には対応していません。使えるのは「bert」だけです"
    case .unsupportedActivation(let name):
      "活性化関数「\(name)」には対応していません。使えるもの: \(PretrainedEncoder.Activation.names)"
    case .unsupportedPositions(let name):
      "位置の種類「\(name)」には対応していません。使えるのは「absolute」だけです"
    case .unsupportedPooling:
      "この文ベクトルの作り方には対応していません。使えるのは平均と先頭トークンです"
    case .unevenHeads(let width, let heads):
      "幅 \(width) を \(heads) 個のヘッドに等分できません"
    case .vocabulary(let error): error.japanese
    case .vocabularyTooLarge(let tokens, let limit):
      "語彙は \(tokens) トークンありますが、エンコーダが扱えるのは \(limit) トークンまでです"
    case .tensors(let error): error.japanese
    case .missingTensor(let name): "エンコーダにテンソル「\(name)」がありません"
    case .wrongShape(let tensor, let expected, let found):
      "テンソル「\(tensor)」の形は \(Self.shape(found)) ですが、\(Self.shape(expected)) が必要です"
    case .notFloatingPoint(let tensor, let type):
      "テンソル「\(tensor)」の型は \(type.rawValue) ですが、浮動小数点数でなければなりません"
    }
  }

  private static func shape(_ extents: [Int]) -> String {
    extents.isEmpty ? "()" : extents.map(String.init).joined(separator: " × ")
  }
}
