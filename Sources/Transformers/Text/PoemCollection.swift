internal import TensorCore

/// The hundred poems of the Hyakunin Isshu, each with its five verses in kanji and in hiragana.
///
/// The file `models/hyakunin-isshu.csv` comes from StoneLabs/hyakuninissyu-csv, which is in the
/// public domain (Unlicense). Its notes warn of typing errors; those that are certain, because the
/// kanji, the metre or another poem of the file shows the right reading, are corrected here:
///
/// - the poem of Izumi Shikibu is number 56, not a second 55;
/// - 3 had lost some of の and を: あしびきの やまどりのをの しだりをの ながながしよを, in kanji too;
/// - 5 もみぢ(ば)ふみわけ; 10 ゆくもか(え→へ)るも; 11 わ(だ→た)のはら; 17 み(ず→づ)くくるとは;
/// - 18 ゆめのかよひ(じ→ぢ); 20 なに(わ→は)なる; 29 (お→を)らばや(お→を)らむ; 30 ありあけの;
/// - 54 (き→け)ふをかぎりの; 61 や(え→へ)ざくら; 64 うぢのか(わ→は)ぎり; 82 うきにた(え→へ)ぬは;
/// - 93 あまの(お→を)ぶねの; 100 ももしき(の→や); in kanji, 24 取りあへず and 41 人知れずこそ.
public struct PoemCollection: Sendable, Hashable {
  /// One poem.
  public struct Poem: Sendable, Hashable {
    /// Its place in the collection, from one.
    public let number: Int
    /// The poet.
    public let author: String
    /// The five verses as they are written.
    public let verses: [String]
    /// The five verses as they are read, in hiragana with historical spelling.
    public let readings: [String]

    /// The first three verses in hiragana.
    public var upper: String { readings[0] + readings[1] + readings[2] }
    /// The last two verses in hiragana.
    public var lower: String { readings[3] + readings[4] }
  }

  /// The poems by their numbers.
  public let poems: [Poem]

  /// Creates a collection of poems, which it sorts by number.
  public init(poems: [Poem]) {
    self.poems = poems.sorted { $0.number < $1.number }
  }

  /// Reads a file of poems.
  ///
  /// - Throws: `PoemCollectionError`.
  public init(path: String) throws(PoemCollectionError) {
    let text: String
    do { text = try TextFile.read(path) } catch { throw .file(error) }
    try self.init(text: text)
  }

  /// Reads poems from the text of a file with comma-separated columns and a row of names.
  ///
  /// - Throws: `PoemCollectionError` for the first fault.
  public init(text: String) throws(PoemCollectionError) {
    let lines = TextFile.lines(text)
    guard let header = lines.first, !header.isEmpty else { throw .empty }
    let names = Self.fields(header)
    func column(_ name: String) throws(PoemCollectionError) -> Int {
      guard let index = names.firstIndex(of: name) else { throw .missingColumn(name) }
      return index
    }
    let number = try column("number")
    let author = try column("author")
    var verses: [Int] = []
    var readings: [Int] = []
    for verse in 1...5 {
      verses.append(try column("verse_\(verse)"))
      readings.append(try column("verse_\(verse)_hiragana"))
    }
    var poems: [Poem] = []
    var lineOfNumber: [Int: Int] = [:]
    for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
      let fields = Self.fields(line)
      guard fields.count == names.count else {
        throw .wrongColumnCount(line: index + 1, expected: names.count, found: fields.count)
      }
      guard let value = Int(fields[number]), value > 0 else {
        throw .invalidNumber(line: index + 1, text: fields[number])
      }
      if let first = lineOfNumber.updateValue(index + 1, forKey: value) {
        throw .duplicateNumber(value, first: first, second: index + 1)
      }
      for place in verses + readings where fields[place].isEmpty {
        throw .emptyField(line: index + 1, column: names[place])
      }
      poems.append(
        Poem(
          number: value, author: fields[author], verses: verses.map { fields[$0] },
          readings: readings.map { fields[$0] }))
    }
    guard !poems.isEmpty else { throw .empty }
    self.init(poems: poems)
  }

  /// Sets poems aside at random: the rest to learn from, and those held out, both by number.
  ///
  /// - Parameters:
  ///   - count: how many are held out, at most all.
  ///   - seed: the same seed gives the same poems.
  /// - Returns: both parts.
  public func split(heldOut count: Int, seed: UInt64) -> (
    training: PoemCollection, heldOut: PoemCollection
  ) {
    precondition(
      count >= 0 && count <= poems.count, "\(count) poems held out of \(poems.count)")
    var random = RandomSource(seed: seed).split("poems held out")
    let order = random.permutation(poems.count)
    return (
      PoemCollection(poems: order.dropFirst(count).map { poems[$0] }),
      PoemCollection(poems: order.prefix(count).map { poems[$0] })
    )
  }

  /// The fields of a row; quotation marks around a field may hold commas and doubled marks.
  private static func fields(_ line: String) -> [String] {
    var fields: [String] = []
    var field = ""
    var isQuoted = false
    var rest = Substring(line)
    while let character = rest.popFirst() {
      if isQuoted {
        if character != "\"" {
          field.append(character)
        } else if rest.first == "\"" {
          field.append("\"")
          rest.removeFirst()
        } else {
          isQuoted = false
        }
      } else if character == "\"", field.isEmpty {
        isQuoted = true
      } else if character == "," {
        fields.append(field)
        field = ""
      } else {
        field.append(character)
      }
    }
    return fields + [field]
  }
}

/// Why a file holds no collection of poems; lines count from one.
public enum PoemCollectionError: Error, Sendable, Equatable {
  /// The file could not be read.
  case file(TextFileError)
  /// There are no poems.
  case empty
  /// A column that is needed is not there.
  case missingColumn(String)
  /// A row with more or fewer fields than there are columns.
  case wrongColumnCount(line: Int, expected: Int, found: Int)
  /// A poem's number that is not a whole number above zero.
  case invalidNumber(line: Int, text: String)
  /// Two poems with one number.
  case duplicateNumber(Int, first: Int, second: Int)
  /// A verse that is not there.
  case emptyField(line: Int, column: String)

  /// What is wrong, in English, as a sentence without a full stop.
  public var english: String {
    switch self {
    case .file(let error): error.english
    case .empty: "the file has no poems"
    case .missingColumn(let name): "the file of poems has no column '\(name)'"
    case .wrongColumnCount(let line, let expected, let found):
      "line \(line) of the poems has \(found) fields, expected \(expected)"
    case .invalidNumber(let line, let text):
      "line \(line) of the poems has '\(text)' for a number"
    case .duplicateNumber(let number, let first, let second):
      "poem \(number) is there twice, in lines \(first) and \(second)"
    case .emptyField(let line, let column):
      "line \(line) of the poems has nothing in the column '\(column)'"
    }
  }

  /// What is wrong, in Japanese, as a sentence without a full stop.
  public var japanese: String {
    switch self {
    case .file(let error): error.japanese
    case .empty: "ファイルに歌がありません"
    case .missingColumn(let name): "歌のファイルに列「\(name)」がありません"
    case .wrongColumnCount(let line, let expected, let found):
      "歌のファイルの \(line) 行目は \(found) 列ですが、\(expected) 列でなければなりません"
    case .invalidNumber(let line, let text):
      "歌のファイルの \(line) 行目の番号「\(text)」が正の整数ではありません"
    case .duplicateNumber(let number, let first, let second):
      "\(number) 番の歌が \(first) 行目と \(second) 行目で重複しています"
    case .emptyField(let line, let column):
      "歌のファイルの \(line) 行目の列「\(column)」が空です"
    }
  }
}
