extension SafetensorsError {
  /// What is wrong, in English, as a sentence without a full stop.
  public var english: String {
    switch self {
    case .emptyPath:
      "the name of the tensor file is empty"
    case .missingFile(let path):
      "there is no file '\(path)'"
    case .notAFile(let path):
      "'\(path)' is not a regular file"
    case .unreadable(let path):
      "'\(path)' cannot be read; check its permissions"
    case .noHeaderLength(let count):
      "not a safetensors file: it has \(count) bytes, and 8 hold the header's length alone"
    case .headerTooLong(let count, let limit):
      "not a safetensors file: its header would have \(count) bytes (at most \(limit) are read)"
    case .headerCut(let count, let available):
      "the file is cut off: its header has \(count) bytes, of which \(available) are there"
    case .headerNotText(let offset):
      "the header is not UTF-8 text (byte \(offset) of the header)"
    case .headerSyntax(let offset):
      "the header is not valid JSON (byte \(offset) of the header)"
    case .headerNesting(let offset, let limit):
      "the header nests its values deeper than \(limit) levels (byte \(offset) of the header)"
    case .headerNotObject:
      "the header is not a JSON object"
    case .duplicateName(let name):
      "the header has the name '\(name)' twice"
    case .metadataNotText(let key?):
      "the metadata entry '\(key)' is not text"
    case .metadataNotText(nil):
      "the metadata are not a JSON object"
    case .notADescription(let tensor):
      "the description of the tensor '\(tensor)' is not a JSON object"
    case .missingMember(let tensor, let member):
      "the tensor '\(tensor)' has no '\(member.rawValue)'"
    case .wrongMember(let tensor, let member):
      "'\(member.rawValue)' of the tensor '\(tensor)' has to be \(member.kind)"
    case .unknownType(let tensor, let type):
      "the tensor '\(tensor)' has the type '\(type)'; readable types are \(Self.types("and "))"
    case .invalidExtent(let tensor, let axis, let text):
      "extent \(axis + 1) of the tensor '\(tensor)' is \(text); it has to be a whole number"
    case .tooManyEntries(let tensor, let shape):
      "the tensor '\(tensor)' would have \(Self.product(shape)) entries, more than can be counted"
    case .invalidOffset(let tensor, let text):
      "an offset of the tensor '\(tensor)' is \(text); it has to be a whole number"
    case .reversedOffsets(let tensor, let begin, let end):
      "the data of the tensor '\(tensor)' begin at \(begin) and end before that, at \(end)"
    case .offsetsOutside(let tensor, let begin, let end, let count):
      "the data of the tensor '\(tensor)' lie at \(begin)–\(end), but there are only \(count) bytes"
        + "; the file may be cut off"
    case .wrongByteCount(let tensor, let expected, let found):
      "the tensor '\(tensor)' needs \(expected) bytes for its shape and type and has \(found)"
    case .overlap(let first, let second):
      "the tensors '\(first)' and '\(second)' share bytes"
    case .unusedBytes(let begin, let end):
      "the bytes \(begin)–\(end) of the data belong to no tensor"
    case .missingTensor(let name):
      "the file has no tensor '\(name)'"
    }
  }

  /// What is wrong, in Japanese, as a sentence without a full stop.
  public var japanese: String {
    switch self {
    case .emptyPath:
      "テンソルのファイル名が空です"
    case .missingFile(let path):
      "ファイル「\(path)」がありません"
    case .notAFile(let path):
      "「\(path)」は通常のファイルではありません"
    case .unreadable(let path):
      "「\(path)」を読み込めません。読み取りの権限を確かめてください"
    case .noHeaderLength(let count):
      "safetensors 形式ではありません。全体が \(count) バイトしかなく、ヘッダーの長さを示す 8 バイトに足りません"
    case .headerTooLong(let count, let limit):
      "safetensors 形式ではありません。ヘッダーが \(count) バイトあることになります（上限は \(limit) バイト）"
    case .headerCut(let count, let available):
      "ファイルが途中で切れています。ヘッダー \(count) バイトのうち \(available) バイトしかありません"
    case .headerNotText(let offset):
      "ヘッダーが UTF-8 の文字列ではありません（ヘッダーの \(offset) バイト目）"
    case .headerSyntax(let offset):
      "ヘッダーが正しい JSON ではありません（ヘッダーの \(offset) バイト目）"
    case .headerNesting(let offset, let limit):
      "ヘッダーの入れ子が \(limit) 段より深くなっています（ヘッダーの \(offset) バイト目）"
    case .headerNotObject:
      "ヘッダーが JSON のオブジェクトではありません"
    case .duplicateName(let name):
      "ヘッダーに名前「\(name)」が 2 回出てきます"
    case .metadataNotText(let key?):
      "メタデータの項目「\(key)」が文字列ではありません"
    case .metadataNotText(nil):
      "メタデータが JSON のオブジェクトではありません"
    case .notADescription(let tensor):
      "テンソル「\(tensor)」の記述が JSON のオブジェクトではありません"
    case .missingMember(let tensor, let member):
      "テンソル「\(tensor)」に「\(member.rawValue)」がありません"
    case .wrongMember(let tensor, let member):
      "テンソル「\(tensor)」の「\(member.rawValue)」は\(member.kindInJapanese)でなければなりません"
    case .unknownType(let tensor, let type):
      "テンソル「\(tensor)」の型「\(type)」は読めません。読める型は \(Self.types("")) です"
    case .invalidExtent(let tensor, let axis, let text):
      "テンソル「\(tensor)」の第 \(axis + 1) 軸の大きさ \(text) が 0 以上の整数ではありません"
    case .tooManyEntries(let tensor, let shape):
      "テンソル「\(tensor)」の要素数 \(Self.product(shape)) は大きすぎて数えられません"
    case .invalidOffset(let tensor, let text):
      "テンソル「\(tensor)」のデータ位置 \(text) が 0 以上の整数ではありません"
    case .reversedOffsets(let tensor, let begin, let end):
      "テンソル「\(tensor)」のデータの終わり \(end) が、始まり \(begin) より前にあります"
    case .offsetsOutside(let tensor, let begin, let end, let count):
      "テンソル「\(tensor)」のデータは \(begin)–\(end) にあるはずですが、データは \(count) バイトしかありません"
        + "。ファイルが途中で切れているかもしれません"
    case .wrongByteCount(let tensor, let expected, let found):
      "テンソル「\(tensor)」の形と型には \(expected) バイト必要ですが、\(found) バイトあります"
    case .overlap(let first, let second):
      "テンソル「\(first)」と「\(second)」のデータが重なっています"
    case .unusedBytes(let begin, let end):
      "データの \(begin)–\(end) バイトがどのテンソルのものでもありません"
    case .missingTensor(let name):
      "ファイルにテンソル「\(name)」がありません"
    }
  }

  private static func product(_ shape: [Int]) -> String {
    let shown = shape.prefix(8).map(String.init).joined(separator: " × ")
    return shape.count > 8 ? shown + " × …" : shown
  }

  private static func types(_ word: String) -> String {
    let names = SafetensorsType.allCases.map(\.rawValue)
    return names.dropLast().joined(separator: ", ") + ", " + word + (names.last ?? "")
  }
}

extension SafetensorsError.Member {
  fileprivate var kind: String {
    switch self {
    case .type: "text"
    case .shape: "a list of whole numbers"
    case .offsets: "a list of two whole numbers"
    }
  }

  fileprivate var kindInJapanese: String {
    switch self {
    case .type: "文字列"
    case .shape: "整数の並び"
    case .offsets: "2 つの整数の並び"
    }
  }
}
