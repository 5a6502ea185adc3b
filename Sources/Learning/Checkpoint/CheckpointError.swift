/// Why a checkpoint could not be used.
public enum CheckpointError: Error, Sendable, Equatable {
  /// The file is not a readable file of tensors.
  case file(SafetensorsError)
  /// A file of tensors that no training run wrote.
  case notACheckpoint
  /// Written by a later version of the program.
  case newerVersion(found: Int, supported: Int)
  /// The training run of another kind of model.
  case wrongKind(expected: String, found: String)
  /// Something every checkpoint says about itself is not there.
  case missingEntry(key: String)
  /// Something the checkpoint says about itself cannot be understood.
  case invalidEntry(key: String, text: String)
  /// Another precision than was asked for.
  case wrongType(tensor: String, expected: SafetensorsType, found: SafetensorsType)
  /// A tensor of the model is not there.
  case missingTensor(String)
  /// A tensor that the model does not have.
  case unexpectedTensor(String)
  /// A tensor of another shape than the model's.
  case wrongShape(tensor: String, expected: [Int], found: [Int])
}

extension CheckpointError {
  /// What is wrong, in English, as a sentence without a full stop.
  public var english: String {
    switch self {
    case .file(let error):
      error.english
    case .notACheckpoint:
      "the file holds tensors but is not a checkpoint of a training run"
    case .newerVersion(let found, let supported):
      "the checkpoint has format \(found), and this program reads formats up to \(supported); "
        + "use a newer version of the program"
    case .wrongKind(let expected, let found):
      "the checkpoint is of the kind '\(found)', not '\(expected)'"
    case .missingEntry(let key):
      "the checkpoint is incomplete: it has no entry '\(key)'"
    case .invalidEntry(let key, let text):
      "the checkpoint's entry '\(key)' cannot be understood: '\(Self.brief(text))'"
    case .wrongType(let tensor, let expected, let found):
      "the tensor '\(tensor)' is stored as \(found.rawValue), expected \(expected.rawValue)"
    case .missingTensor(let name):
      "the checkpoint has no tensor '\(name)', which the model needs"
    case .unexpectedTensor(let name):
      "the checkpoint has a tensor '\(name)', which the model does not know"
    case .wrongShape(let tensor, let expected, let found):
      "the tensor '\(tensor)' has the shape \(Self.shape(found)), expected \(Self.shape(expected))"
    }
  }

  /// What is wrong, in Japanese, as a sentence without a full stop.
  public var japanese: String {
    switch self {
    case .file(let error):
      error.japanese
    case .notACheckpoint:
      "テンソルのファイルですが、学習のチェックポイントではありません"
    case .newerVersion(let found, let supported):
      "チェックポイントの形式は第 \(found) 版ですが、このプログラムが読めるのは第 \(supported) 版までです"
        + "。新しい版のプログラムを使ってください"
    case .wrongKind(let expected, let found):
      "チェックポイントの種類は「\(found)」で、「\(expected)」ではありません"
    case .missingEntry(let key):
      "チェックポイントに項目「\(key)」が欠けています"
    case .invalidEntry(let key, let text):
      "チェックポイントの項目「\(key)」の値「\(Self.brief(text))」を解釈できません"
    case .wrongType(let tensor, let expected, let found):
      "テンソル「\(tensor)」の型は \(found.rawValue) ですが、\(expected.rawValue) が必要です"
    case .missingTensor(let name):
      "モデルに必要なテンソル「\(name)」がチェックポイントにありません"
    case .unexpectedTensor(let name):
      "チェックポイントのテンソル「\(name)」はこのモデルにはありません"
    case .wrongShape(let tensor, let expected, let found):
      "テンソル「\(tensor)」の形は \(Self.shape(found, "スカラー")) ですが、"
        + "\(Self.shape(expected, "スカラー")) が必要です"
    }
  }

  private static func shape(_ extents: [Int], _ scalar: String = "scalar") -> String {
    extents.isEmpty ? scalar : extents.map(String.init).joined(separator: " × ")
  }

  private static func brief(_ text: String) -> String {
    text.count <= 60 ? text : text.prefix(60) + "…"
  }
}
