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
    english: #"""
      model.yaml:6:17: error: unknown name 'B' in motion of x
          motion: {x: B * x + C * v}
                      ^

      """#
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
    english: #"""
      model.yaml:7:12: error: unknown name 'sigm' in motion of x
            x: "[sigm * (x[2] - x[1]), v]"
                 ^~~~  did you mean 'sigma'?

      """#
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
    english: #"""
      model.yaml:9:10: error: unknown name 'vv' in motion of x
               vv]
               ^~  did you mean 'v'?

      """#
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
    english: #"""
      model.yaml:6:25: error: unknown name '力' in motion of x
          motion: {x: A * x + 力 * v}
                              ^~

      """#,
    japanese: #"""
      model.yaml:6:25: エラー: x の運動で、名前 '力' は定義されていません
          motion: {x: A * x + 力 * v}
                              ^~

      """#
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
    english: #"""
      model.yaml:6:17: error: unknown name 'B' in motion of x
          motion: {x: B * x}
                      ^
      model.yaml:8:20: error: the precision of 'y' is not positive definite
          precision: {y: -4, x: 4}
                         ^~
      model.yaml:9:17: error: unknown name 'w' in output v
        - output: {v: w}
                      ^

      """#
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
    english: #"""
      model.yaml:6:23: error: shapes do not fit: '+' cannot combine a vector of 2 with a vector of 3 in motion of x
          motion: {x: A * x + C * v}
                            ^
      model.yaml:6:29: note: level 2 emits the cause 'v' as a scalar
          motion: {x: A * x + C * v}
                                  ^

      """#
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
    english: #"""
      model.yaml:6:27: error: shapes do not fit: '*' cannot combine a vector of 2 with a vector of 3 in motion of x
          motion: {x: A * x + C * v}
                                ^
      model.yaml:6:29: note: level 2 emits the cause 'v' as a vector of 3
          motion: {x: A * x + C * v}
                                  ^

      """#,
    japanese: #"""
      model.yaml:6:27: エラー: x の運動で、形が合いません: '*' は長さ 2 のベクトルと長さ 3 のベクトルを組み合わせられません
          motion: {x: A * x + C * v}
                                ^
      model.yaml:6:29: 補足: 第 2 階層は原因 'v' を長さ 3 のベクトルとして出しています
          motion: {x: A * x + C * v}
                                  ^

      """#
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
    english: #"""
      model.yaml:6:17: error: the motion of 'x' is a vector of 3
          motion: {x: "[v, v, v]"}
                      ^~~~~~~~~~~  expected a vector of 2

      """#
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
    english: #"""
      model.yaml:6:24: error: motion of 'z', but there is no state 'z'
          motion: {x: A * x, z: v}
                             ^

      """#
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
    english: #"""
      model.yaml:6:14: error: motion of 'sped', but there is no state 'sped'
          motion: {sped: A * speed}
                   ^~~~  did you mean 'speed'?

      """#
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
    english: #"""
      model.yaml:5:14: error: state 'x' has no motion
          states: {x: [0, 0]}
                   ^

      """#
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
    english: #"""
      model.yaml:4:31: error: row 2 has 1 entry, but row 1 has 2
        - parameters: {A: [[-1, 0], [0]], C: [1, 0]}
                                    ^

      """#
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
    english: #"""
      model.yaml:8:26: error: the precision of 'x' is a 2 × 3 matrix
          precision: {y: 4, x: [[1, 0, 0], [0, 1, 0]]}
                               ^  expected a scalar, a vector of 2 or a 2 × 2 matrix

      """#
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
    english: #"""
      model.yaml:8:26: error: the precision of 'x' is a vector of 3
          precision: {y: 4, x: [1, 2, 3]}
                               ^  expected a scalar, a vector of 2 or a 2 × 2 matrix

      """#
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
    english: #"""
      model.yaml:8:26: error: the precision of 'x' is not symmetric: entries (1, 2) and (2, 1) differ
          precision: {y: 4, x: [[1, 0.5], [0, 1]]}
                               ^

      """#
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
    english: #"""
      model.yaml:8:26: error: the precision of 'x' is not positive definite
          precision: {y: 4, x: [[1, 2], [2, 1]]}
                               ^

      """#,
    japanese: #"""
      model.yaml:8:26: エラー: 'x' の精度が正定値ではありません
          precision: {y: 4, x: [[1, 2], [2, 1]]}
                               ^

      """#
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
    english: #"""
      model.yaml:8:20: error: the precision of 'y' is not positive definite
          precision: {y: -4, x: 4}
                         ^~

      """#
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
    english: #"""
      model.yaml:8:17: error: unknown key 'yy' in 'precision' of level 1
          precision: {yy: 4, x: 4}
                      ^~  did you mean 'y'?

      """#
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
    english: #"""
      model.yaml:8:50: error: a precision component of 'x' is not positive semi-definite
          precision: {y: 4, x: {components: [identity, [[0, 1], [1, 0]]]}}
                                                       ^

      """#
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
    english: #"""
      model.yaml:8:20: error: the precision of 'y' is not positive definite
          precision: {y: "x[1]", x: 4}
                         ^~~~~~

      """#
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
    english: #"""
      model.yaml:8:17: error: precision of 'y' depends on states in the model: give the process a constant one
          precision: {y: "exp(x[1])", x: 4}
                      ^

      """#
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
    english: #"""
      model.yaml:4:75: error: the prior variance of 'C' must not be negative, but is -1
        - parameters: {A: [[-1, 0], [0, -1]], C: {value: [1, 0], priorVariance: -1}}
                                                                                ^~

      """#
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
    english: #"""
      model.yaml:4:77: error: the prior covariance of 'C' is a scalar
        - parameters: {A: [[-1, 0], [0, -1]], C: {value: [1, 0], priorCovariance: 1}}
                                                                                  ^  expected a 2 × 2 matrix

      """#
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
    english: #"""
      model.yaml:4:41: error: parameter 'C' needs the key 'value'
        - parameters: {A: [[-1, 0], [0, -1]], C: {priorVariance: 1}}
                                              ^

      """#
  ),
  BadInput(
    "bindings in a circle",
    text: minimalModel + "let: {p: q + 1, q: r, r: 2 * p}\n",
    english: #"""
      model.yaml:11:7: error: this binding needs itself: p → q → r → p
      let: {p: q + 1, q: r, r: 2 * p}
            ^

      """#,
    japanese: #"""
      model.yaml:11:7: エラー: 定義が自分自身に依存しています: p → q → r → p
      let: {p: q + 1, q: r, r: 2 * p}
            ^

      """#
  ),
  BadInput(
    "functions in a circle",
    text: minimalModel + "functions: {\"f(a)\": \"g(a)\", \"g(a)\": \"f(a)\"}\n",
    english: #"""
      model.yaml:11:13: error: this function calls itself: f → g → f
      functions: {"f(a)": "g(a)", "g(a)": "f(a)"}
                  ^~~~~~

      """#
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
    english: #"""
      model.yaml:6:17: error: motion of level 1 is not finite at the initial state: x[1] gives inf
          motion: {x: A * x + exp(1000 + v) * C}
                      ^~~~~~~~~~~~~~~~~~~~~~~~~

      """#,
    japanese: #"""
      model.yaml:6:17: エラー: 第 1 階層の motion が初期状態で有限になりません: x[1] が inf になります
          motion: {x: A * x + exp(1000 + v) * C}
                      ^~~~~~~~~~~~~~~~~~~~~~~~~

      """#
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
    english: #"""
      model.yaml:7:17: error: output of level 1 is not finite at the initial state: y gives -inf
          output: {y: "log(x[1])"}
                      ^~~~~~~~~~~

      """#
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
    english: #"""
      model.yaml:6:33: error: 't' cannot be read in motion of x
          motion: {x: A * x + C * sin(t)}
                                      ^  time enters a model through its causes

      """#
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
    english: #"""
      model.yaml:9:18: error: 'x' cannot be read in output v
        - output: {v: "x[1]"}
                       ^  it belongs to level 1

      """#
  ),
  BadInput(
    "only one level",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - output: {v: 0}

      """#,
    english: #"""
      model.yaml:4:3: error: a model has at least one level and, last, the prior on causes; this one has 1
        - output: {v: 0}
        ^

      """#
  ),
  BadInput(
    "states in the prior",
    text: minimalModel + "    states: {z: 0}\n    motion: {z: -z}\n",
    english: #"""
      model.yaml:11:5: error: level 2 is the prior on causes and cannot have 'states': add a level after it
          states: {z: 0}
          ^~~~~~
      model.yaml:12:5: error: level 2 is the prior on causes and cannot have 'motion': add a level after it
          motion: {z: -z}
          ^~~~~~

      """#
  ),
  BadInput(
    "a process with an unknown cause",
    text: minimalModel + "process: {causes: {u: sin(t)}}\n",
    english: #"""
      model.yaml:11:20: error: unknown key 'u' in 'causes' of the process
      process: {causes: {u: sin(t)}}
                         ^  expected 'v'

      """#
  ),
  BadInput(
    "a process cause of another shape",
    text: minimalModel + "process:\n  causes: {v: \"[t, t]\"}\n",
    english: #"""
      model.yaml:12:15: error: cause 'v' of the process is a vector of 2
        causes: {v: "[t, t]"}
                    ^~~~~~~~  expected a scalar

      """#
  ),
  BadInput(
    "an unknown parameter of the process",
    text: minimalModel + "process: {parameters: {D: 1}}\n",
    english: #"""
      model.yaml:11:24: error: unknown key 'D' in 'parameters' of the process
      process: {parameters: {D: 1}}
                             ^  expected one of A, C

      """#
  ),
]
