/// Short texts that demonstrations use, with where they come from.
public enum Captions {
  /// Texts about one thing.
  public struct Group: Sendable, Hashable {
    /// What they are about.
    public let title: String
    /// The texts.
    public let texts: [String]
    /// Who made them and under which terms; to be shown with them.
    public let attribution: String
  }

  /// Five captions that five people wrote for one photograph (MS COCO image 175469).
  public static let harbor = Group(
    title: "MS COCO 175469",
    texts: [
      "夕暮れのハーバーに汽船と複数の鳥が浮かんでいる",
      "水面に浮かぶ4羽の水鳥と、その向こうに停泊している2隻の船",
      "船着き場に2艘の船がとまっている",
      "朝焼けの中待機場所にある旅客船とマガモ",
      "停められた船の近くで水鳥が泳いでいる",
    ],
    attribution: "STAIR Captions, © STAIR Lab, Chiba Institute of Technology, CC BY 4.0 "
      + "(Yoshikawa, Shigeto & Takeuchi 2017, ACL)")

  /// Two pairs of sentences: in the first the second sentence follows, in the other it does not.
  public static let nextSentences: [SentencePair] = [
    SentencePair(
      first: "the man went to the store", second: "he bought a gallon of milk", isNext: true),
    SentencePair(
      first: "the man went to the store", second: "penguins are flightless birds", isNext: false),
  ]
  /// Where the pairs come from.
  public static let nextSentencesAttribution =
    "examples of Devlin, Chang, Lee & Toutanova 2019, NAACL, section 3.1"
}
