import Reporting
import Testing

@testable import Learning
@testable import Runs
@testable import Transformers

/// Errors of training as people read them.
struct TrainingTextTests {
  static let errors: [(error: TrainingError, status: CommandStatus, words: String)] = [
    (.heldOut(100, poems: 100), .usage, "100 poems"),
    (.configuration(.headsDoNotDivideWidth(heads: 4, width: 30)), .usage, "30"),
    (.configuration(.notPositive(name: "width", value: 0)), .usage, "width"),
    (.configuration(.dropout(1.5)), .usage, "1.5"),
    (.configuration(.notWithPredictiveCoding(dropout: true)), .usage, "--dropout"),
    (.configuration(.notWithPredictiveCoding(dropout: false)), .usage, "--freeze"),
    (.learning(.nonFiniteLoss(step: 7, loss: .infinity)), .stoppedEarly, "step 7"),
    (.learning(.nonFiniteGradient(step: 3, parameter: "readout.bias")), .stoppedEarly, "readout"),
    (.learning(.nonFiniteStates(step: 3, relaxation: 9)), .stoppedEarly, "relaxation 9"),
    (.learning(.missingParameter(name: "readout.bias")), .badData, "readout.bias"),
    (
      .learning(.parameterShape(name: "positions", expected: [4, 2], found: [3])), .badData,
      "4 × 2"
    ),
    (.text(.unknownToken(token: "漢", position: 2, text: "あ漢")), .badData, "漢"),
    (.text(.tooLong(count: 30, limit: 22)), .badData, "22"),
    (.checkpoint(.missingTensor("readout.bias")), .badData, "readout.bias"),
    (.settings(detail: "{"), .badData, "{"),
    (.otherSettings(name: "--width", stored: "32", given: "16"), .usage, "32 there, 16 here"),
    (.wrongTask(expected: [.poems], found: .masked), .badData, "masked"),
  ]

  @Test(arguments: errors.indices) func textsAndStatuses(index: Int) {
    let (error, _, words) = Self.errors[index]
    let run = RunError.training(error)
    let english = run.text(in: .english)
    let japanese = run.text(in: .japanese)
    #expect(english.hasPrefix("error: ") && japanese.hasPrefix("エラー: "))
    #expect(english.contains(words), "\(english)")
    #expect(english.filter(\.isNewline).count == 1 && japanese.filter(\.isNewline).count == 1)
    #expect(japanese.contains { $0 >= "ぁ" && $0 <= "ん" }, "\(japanese)")
  }

  @Test func statuses() {
    for (error, status, _) in Self.errors
    where error != .wrongTask(expected: [.poems], found: .masked) {
      #expect(RunError.training(error).exitStatus == status, "\(error)")
    }
  }

  @Test func requestsBecomeSpecifications() throws {
    var request = TrainingRequest()
    request.task = .masked
    request.rule = .zeroDivergence
    let run = try TrainingRun(request)
    let specification = try request.specification(for: run.poems)
    #expect(specification.plan.rule == .predictiveCoding(.zeroDivergence))
    #expect(specification.plan.configuration.segments == 2)
    #expect(specification.difference(from: specification) == nil)
    request.width = 64
    let other = try request.specification(for: run.poems)
    #expect(
      other.difference(from: specification)
        == .otherSettings(name: "--width", stored: "64", given: "32"))
  }
}
