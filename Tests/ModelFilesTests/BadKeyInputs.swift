/// Keys, kinds and ranges.
let badKeyInputs: [BadInput] = [
  BadInput(
    "an unknown key of the file",
    text: minimalModel + "smothness: 1\n",
    english: #"""
      model.yaml:11:1: error: unknown key 'smothness' in the model file
      smothness: 1
      ^~~~~~~~~  did you mean 'smoothness'?

      """#,
    japanese: #"""
      model.yaml:11:1: エラー: モデルファイルに 'smothness' というキーはありません
      smothness: 1
      ^~~~~~~~~  'smoothness' のことですか？

      """#
  ),
  BadInput(
    "an unknown key that resembles nothing",
    text: minimalModel + "colour: red\n",
    english: #"""
      model.yaml:11:1: error: unknown key 'colour' in the model file
      colour: red
      ^~~~~~  expected one of title, about, glossary, source, time, embedding, smoothness, functions, let, levels, process, inversion, …

      """#
  ),
  BadInput(
    "an unknown key of a level",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precison: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:8:5: error: unknown key 'precison' in level 1
          precison: {y: 4, x: 4}
          ^~~~~~~~  did you mean 'precision'?

      """#
  ),
  BadInput(
    "a missing title",
    text: #"""
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:1:1: error: the model file needs the key 'title'
      time: {samples: 4, step: 1}
      ^

      """#
  ),
  BadInput(
    "no levels",
    text: #"""
      title: T
      time: {samples: 4, step: 1}

      """#,
    english: #"""
      model.yaml:1:1: error: the model file needs the key 'levels'
      title: T
      ^

      """#
  ),
  BadInput(
    "missing samples",
    text: #"""
      title: T
      time: {step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:2:7: error: 'time' needs the key 'samples'
      time: {step: 1}
            ^

      """#
  ),
  BadInput(
    "no samples at all",
    text: #"""
      title: T
      time: {samples: 0, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:2:17: error: the number of samples must be greater than 0, not 0
      time: {samples: 0, step: 1}
                      ^

      """#
  ),
  BadInput(
    "half a sample",
    text: #"""
      title: T
      time: {samples: 1/2, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:2:17: error: the number of samples must be a whole number, not 0.5
      time: {samples: 1/2, step: 1}
                      ^~~

      """#
  ),
  BadInput(
    "a step backwards",
    text: #"""
      title: T
      time: {samples: 4, step: -1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:2:26: error: the step between samples must be greater than 0, not -1
      time: {samples: 4, step: -1}
                               ^~

      """#
  ),
  BadInput(
    "too many samples",
    text: #"""
      title: T
      time: {samples: 1e9, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:2:17: error: the number of samples must be at most 10000000, not 1000000000
      time: {samples: 1e9, step: 1}
                      ^~~

      """#
  ),
  BadInput(
    "time as a number",
    text: #"""
      title: T
      time: 4
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:2:7: error: 'time' cannot be a number
      time: 4
            ^  expected a mapping of keys to values

      """#
  ),
  BadInput(
    "d beyond n",
    text: minimalModel + "embedding: {states: 3, causes: 4}\n",
    english: #"""
      model.yaml:11:32: error: orders out of range: d = 4 for causes exceeds n = 3 for states
      embedding: {states: 3, causes: 4}
                                     ^

      """#,
    japanese: #"""
      model.yaml:11:32: エラー: 次数が範囲外です: 原因の d = 4 が状態の n = 3 を超えています
      embedding: {states: 3, causes: 4}
                                     ^

      """#
  ),
  BadInput(
    "an order of zero",
    text: minimalModel + "embedding: {states: 0, causes: 0}\n",
    english: #"""
      model.yaml:11:21: error: the order n of states must be greater than 0, not 0
      embedding: {states: 0, causes: 0}
                          ^
      model.yaml:11:32: error: the order d of causes must be greater than 0, not 0
      embedding: {states: 0, causes: 0}
                                     ^

      """#
  ),
  BadInput(
    "an order beyond reason",
    text: minimalModel + "embedding: {states: 40, causes: 4}\n",
    english: #"""
      model.yaml:11:21: error: the order n of states must be at most 16, not 40
      embedding: {states: 40, causes: 4}
                          ^~

      """#
  ),
  BadInput(
    "negative smoothness",
    text: minimalModel + "smoothness: -0.5\n",
    english: #"""
      model.yaml:11:13: error: the smoothness must not be negative, but is -0.5
      smoothness: -0.5
                  ^~~~

      """#
  ),
  BadInput(
    "infinite smoothness",
    text: minimalModel + "smoothness: .inf\n",
    english: #"""
      model.yaml:11:13: error: '.inf' is not a finite number
      smoothness: .inf
                  ^~~~

      """#
  ),
  BadInput(
    "not a number in a matrix",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [.nan, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:4:32: error: '.nan' is not a finite number
        - parameters: {A: [[-1, 0], [.nan, -1]], C: [1, 0]}
                                     ^~~~

      """#
  ),
  BadInput(
    "a number beyond the machine",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 1e999]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:4:48: error: '1e999' is not a finite number
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 1e999]}
                                                     ^~~~~

      """#
  ),
  BadInput(
    "an unknown scheme",
    text: minimalModel + "inversion: {scheme: filtr}\n",
    english: #"""
      model.yaml:11:21: error: unknown scheme 'filtr'
      inversion: {scheme: filtr}
                          ^~~~~  did you mean 'filter'?

      """#
  ),
  BadInput(
    "an unknown reference",
    text: minimalModel + "inversion: {reference: matlab}\n",
    english: #"""
      model.yaml:11:24: error: unknown reference 'matlab'
      inversion: {reference: matlab}
                             ^~~~~~  expected one of exact, spm

      """#
  ),
  BadInput(
    "no iterations",
    text: minimalModel + "inversion: {iterations: 0}\n",
    english: #"""
      model.yaml:11:25: error: 'iterations' must be greater than 0, not 0
      inversion: {iterations: 0}
                              ^

      """#
  ),
  BadInput(
    "an unknown glossary entry",
    text: minimalModel + "glossary: [precison, cause]\n",
    english: #"""
      model.yaml:11:12: error: no glossary entry 'precison'
      glossary: [precison, cause]
                 ^~~~~~~~  did you mean 'precision'?

      """#,
    japanese: #"""
      model.yaml:11:12: エラー: 用語集に 'precison' という項目はありません
      glossary: [precison, cause]
                 ^~~~~~~~  'precision' のことですか？

      """#
  ),
  BadInput(
    "a title as a list",
    text: #"""
      title: [a, b]
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:1:8: error: 'title' cannot be a list
      title: [a, b]
             ^  expected text, or {en: …, ja: …}

      """#
  ),
  BadInput(
    "a title in an unknown language",
    text: #"""
      title: {en: T, jp: T}
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:1:16: error: unknown key 'jp' in 'title'
      title: {en: T, jp: T}
                     ^~  did you mean 'ja'?

      """#
  ),
  BadInput(
    "an empty equation",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: }
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:6:14: error: 'x' cannot be empty
          motion: {x: }
                   ^  expected an expression

      """#
  ),
  BadInput(
    "a mapping as an equation",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: {a: 1}}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:6:17: error: 'x' cannot be a mapping of keys to values
          motion: {x: {a: 1}}
                      ^  expected an expression

      """#
  ),
  BadInput(
    "a name with a hyphen",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0], x-dot: 1}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:5:25: error: 'x-dot' cannot be a name: use letters, digits and '_', a letter first
          states: {x: [0, 0], x-dot: 1}
                              ^~~~~

      """#
  ),
  BadInput(
    "time as a name",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0], t: 3}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:4:52: error: 't' is time and cannot be defined
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0], t: 3}
                                                         ^

      """#
  ),
  BadInput(
    "a name in two places",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0], x: 3}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: #"""
      model.yaml:5:14: error: name 'x' is already defined on line 4
          states: {x: [0, 0]}
                   ^

      """#
  ),
]
