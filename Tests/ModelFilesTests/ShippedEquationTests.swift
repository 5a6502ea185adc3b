import DynamicModels
import Foundation
import ModelFiles
import TensorCore
import Testing

/// Equations of one level written by hand, independently of any file.
struct HandWritten: Sendable, CustomTestStringConvertible {
  let name: String
  let level: Int
  /// f and g from states, causes, unknown parameters and time.
  let equations: @Sendable ([Double], [Double], [Double], Double) -> ([Double], [Double])

  var testDescription: String { "\(name), level \(level)" }
}

private func convection(_ s: [Double], _ r: Double) -> [Double] {
  [10 * (s[1] - s[0]), (r - s[2]) * s[0] - s[1], s[0] * s[1] - 8 * s[2] / 3]
}

private func product(_ rows: [[Double]], _ x: [Double]) -> [Double] {
  rows.map { row in zip(row, x).reduce(0) { $0 + $1.0 * $1.1 } }
}

private let handWrittenLevels = [
  HandWritten(name: "convolution", level: 1) { x, v, _, _ in
    let (a, b) = (0.16332037060954707, 0.067649512518274627)
    return (
      [-0.25 * x[0] + x[1] + v[0], -0.5 * x[0] - 0.25 * x[1]],
      [a, b, -b, -a].map { 0.125 * x[0] + $0 * x[1] }
    )
  },
  HandWritten(name: "convolution", level: 2) { _, _, _, _ in ([], [0]) },
  HandWritten(name: "ornstein-uhlenbeck", level: 1) { x, v, _, _ in
    ([-x[0] / 16 + v[0]], [x[0]])
  },
  HandWritten(name: "double-well", level: 1) { x, v, _, _ in
    ([2 * x[0] / (1 + x[0] * x[0]) - x[0] / 16 + v[0] / 4], [x[0] * x[0] / 16])
  },
  HandWritten(name: "lorenz", level: 1) { x, _, _, _ in
    (
      [
        18 * (x[1] - x[0]) / 32, ((46.92 - x[2]) * x[0] - x[1]) / 32,
        (x[0] * x[1] - 4 * x[2]) / 32,
      ], [x[0] + x[1] + x[2]]
    )
  },
  HandWritten(name: "birdsong", level: 1) { x, v, _, _ in
    (convection(x, v[0] - 4).map { $0 / 16 }, [x[1] / 16, 2 + x[2] / 16])
  },
  HandWritten(name: "birdsong", level: 2) { x, v, _, _ in
    (convection(x, 32 + v[0]).map { $0 / 128 }, [x[2]])
  },
  HandWritten(name: "size-inference", level: 1) { _, v, _, _ in ([], [v[0] * v[0]]) },
  HandWritten(name: "size-inference", level: 2) { _, _, _, _ in ([], [3]) },
  HandWritten(name: "linear-hierarchy", level: 1) { _, v, _, _ in
    let w = [[1, 0.5, -0.3], [0.2, -1, 0.4], [-0.6, 0.3, 0.8], [0.5, 0.5, 0.5]]
    return ([], product(w, v))
  },
  HandWritten(name: "linear-hierarchy", level: 2) { _, v, _, _ in
    ([], product([[0.8, -0.4], [0.3, 0.9], [-0.5, 0.6]], v))
  },
  HandWritten(name: "linear-hierarchy", level: 3) { _, v, _, _ in
    ([], [v[0] + 0.1, 0.1 - 0.7 * v[0]])
  },
  HandWritten(name: "pendulum-sensor", level: 1) { x, v, p, _ in
    (
      [x[1], -9.81 * sin(x[0]) - p[0] * x[1] + v[0]],
      [x[0], x[1] * x[1] + 9.81 * cos(x[0])]
    )
  },
]

private let handWrittenCauses = [
  HandWritten(name: "convolution", level: 2) { _, _, _, t in
    ([], [exp(-(t - 12) * (t - 12) / 4)])
  },
  HandWritten(name: "double-well", level: 2) { _, _, _, t in ([], [8 * sin(Double.pi * t / 16)]) },
  HandWritten(name: "pendulum-sensor", level: 2) { _, _, _, t in
    (
      [],
      [1.5 * exp(-(t - 2) * (t - 2) / 0.5) - 2 * exp(-(t - 5) * (t - 5) / 0.5)]
    )
  },
  HandWritten(name: "size-inference", level: 2) { _, _, _, _ in ([], [2.squareRoot()]) },
  HandWritten(name: "birdsong", level: 3) { _, _, _, _ in ([], [0]) },
]

private func expectEqual(_ actual: Tensor<Double>?, _ expected: [Double]) {
  guard let actual, actual.values.count == expected.count else {
    Issue.record("\(String(describing: actual)) against \(expected)")
    return
  }
  for (a, b) in zip(actual.values, expected) {
    #expect(abs(a - b) <= 1e-12 * max(1, abs(b)), "\(a) against \(b)")
  }
}

@Suite struct ShippedEquationTests {
  @Test("f and g at 20 random points, seed 7", arguments: handWrittenLevels)
  func equationsOfTheModel(_ hand: HandWritten) throws {
    let level = try loadShipped(hand.name).model.level(hand.level)
    var random = RandomSource(seed: 7)
    for _ in 0..<20 {
      let x = (0..<level.states.count).map { _ in random.normal() * 3 }
      let v = (0..<level.causes.count).map { _ in random.normal() * 3 }
      let p = (0..<level.parameters.count).map { _ in random.normal() }
      let t = random.normal()
      var arguments = [
        Level.Port.states: Tensor(vector: x), Level.Port.causes: Tensor(vector: v),
        Level.Port.parameters: Tensor(vector: p),
      ]
      if level.equations.input(Level.Port.time) != nil { arguments[Level.Port.time] = Tensor(t) }
      let values = level.equations.evaluate(arguments)
      let (f, g) = hand.equations(x, v, p, t)
      expectEqual(values[Level.Port.motion], f)
      expectEqual(values[Level.Port.output], g)
    }
  }

  @Test("causes of the process at 20 random times, seed 8", arguments: handWrittenCauses)
  func causesOfTheProcess(_ hand: HandWritten) throws {
    let process = try loadShipped(hand.name).process
    let level = process.levels[hand.level - 1]
    var random = RandomSource(seed: 8)
    for _ in 0..<20 {
      let t = 6 + 5 * random.normal()
      let values = level.equations.evaluate([
        Level.Port.states: Tensor(vector: []), Level.Port.causes: Tensor(vector: []),
        Level.Port.time: Tensor(t), Level.Port.action: Tensor(vector: []),
      ])
      expectEqual(values[Level.Port.output], hand.equations([], [], [], t).1)
    }
  }

  @Test func theProcessUsesItsOwnDamping() throws {
    let level = try loadShipped("pendulum-sensor").process.levels[0]
    let values = level.equations.evaluate([
      Level.Port.states: Tensor(vector: [0, 1]), Level.Port.causes: Tensor(vector: [0]),
      Level.Port.time: Tensor(0), Level.Port.action: Tensor(vector: []),
    ])
    expectEqual(values[Level.Port.motion], [1, -0.4])
  }
}
