/// The publications behind the comparisons, as a reader sees them.
package enum BridgeReferences {
  /// The publication of a key of docs/references.bib; nil for an unknown key.
  package static func text(_ key: String) -> String? { publications[key] }

  /// Every key that comparisons may name.
  package static var keys: [String] { publications.keys.sorted() }

  private static let publications = [
    "feldman2010attention":
      "Feldman & Friston 2010, Attention, uncertainty, and free-energy, Front Hum Neurosci 4:215",
    "friston2009predictive":
      "Friston & Kiebel 2009, Predictive coding under the free-energy principle, "
      + "Phil Trans R Soc B 364:1211",
    "kalman1960new":
      "Kalman 1960, A new approach to linear filtering and prediction problems, J Basic Eng 82:35",
    "milakov2018online":
      "Milakov & Gimelshein 2018, Online normalizer calculation for softmax, arXiv:1805.02867",
    "miller2023off": "Miller 2023, Attention is off by one (essay on the web)",
    "vaswani2017attention": "Vaswani et al. 2017, Attention is all you need, NeurIPS 30",
    "xiao2024efficient":
      "Xiao et al. 2024, Efficient streaming language models with attention sinks, ICLR",
  ]
}
