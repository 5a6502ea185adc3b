/// The texts of the default figure in two languages.
struct RecognitionWords {
  let language: ReportLanguage

  var dataAndPredictions: String { language.pick("Data and predictions", "感覚データと予測") }
  var dataOnly: String { language.pick("Data", "感覚データ") }
  var causes: String { language.pick("Causes v", "原因 v") }
  var states: String { language.pick("Hidden states x", "隠れ状態 x") }
  var interval: String { language.pick(" (90 % intervals)", "（90 % 区間）") }
  var errors: String {
    language.pick("Error units: weighted prediction errors", "誤差ユニットの活動（重み付き予測誤差）")
  }
  var freeEnergyAndTerms: String {
    language.pick("Variational free energy F and its terms", "変分自由エネルギー F とその内訳")
  }
  var freeEnergyAlone: String {
    language.pick("Variational free energy F", "変分自由エネルギー F")
  }

  var iterations: String {
    language.pick("F of the whole record per iteration", "反復ごとの記録全体の F")
  }

  var iteration: String { language.pick("iteration", "反復") }
  var rejected: String { language.pick("rejected", "不採用") }
  var time: String { language.pick("time [time units]", "時間 [時間単位]") }
  var value: String { language.pick("value", "値") }
  /// The usual sign ‖ξ‖ is as wide as kanji in the font of the figures.
  var norm: String { language.pick("norm |ξ|", "ノルム |ξ|") }
  var nats: String { language.pick("nats", "ナット") }

  var data: String { language.pick("data", "データ") }
  var prediction: String { language.pick("prediction", "予測") }
  var truth: String { language.pick("truth", "真の値") }
  var freeEnergy: String { language.pick("free energy F", "自由エネルギー F") }
  var energy: String { language.pick("energy", "エネルギー") }
  var entropy: String { language.pick("entropy", "エントロピー") }
  var accuracy: String { language.pick("accuracy", "正確さ") }
  var complexity: String { language.pick("complexity", "複雑さ") }
  var surprise: String { language.pick("surprise", "驚き") }
}
