internal import Foundation
package import ModelFiles
internal import Reporting
internal import TensorCore

/// Representations of one song: units of a dynamic model beside layers of a Transformer.
///
/// Sources: Kornblith et al. 2019 (CKA); Kriegeskorte et al. 2008 (representational similarity);
/// Mitchell et al. 2008 and Jat et al. 2019 (encoding and 2-vs-2).
package struct RepresentationsComparison: BridgeComparison {
  package var name: String { "representations" }
  package var number: String { "M8" }
  package var kind: ComparisonKind { .measurement }
  package var title: LocalizedText {
    LocalizedText(
      english: "Representations of one song: error units beside Transformer layers",
      japanese: "1 つの歌の表現：誤差ユニットと Transformer の層")
  }
  package var claim: Claim {
    Claim(
      equation: [
        "r(F, −ln p),  r(‖ξ‖, −ln p)",
        "CKA(X, Y) = ‖YᵀX‖² / (‖XᵀX‖ ‖YᵀY‖),   ‖A‖² = Σᵢⱼ Aᵢⱼ²",
        "RSA = Spearman(1 − r(xᵢ, xⱼ), 1 − r(yᵢ, yⱼ))",
        "Ŷ = X (XᵀX + λI)⁻¹ XᵀY",
        "2-vs-2: cos(ŷᵢ, yᵢ) + cos(ŷⱼ, yⱼ) > cos(ŷᵢ, yⱼ) + cos(ŷⱼ, yᵢ)",
      ],
      meaning: LocalizedText(
        english: """
          A hierarchical dynamic model and a Transformer hear the same song of a bird; the \
          Transformer has learned to predict the next token of other songs. The question is whether the Transformer is \
          surprised where free energy and error units are large, whether its layers arrange moments \
          as the model's levels do, and whether simulated sensors that see the error units can be \
          predicted from its layers. Both hear one sound, so likeness may come from the sound \
          alone: the embedding, which knows the present token only, and a block before learning show \
          how much. The comparison is exploratory and may well come out negative.
          """,
        japanese: """
          階層動的モデルと Transformer に同じ鳥の歌を聞かせます。Transformer は別の歌で次のトークンの予測を\
          学習しています。自由エネルギーや誤差ユニットの活動が大きい所で Transformer も驚くか、層が各時点を\
          モデルの階層と同じように並べるか、誤差ユニットを観測する模擬センサーの信号を層の活動から予測できるか\
          を調べます。両者は同じ音を聞いているので、音だけから似ることもあります。その程度は、現在の\
          トークンしか知らない埋め込みと、学習前のブロックが示します。この比較は探索的なものであり、\
          否定的な結果にもなり得ます。
          """),
      references: [
        "kiebel2008hierarchy", "friston2009predictive", "kornblith2019similarity",
        "kriegeskorte2008representational", "mitchell2008predicting", "jat2019relating",
      ])
  }
  package var glossary: [String] {
    [
      "hierarchical-dynamic-model", "error-unit", "state-unit", "prediction-error", "free-energy",
      "surprise", "attention",
    ]
  }

  /// The user's own arrays.
  package var arrays: RepresentationArrays
  /// How much is sung, learned and shifted.
  package var sizes: RepresentationSizes

  /// Creates the comparison, with the user's own arrays in place of either side.
  package init(
    arrays: RepresentationArrays = RepresentationArrays(),
    sizes: RepresentationSizes = RepresentationSizes()
  ) {
    self.arrays = arrays
    self.sizes = sizes
  }

  package func examine(_ settings: BridgeSettings) throws(BridgeError) -> Finding {
    let contents = try arrays.read()
    let source = RandomSource(seed: settings.seed).split(name)
    let material = try RepresentationMaterial(sizes, contents, settings, from: source)
    let analysis = try RepresentationAnalysis(
      material, shifts: sizes.shifts, from: source.split("analysis")
    ) { fraction throws(BridgeError) in
      try settings.proceed(0.7 + 0.3 * fraction)
    }
    let report = RepresentationReport(material: material, analysis: analysis, sizes: sizes)
    // Whoever brings one side of their own needs what the other side heard.
    let data: ResultTree? = material.sound.map { ["sound": .tensor($0)] }
    return Finding(
      effects: report.effects, verdict: report.verdict,
      figure: settings.draws ? report.figure : nil, data: data)
  }
}
