import AttentionBridge
import ModelFiles
import Testing

@Suite("nulls")
struct NullTests {
  private let controls = [-3.0, -1, 0, 1, 2]

  @Test("p counts the controls that lie as far out, on the side that is asked for")
  func tails() {
    // Their mean is −0.2.
    #expect(Null.probability(controls, value: 1, tail: .upper) == 3.0 / 6)
    #expect(Null.probability(controls, value: -1, tail: .lower) == 3.0 / 6)
    #expect(Null.probability(controls, value: 2, tail: .both) == 3.0 / 6)
    #expect(Null.probability(controls, value: -3, tail: .both) == 2.0 / 6)
    #expect(Null.probability(controls, value: 9, tail: .upper) == 1.0 / 6)
    #expect(Null.probability(controls, value: -9, tail: .upper) == 1)
    #expect(Null.probability(controls, value: -9, tail: .lower) == 1.0 / 6)
  }

  @Test("controls around another center than zero are told from values at zero")
  func shiftedNull() {
    let far = (0..<99).map { -0.3 + 0.0004 * Double($0 - 49) }
    #expect(Null.probability(far, value: 0, tail: .both) == 0.01)
    #expect(Null.probability(far, value: -0.3, tail: .both) == 1)
    guard
      case .shuffled(let mean, _, let p, _, _) = Null.shuffled(
        far, value: 0, LocalizedText(english: "a", japanese: "b"), tail: .both)
    else { return }
    #expect(abs(mean + 0.3) < 1e-12 && p == 0.01)
  }
}
