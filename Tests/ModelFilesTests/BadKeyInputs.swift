/// Keys, kinds and ranges.
let badKeyInputs: [BadInput] = [
  BadInput(
    "an unknown key of the file",
    text: minimalModel + "smothness: 1\n",
    english: "",
    japanese: ""
  ),
  BadInput(
    "an unknown key that resembles nothing",
    text: minimalModel + "colour: red\n",
    english: ""
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
    english: ""
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
    english: ""
  ),
  BadInput(
    "no levels",
    text: #"""
      title: T
      time: {samples: 4, step: 1}

      """#,
    english: ""
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
    english: ""
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
    english: ""
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
    english: ""
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
    english: ""
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
    english: ""
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
    english: ""
  ),
  BadInput(
    "d beyond n",
    text: minimalModel + "embedding: {states: 3, causes: 4}\n",
    english: "",
    japanese: ""
  ),
  BadInput(
    "an order of zero",
    text: minimalModel + "embedding: {states: 0, causes: 0}\n",
    english: ""
  ),
  BadInput(
    "an order beyond reason",
    text: minimalModel + "embedding: {states: 40, causes: 4}\n",
    english: ""
  ),
  BadInput(
    "negative smoothness",
    text: minimalModel + "smoothness: -0.5\n",
    english: ""
  ),
  BadInput(
    "infinite smoothness",
    text: minimalModel + "smoothness: .inf\n",
    english: ""
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
    english: ""
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
    english: ""
  ),
  BadInput(
    "an unknown scheme",
    text: minimalModel + "inversion: {scheme: filtr}\n",
    english: ""
  ),
  BadInput(
    "an unknown reference",
    text: minimalModel + "inversion: {reference: matlab}\n",
    english: ""
  ),
  BadInput(
    "no iterations",
    text: minimalModel + "inversion: {iterations: 0}\n",
    english: ""
  ),
  BadInput(
    "an unknown glossary entry",
    text: minimalModel + "glossary: [precison, cause]\n",
    english: "",
    japanese: ""
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
    english: ""
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
    english: ""
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
    english: ""
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
    english: ""
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
    english: ""
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
    english: ""
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
    english: ""
  ),
]
