/// The terms as data.
enum GlossaryTable {
  static let entries: [GlossaryEntry] = [
    term("accuracy", "Accuracy", "正確さ"),
    term("action", "Action", "行為"),
    term("attention", "Attention", "注意"),
    term("bayesian-surprise", "Bayesian surprise", "ベイズ的驚き"),
    term("cause", "Cause", "原因"),
    term("complexity", "Complexity", "複雑さ"),
    term("conditional-density", "Conditional density", "条件付き密度"),
    term("empirical-prior", "Empirical prior", "経験的事前分布"),
    term("entropy", "Entropy", "エントロピー"),
    term("ergodicity", "Ergodicity", "エルゴード性"),
    term("error-unit", "Error unit", "誤差ユニット"),
    term("free-energy", "Free energy", "自由エネルギー"),
    term("generalized-coordinates", "Generalized coordinates", "一般化座標"),
    term("generative-model", "Generative model", "生成モデル"),
    term("gradient-descent", "Gradient descent", "勾配降下法"),
    term("helmholtz-machine", "Helmholtz machine", "ヘルムホルツマシン"),
    term("hidden-state", "Hidden state", "隠れ状態"),
    term("hierarchical-dynamic-model", "Hierarchical dynamic model", "階層動的モデル"),
    term(
      "kullback-leibler-divergence", "Kullback–Leibler divergence",
      "カルバック・ライブラー・ダイバージェンス"),
    term("laplace-approximation", "Laplace approximation", "ラプラス近似"),
    term("local-linearization", "Local linearization", "局所線形化"),
    term("masked-language-model", "Masked language model", "マスク言語モデル"),
    term("message-passing", "Message passing", "メッセージ伝達"),
    term("position-code", "Position code", "位置符号"),
    term("precision", "Precision", "精度"),
    term("prediction-error", "Prediction error", "予測誤差"),
    term("prior", "Prior", "事前分布"),
    term("query-key-value", "Query, key and value", "クエリ・キー・バリュー"),
    term("recognition-density", "Recognition density", "認識密度"),
    term("recognition-dynamics", "Recognition dynamics", "認識ダイナミクス"),
    term("smoothness", "Smoothness", "滑らかさ"),
    term("softmax", "Softmax", "ソフトマックス"),
    term("state-unit", "State unit", "状態ユニット"),
    term("stochastic", "Stochastic", "確率的"),
    term("sufficient-statistics", "Sufficient statistics", "十分統計量"),
    term("surprise", "Surprise", "驚き"),
  ]

  private static func term(
    _ slug: String, _ english: String, _ japanese: String
  ) -> GlossaryEntry {
    GlossaryEntry(slug: slug, english: english, japanese: japanese)
  }
}
