internal import Foundation
package import Reporting
internal import TensorCore
package import Transformers

/// Which tokens attend to which, in one text.
package struct AttentionResult: Sendable {
  /// The model.
  package let choice: EncoderChoice
  /// What it was trained to do; nil for an encoder from elsewhere.
  package let task: TrainingTask?
  /// The text that was read, and the one that was written or the second of a pair.
  package let text: String, second: String?
  /// Whether the model wrote the second text itself.
  package let isWritten: Bool
  /// The poem that was asked for by number.
  package let poem: PoemCollection.Poem?
  /// The tokens that were read; those that the decoder read, and those it writes at the same places.
  package let sourceTokens: [String], targetTokens: [String], writtenTokens: [String]
  /// The share of the tokens that the model does not know.
  package let unknownShare: Double
  /// Whether the text is in a script in which the model knows no words.
  package let isForeign: Bool
  /// The tokens that stand for no text.
  package let specialTokens: SpecialTokens
  /// The attention of every layer, and of those to show.
  package let layers: [AttentionMap], shown: [AttentionMap]

  /// The tokens that attend in a layer, and those that are attended to.
  package func tokens(of layer: AttentionMap) -> (queries: [String], keys: [String]) {
    if layer.layer.hasSuffix(".crossattention") { return (writtenTokens, sourceTokens) }
    if layer.layer.hasPrefix("decoder.") { return (targetTokens, targetTokens) }
    return (sourceTokens, sourceTokens)
  }

  /// Whether there are so few maps that each is worth a look.
  private var showsHeads: Bool {
    shown.reduce(0) { $0 + $1.heads.count } <= AttentionFigure.mostMaps
  }

  // MARK: Text

  /// What a reader should know before trusting the numbers.
  package func notes(in language: ReportLanguage) -> [String] {
    if unknownShare > UnknownTokens.tolerable {
      return [UnknownTokens.note(unknownShare, language)]
    }
    return isForeign ? [UnknownTokens.foreignNote(language)] : []
  }

  /// The result as a person reads it.
  package func report(in language: ReportLanguage, style: TerminalStyle) -> String {
    var text = style.bold(heading(in: language)) + "\n" + texts(in: language) + "\n"
    if showsHeads {
      for layer in shown { text += tables(of: layer, in: language, style: style) }
    }
    text += summary(in: language).text(style: style, language: language)
    if !showsHeads {
      text += language.pick(
        "\nThe keys that each token attends to: name a layer with --layer, as in --layer "
          + "\(shown[0].layer)\n",
        "\nトークンごとの注意先を見るには --layer で層を選びます（例: --layer \(shown[0].layer)）\n")
    }
    return text
  }

  private func heading(in language: ReportLanguage) -> String {
    language.pick("Attention", "注意") + "  " + choice.name(task: task)
  }

  private func texts(in language: ReportLanguage) -> String {
    var lines = ""
    if let poem {
      lines += language.pick(
        "poem \(poem.number), \(poem.author)", "\(poem.number) 番 \(poem.author)")
      lines += "\n"
    }
    guard let second else { return lines + text + "\n" }
    lines += text + "\n" + second
    if isWritten {
      lines += language.pick("  (written by the model", "（モデルが書いた句")
      if let poem, poem.lower != second {
        lines += language.pick("; true: \(poem.lower)", "、正: \(poem.lower)")
      }
      lines += language.pick(")", "）")
    }
    return lines + "\n"
  }

  /// Which key each query attends to most, a column per head.
  private func tables(
    of layer: AttentionMap, in language: ReportLanguage, style: TerminalStyle
  ) -> String {
    let (queries, keys) = tokens(of: layer)
    var text = ""
    // More than four heads side by side would leave the page.
    for first in stride(from: 0, to: layer.heads.count, by: 4) {
      var columns = [
        TextTable.Column(
          language.pick("query", "クエリ"),
          texts: queries.enumerated().map { "\($0.offset + 1) \($0.element)" })
      ]
      for head in first..<min(first + 4, layer.heads.count) {
        columns.append(
          TextTable.Column(
            language.pick("head \(head + 1)", "ヘッド \(head + 1)"),
            texts: queries.indices.map { query in
              let (key, share) = layer.largest(head: head, query: query)
              return "\(key + 1) \(keys[key]) " + Self.percent(share)
            }))
      }
      text +=
        TextTable(
          title: first == 0
            ? layer.layer
              + language.pick(
                ": the key with the largest share of each query's attention",
                ": 各クエリの注意が最も大きいキーとその割合") : nil,
          columns: columns
        ).text(style: style, language: language) + "\n"
    }
    return text
  }

  private func summary(in language: ReportLanguage) -> TextTable {
    var layers: [String] = []
    var heads: [TextTable.Cell] = []
    var entropies: [Double] = []
    var maxima: [Double] = []
    var shares: [TextTable.Cell] = []
    for layer in shown {
      for (head, entropy) in layer.entropies.enumerated() {
        let queries = layer.heads[head].rows
        let sum = (0..<queries).reduce(0.0) { $0 + layer.largest(head: head, query: $1).share }
        layers.append(layer.layer)
        heads.append(.integer(head + 1))
        entropies.append(entropy)
        maxima.append(layer.maximumEntropy)
        shares.append(.text(Self.percent(sum / Double(max(1, queries)))))
      }
    }
    return TextTable(
      title: language.pick("Entropy of attention, mean over queries", "注意のエントロピー（クエリ平均）"),
      columns: [
        TextTable.Column(language.pick("layer", "層"), texts: layers),
        TextTable.Column(language.pick("head", "ヘッド"), heads),
        TextTable.Column(
          language.pick("entropy [nats]", "エントロピー [nats]"), numbers: entropies),
        TextTable.Column(
          language.pick("ln(keys) [nats]", "ln(キー数) [nats]"), numbers: maxima),
        TextTable.Column(
          language.pick("largest share", "最大の割合"), shares, alignment: .right),
      ])
  }

  private static func percent(_ share: Double) -> String { String(format: "%.1f %%", 100 * share) }

  // MARK: Files

  /// The maps of the layers to show.
  package func figure(in language: ReportLanguage) -> Figure {
    let (queries, keys) = shown.first.map(tokens) ?? ([], [])
    let isCross = shown.first?.layer.hasSuffix(".crossattention") ?? false
    var sentence = Self.brief(text)
    if let second { sentence += (isWritten || task == .poems ? " → " : " / ") + Self.brief(second) }
    if shown.count == 1, let layer = shown.first { sentence += "  (\(layer.layer))" }
    // Blocks are numbered from zero in names, from one in titles.
    let parts = shown.first?.layer.split(separator: ".") ?? []
    let block = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    return AttentionFigure(
      sentence: sentence, queries: queries.map(brief), keys: keys.map(brief),
      weights: shown.map(\.heads),
      kind: isCross ? .cross : .own, firstBlock: block + 1
    ).figure(language: language)
  }

  /// A token as an axis names it: beside single characters the words for start and end would force
  /// all names on their sides, so they become the signs that patterns of text have for them.
  private func brief(_ token: String) -> String {
    guard task != nil else { return token }
    switch token {
    case specialTokens.start: return "^"
    case specialTokens.end: return "$"
    default: return token
    }
  }

  private static func brief(_ text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return line.count > 60 ? line.prefix(59) + "…" : line
  }

  /// Every layer's maps, for a result file.
  package var tree: ResultTree {
    var tree: ResultTree = [
      "model": choice.tree(task: task), "version": .string(OdorokiVersion.current),
      "text": .string(text),
    ]
    if let second { tree["second"] = .string(second) }
    if task == .poems { tree["written"] = .bool(isWritten) }
    if let poem {
      tree["poem"] = [
        "number": .integer(poem.number), "author": .string(poem.author),
        "lower": .string(poem.lower),
      ]
    }
    tree["tokens"] = ["source": .strings(sourceTokens)]
    if !targetTokens.isEmpty {
      tree["tokens"]?["target"] = .strings(targetTokens)
      tree["tokens"]?["written"] = .strings(writtenTokens)
    }
    tree["shown"] = .strings(shown.map(\.layer))
    tree["layers"] = .array(
      layers.map { layer in
        let (queries, keys) = (layer.heads.first?.rows ?? 0, layer.heads.first?.columns ?? 0)
        return [
          "name": .string(layer.layer),
          "probabilities": .tensor(
            Tensor(
              shape: Shape([layer.heads.count, queries, keys]),
              values: layer.heads.flatMap(\.values))),
          "entropy": .vector(layer.entropies), "maximumEntropy": .number(layer.maximumEntropy),
        ]
      })
    let notes = notes(in: .english)
    if !notes.isEmpty { tree["notes"] = .strings(notes) }
    return tree
  }

  /// One line per pair of tokens, head and layer: the content of a CSV file.
  package var csv: String {
    var text = "layer,head,query,queryToken,key,keyToken,probability\n"
    for layer in layers {
      let (queries, keys) = tokens(of: layer)
      for (head, map) in layer.heads.enumerated() {
        for (query, queryToken) in queries.enumerated() {
          for (key, keyToken) in keys.enumerated() {
            text += "\(layer.layer),\(head + 1),\(query + 1),\(CSVText.field(queryToken)),"
            text += "\(key + 1),\(CSVText.field(keyToken)),\(map[query, key])\n"
          }
        }
      }
    }
    return text
  }

  /// Writes the result in the format that the name of the file asks for.
  ///
  /// - Throws: `ReportingError`.
  package func write(to path: String) throws(ReportingError) {
    try CSVText.write(tree, csv: csv, to: path)
  }
}
