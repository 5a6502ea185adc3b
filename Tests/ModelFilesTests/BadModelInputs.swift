/// Models that do not fit together.
let badModelInputs: [BadInput] = [
  BadInput(
    "an unknown name",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: B * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "an unknown name inside quotes",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {sigma: 3, C: [1, 0]}
          states: {x: [0, 0]}
          motion:
            x: "[sigm * (x[2] - x[1]), v]"
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "an unknown name in a block",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion:
            x: |
              [x[2] - x[1],
               vv]
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "an unknown name after Japanese",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + 力 * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: "",
    japanese: ""
  ),
  BadInput(
    "several mistakes together",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: B * x}
          output: {y: "x[1]"}
          precision: {y: -4, x: 4}
        - output: {v: w}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "a shape mismatch",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "a cause count that does not match",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: [0, 0, 0]}
          precision: {v: 1}

      """#,
    english: "",
    japanese: ""
  ),
  BadInput(
    "a motion of another shape than its state",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: "[v, v, v]"}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "a motion without a state",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x, z: v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "a misspelt motion",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {speed: [0, 0]}
          motion: {sped: A * speed}
          output: {y: "speed[1]"}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "a state without a motion",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "a ragged matrix",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "a precision that is not square",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: [[1, 0, 0], [0, 1, 0]]}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "a precision of the wrong length",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: [1, 2, 3]}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "an asymmetric precision",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: [[1, 0.5], [0, 1]]}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "an indefinite precision",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: [[1, 2], [2, 1]]}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: "",
    japanese: ""
  ),
  BadInput(
    "a negative precision",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: -4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "a precision for an unknown name",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {yy: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "an indefinite precision component",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: {components: [identity, [[0, 1], [1, 0]]]}}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "a precision that vanishes at the start",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: "x[1]", x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "a precision that varies without one for the process",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: "exp(x[1])", x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "a negative variance",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: {value: [1, 0], priorVariance: -1}}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "a prior covariance of the wrong shape",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: {value: [1, 0], priorCovariance: 1}}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "a prior without a value",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: {priorVariance: 1}}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "bindings in a circle",
    text: minimalModel + "let: {p: q + 1, q: r, r: 2 * p}\n",
    english: "",
    japanese: ""
  ),
  BadInput(
    "functions in a circle",
    text: minimalModel + "functions: {\"f(a)\": \"g(a)\", \"g(a)\": \"f(a)\"}\n",
    english: ""
  ),
  BadInput(
    "an overflow at the initial state",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + exp(1000 + v) * C}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: "",
    japanese: ""
  ),
  BadInput(
    "an output without a value at the initial state",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "log(x[1])"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "time in a motion",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * sin(t)}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "a name of another level",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: "x[1]"}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "only one level",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - output: {v: 0}

      """#,
    english: ""
  ),
  BadInput(
    "states in the prior",
    text: minimalModel + "    states: {z: 0}\n    motion: {z: -z}\n",
    english: ""
  ),
  BadInput(
    "a process with an unknown cause",
    text: minimalModel + "process: {causes: {u: sin(t)}}\n",
    english: ""
  ),
  BadInput(
    "a process cause of another shape",
    text: minimalModel + "process:\n  causes: {v: \"[t, t]\"}\n",
    english: ""
  ),
  BadInput(
    "an unknown parameter of the process",
    text: minimalModel + "process: {parameters: {D: 1}}\n",
    english: ""
  ),
]
