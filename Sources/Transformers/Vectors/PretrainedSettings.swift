internal import Learning

/// The files of settings in the folder of an encoder.
struct PretrainedSettings {
  let folder: String

  private static let main = "config.json"
  /// The largest extent believed, far beyond any encoder, so that products of two cannot overflow.
  private static let sizeLimit = 1 << 24

  func configuration() throws(PretrainedEncoderError) -> PretrainedEncoder.Configuration {
    let name = Self.main
    guard let tree = try read(name) else { throw .missingFile(name: name, folder: folder) }
    let type = try text(tree, "model_type", name) ?? "bert"
    guard type == "bert" else { throw .unsupportedModel(type) }
    let positions = try text(tree, "position_embedding_type", name) ?? "absolute"
    guard positions == "absolute" else { throw .unsupportedPositions(positions) }
    guard let activationName = try text(tree, "hidden_act", name) else {
      throw .missingSetting(file: name, key: "hidden_act")
    }
    guard let activation = PretrainedEncoder.Activation(rawValue: activationName) else {
      throw .unsupportedActivation(activationName)
    }
    let hidden = try size(tree, "hidden_size")
    let heads = try size(tree, "num_attention_heads")
    guard hidden % heads == 0 else { throw .unevenHeads(width: hidden, heads: heads) }
    guard let epsilonValue = tree["layer_norm_eps"] else {
      throw .missingSetting(file: name, key: "layer_norm_eps")
    }
    guard let epsilon = epsilonValue.number, epsilon > 0, epsilon < 1 else {
      throw .invalidSetting(file: name, key: "layer_norm_eps")
    }
    return PretrainedEncoder.Configuration(
      layers: try size(tree, "num_hidden_layers"), heads: heads, hidden: hidden,
      feedforward: try size(tree, "intermediate_size"),
      maxLength: try size(tree, "max_position_embeddings"),
      segments: try size(tree, "type_vocab_size"),
      vocabularySize: try size(tree, "vocab_size"), epsilon: epsilon, activation: activation)
  }

  /// How vectors of sentences are made; the mean where nothing says so.
  func pooling(width: Int) throws(PretrainedEncoderError) -> PretrainedEncoder.Pooling {
    let name = "1_Pooling/config.json"
    guard let tree = try read(name) else { return .mean }
    if let value = tree["word_embedding_dimension"], value.count != width {
      throw .invalidSetting(file: name, key: "word_embedding_dimension")
    }
    guard case .object(let members) = tree else { return .mean }
    let chosen = members.filter { $0.key.hasPrefix("pooling_mode_") && $0.value == .flag(true) }
    switch chosen.map(\.key) {
    case ["pooling_mode_mean_tokens"]: return .mean
    case ["pooling_mode_cls_token"]: return .first
    default: throw .unsupportedPooling
    }
  }

  /// The length in tokens that sentences are cut to, if a file says so.
  func sentenceLength() throws(PretrainedEncoderError) -> Int? {
    let name = "sentence_bert_config.json"
    guard let value = try read(name)?["max_seq_length"], value != .null else { return nil }
    guard let length = value.count, length >= 3 else {
      throw .invalidSetting(file: name, key: "max_seq_length")
    }
    return length
  }

  /// Whether letters become small; they do where nothing says so.
  func lowercases() throws(PretrainedEncoderError) -> Bool {
    let name = "tokenizer_config.json"
    guard let value = try read(name)?["do_lower_case"] else { return true }
    guard case .flag(let flag) = value else {
      throw .invalidSetting(file: name, key: "do_lower_case")
    }
    return flag
  }

  private func read(_ name: String) throws(PretrainedEncoderError) -> StrictJSON? {
    let text: String
    do {
      text = try TextFile.read(folder + "/" + name)
    } catch {
      if case .missingFile = error { return nil }
      throw .file(error)
    }
    guard let tree = try? StrictJSON(bytes: Array(text.utf8)), case .object = tree else {
      throw .invalidSettings(file: name)
    }
    return tree
  }

  private func text(
    _ tree: StrictJSON, _ key: String, _ file: String
  ) throws(PretrainedEncoderError) -> String? {
    guard let value = tree[key], value != .null else { return nil }
    guard let text = value.text else { throw .invalidSetting(file: file, key: key) }
    return text
  }

  private func size(_ tree: StrictJSON, _ key: String) throws(PretrainedEncoderError) -> Int {
    guard let value = tree[key] else { throw .missingSetting(file: Self.main, key: key) }
    guard let count = value.count, count > 0, count <= Self.sizeLimit else {
      throw .invalidSetting(file: Self.main, key: key)
    }
    return count
  }
}
