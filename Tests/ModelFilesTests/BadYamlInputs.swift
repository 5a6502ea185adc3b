/// Text that YAML cannot read, or reads otherwise than its author meant.
let badYamlInputs: [BadInput] = [
  BadInput(
    "a bracket that is never closed",
    text: #"""
      title: T
      time: {samples: 4, step: 1
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: "",
    japanese: ""
  ),
  BadInput(
    "a key without a value and a colon",
    text: #"""
      title T
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
    "a tab as indentation",
    text: """
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
      \u{9}states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """,
    english: ""
  ),
  BadInput(
    "a colon inside plain text",
    text: #"""
      title: A: B
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
    "an unquoted index in braces",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: x[1]}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "an unquoted call in braces",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: if(v > 0, A * x, x)}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: "",
    japanese: ""
  ),
  BadInput(
    "an unquoted call in a list",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: [max(v, 0), 1]}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "a list with arithmetic after it",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion:
            x: [1, 2] * v
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "an expression that starts like an alias",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion:
            x: *v
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "an empty file",
    text: "",
    english: "",
    japanese: ""
  ),
  BadInput(
    "only a comment",
    text: #"""
      # nothing

      """#,
    english: ""
  ),
  BadInput(
    "a list instead of a mapping",
    text: #"""
      - a
      - b

      """#,
    english: ""
  ),
  BadInput(
    "a sentence instead of a mapping",
    text: #"""
      hello

      """#,
    english: ""
  ),
  BadInput(
    "two documents",
    text: minimalModel + "---\ntitle: U\n",
    english: ""
  ),
  BadInput(
    "an anchor with its alias",
    text: #"""
      title: &t T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}
      about: *t

      """#,
    english: ""
  ),
  BadInput(
    "an anchor alone",
    text: #"""
      title: &t T
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
    "a tag",
    text: #"""
      title: !!str T
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
    "a control character",
    text: """
      title: T\u{7}
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4}
        - output: {v: 0}
          precision: {v: 1}

      """,
    english: ""
  ),
  BadInput(
    "a duplicate key",
    text: minimalModel + "title: U\n",
    english: "",
    japanese: ""
  ),
  BadInput(
    "duplicate names in braces",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      levels:
        - parameters: {A: [[-1, 0], [0, -1]], C: [1, 0]}
          states: {x: [0, 0]}
          motion: {x: A * x + C * v}
          output: {y: "x[1]"}
          precision: {y: 4, x: 4, y: 5}
        - output: {v: 0}
          precision: {v: 1}

      """#,
    english: ""
  ),
  BadInput(
    "three of a key",
    text: #"""
      title: T
      time: {samples: 4, step: 1}
      time: {samples: 4, step: 1}
      title: U
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
    "a mapping as a key",
    text: minimalModel + "? {a: b}\n: 1\n",
    english: ""
  ),
  BadInput(
    "nesting beyond 100",
    text: minimalModel + "about: " + String(repeating: "[", count: 110)
      + String(repeating: "]", count: 110) + "\n",
    english: ""
  ),
]
