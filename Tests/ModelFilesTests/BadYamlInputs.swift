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
    english: #"""
      model.yaml:2:7: error: this '{' is not closed
      time: {samples: 4, step: 1
            ^

      """#,
    japanese: #"""
      model.yaml:2:7: エラー: この '{' が閉じていません
      time: {samples: 4, step: 1
            ^

      """#
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
    english: #"""
      model.yaml:2:5: error: broken YAML: mapping values are not allowed in this context
      time: {samples: 4, step: 1}
          ^

      """#
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
    english: #"""
      model.yaml:5:1: error: broken YAML: found character that cannot start any token
       states: {x: [0, 0]}
      ^

      """#
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
    english: #"""
      model.yaml:1:9: error: broken YAML: mapping values are not allowed in this context
      title: A: B
              ^

      """#
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
    english: #"""
      model.yaml:7:17: error: YAML splits this expression at '[': put it in quotes
          output: {y: x[1]}
                      ^

      """#
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
    english: #"""
      model.yaml:6:17: error: YAML splits this expression at ',': put it in quotes
          motion: {x: if(v > 0, A * x, x)}
                      ^~~~~~~~~~~~~~~~~~~

      """#,
    japanese: #"""
      model.yaml:6:17: エラー: YAML がこの式を ',' で区切ってしまいます。引用符で囲んでください
          motion: {x: if(v > 0, A * x, x)}
                      ^~~~~~~~~~~~~~~~~~~

      """#
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
    english: #"""
      model.yaml:6:18: error: YAML splits this expression at ',': put it in quotes
          motion: {x: [max(v, 0), 1]}
                       ^~~~~~~~~

      """#
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
    english: #"""
      model.yaml:7:10: error: YAML splits this expression at '*': put it in quotes
            x: [1, 2] * v
               ^~~~~~~~

      """#
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
    english: #"""
      model.yaml:7:10: error: YAML splits this expression at '*': put it in quotes
            x: *v
               ^

      """#
  ),
  BadInput(
    "an empty file",
    text: "",
    english: #"""
      model.yaml:1:1: error: the file is empty

      ^

      """#,
    japanese: #"""
      model.yaml:1:1: エラー: ファイルが空です

      ^

      """#
  ),
  BadInput(
    "only a comment",
    text: #"""
      # nothing

      """#,
    english: #"""
      model.yaml:1:1: error: the file is empty
      # nothing
      ^

      """#
  ),
  BadInput(
    "a list instead of a mapping",
    text: #"""
      - a
      - b

      """#,
    english: #"""
      model.yaml:1:1: error: a model file is a mapping of keys to values, not a list
      - a
      ^

      """#
  ),
  BadInput(
    "a sentence instead of a mapping",
    text: #"""
      hello

      """#,
    english: #"""
      model.yaml:1:1: error: a model file is a mapping of keys to values, not text
      hello
      ^~~~~

      """#
  ),
  BadInput(
    "two documents",
    text: minimalModel + "---\ntitle: U\n",
    english: #"""
      model.yaml:11:1: error: a second YAML document starts here, but a model file holds one
      ---
      ^

      """#
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
    english: #"""
      model.yaml:1:8: error: YAML anchors and aliases are not used in model files: use 'let' or write the value again
      title: &t T
             ^~

      """#
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
    english: #"""
      model.yaml:1:8: error: YAML anchors and aliases are not used in model files: use 'let' or write the value again
      title: &t T
             ^

      """#
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
    english: #"""
      model.yaml:1:8: error: YAML tags are not used in model files
      title: !!str T
             ^

      """#
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
    english: #"""
      model.yaml:1:9: error: control character U+0007: this is not a text file
      title: T�
              ^

      """#
  ),
  BadInput(
    "a duplicate key",
    text: minimalModel + "title: U\n",
    english: #"""
      model.yaml:11:1: error: key 'title' is given twice; first on line 1
      title: U
      ^~~~~

      """#,
    japanese: #"""
      model.yaml:11:1: エラー: キー 'title' が二度書かれています（最初は 1 行目）
      title: U
      ^~~~~

      """#
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
    english: #"""
      model.yaml:8:29: error: key 'y' is given twice; first on line 8
          precision: {y: 4, x: 4, y: 5}
                                  ^

      """#
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
    english: #"""
      model.yaml:3:1: error: key 'time' is given twice; first on line 2
      time: {samples: 4, step: 1}
      ^~~~
      model.yaml:4:1: error: key 'title' is given twice; first on line 1
      title: U
      ^~~~~
      model.yaml:5:1: error: key 'time' is given twice; first on line 2
      time: {samples: 4, step: 1}
      ^~~~

      """#
  ),
  BadInput(
    "a mapping as a key",
    text: minimalModel + "? {a: b}\n: 1\n",
    english: #"""
      model.yaml:11:3: error: a key must be plain text
      ? {a: b}
        ^

      """#
  ),
  BadInput(
    "nesting beyond 100",
    text: minimalModel + "about: " + String(repeating: "[", count: 110)
      + String(repeating: "]", count: 110) + "\n",
    english: #"""
      model.yaml:11:107: error: nested more than 100 deep
      …[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]…
                                       ^

      """#
  ),
]
