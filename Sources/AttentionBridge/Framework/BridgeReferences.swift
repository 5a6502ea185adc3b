/// The publications behind the comparisons, as a reader sees them.
package enum BridgeReferences {
  /// The publication of a key of docs/references.bib; nil for an unknown key.
  package static func text(_ key: String) -> String? { publications[key] }

  /// Every key that comparisons may name.
  package static var keys: [String] { publications.keys.sorted() }

  private static let publications: [String: String] = [
    "dayan1995helmholtz":
      "Dayan, Hinton, Neal & Zemel 1995, The Helmholtz machine, Neural Comput 7:889",
    "duong2015low":
      "Duong, Cohn, Bird & Cook 2015, Low resource dependency parsing, ACL-IJCNLP, "
      + "845",
    "feldman2010attention":
      "Feldman & Friston 2010, Attention, uncertainty, and free-energy, Front Hum "
      + "Neurosci 4:215",
    "friston2008dem":
      "Friston, Trujillo-Barreto & Daunizeau 2008, DEM: a variational treatment of "
      + "dynamic systems, NeuroImage 41:849",
    "friston2008hierarchical":
      "Friston 2008, Hierarchical models in the brain, PLoS Comput Biol 4:e1000211",
    "friston2009predictive":
      "Friston & Kiebel 2009, Predictive coding under the free-energy principle, "
      + "Phil Trans R Soc B 364:1211",
    "friston2009rough":
      "Friston 2009, The free-energy principle: a rough guide to the brain?, Trends "
      + "Cogn Sci 13:293",
    "friston2010filtering":
      "Friston, Stephan, Li & Daunizeau 2010, Generalised filtering, Math Probl Eng "
      + "2010:621670",
    "friston2010unified":
      "Friston 2010, The free-energy principle: a unified brain theory?, Nat Rev "
      + "Neurosci 11:127",
    "hoerl1970ridge":
      "Hoerl & Kennard 1970, Ridge regression, Technometrics 12:55",
    "hoover2023energy":
      "Hoover et al. 2023, Energy Transformer, NeurIPS 36",
    "jat2019relating":
      "Jat, Tang, Talukdar & Mitchell 2019, Relating simple sentence representations "
      + "in deep neural networks and the brain, ACL",
    "kalman1960new":
      "Kalman 1960, A new approach to linear filtering and prediction problems, J "
      + "Basic Eng 82:35",
    "kendall2018multitask":
      "Kendall, Gal & Cipolla 2018, Multi-task learning using uncertainty to weigh "
      + "losses, CVPR, 7482",
    "kiebel2008hierarchy":
      "Kiebel, Daunizeau & Friston 2008, A hierarchy of time-scales and the brain, "
      + "PLoS Comput Biol 4:e1000209",
    "kornblith2019similarity":
      "Kornblith, Norouzi, Lee & Hinton 2019, Similarity of neural network "
      + "representations revisited, ICML",
    "kriegeskorte2008representational":
      "Kriegeskorte, Mur & Bandettini 2008, Representational similarity analysis, "
      + "Front Syst Neurosci 2:4",
    "milakov2018online":
      "Milakov & Gimelshein 2018, Online normalizer calculation for softmax, "
      + "arXiv:1805.02867",
    "miller2023off":
      "Miller 2023, Attention is off by one (essay on the web)",
    "millidge2022predictive":
      "Millidge, Tschantz & Buckley 2022, Predictive coding approximates backprop "
      + "along arbitrary computation graphs, Neural Comput 34:1329",
    "mitchell2008predicting":
      "Mitchell et al. 2008, Predicting human brain activity associated with the "
      + "meanings of nouns, Science 320:1191",
    "pinchetti2022predictive":
      "Pinchetti et al. 2022, Predictive coding beyond Gaussian distributions, "
      + "NeurIPS 35",
    "posner1980orienting":
      "Posner 1980, Orienting of attention, Q J Exp Psychol 32:3",
    "ramsauer2021hopfield":
      "Ramsauer et al. 2021, Hopfield networks is all you need, ICLR",
    "rao1999predictive":
      "Rao & Ballard 1999, Predictive coding in the visual cortex, Nat Neurosci 2:79",
    "salvatori2022reverse":
      "Salvatori et al. 2022, Reverse differentiation via predictive coding, AAAI 36",
    "singh2023attention":
      "Singh & Buckley 2023, Attention as implicit structural inference, NeurIPS 36",
    "song2020brain":
      "Song et al. 2020, Can the brain do backpropagation?, NeurIPS 33",
    "vaswani2017attention":
      "Vaswani et al. 2017, Attention is all you need, NeurIPS 30",
    "vonoswald2023transformers":
      "von Oswald et al. 2023, Transformers learn in-context by gradient descent, "
      + "ICML",
    "whittington2017approximation":
      "Whittington & Bogacz 2017, An approximation of the error backpropagation "
      + "algorithm in a predictive coding network, Neural Comput 29:1229",
    "xiao2024efficient":
      "Xiao et al. 2024, Efficient streaming language models with attention sinks, "
      + "ICLR",
  ]
}
