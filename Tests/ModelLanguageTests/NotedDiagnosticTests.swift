import ModelLanguage
import Testing

/// What is said where a second place explains the first.
struct NotedDiagnosticTests {
  static let cases: [(String, String, String)] = [
    (
      "2 * (v + 1",
      """
      m.yaml:1:11: error: the expression ends too early in motion of x
      2 * (v + 1
                ^  expected ')'
      m.yaml:1:5: note: '(' was opened here
      2 * (v + 1
          ^

      """,
      """
      m.yaml:1:11: エラー: x の運動で、式が途中で終わっています
      2 * (v + 1
                ^  ')' が必要です
      m.yaml:1:5: 補足: '(' はここで開いています
      2 * (v + 1
          ^

      """
    ),
    (
      "[v, 1",
      """
      m.yaml:1:6: error: the expression ends too early in motion of x
      [v, 1
           ^  expected ',' or ']'
      m.yaml:1:1: note: '[' was opened here
      [v, 1
      ^

      """,
      """
      m.yaml:1:6: エラー: x の運動で、式が途中で終わっています
      [v, 1
           ^  ',' か ']' が必要です
      m.yaml:1:1: 補足: '[' はここで開いています
      [v, 1
      ^

      """
    ),
    (
      "x[1",
      """
      m.yaml:1:4: error: the expression ends too early in motion of x
      x[1
         ^  expected ',' or ']'
      m.yaml:1:2: note: '[' was opened here
      x[1
       ^

      """,
      """
      m.yaml:1:4: エラー: x の運動で、式が途中で終わっています
      x[1
         ^  ',' か ']' が必要です
      m.yaml:1:2: 補足: '[' はここで開いています
      x[1
       ^

      """
    ),
    (
      "exp(v",
      """
      m.yaml:1:6: error: the expression ends too early in motion of x
      exp(v
           ^  expected ',' or ')'
      m.yaml:1:4: note: '(' was opened here
      exp(v
         ^

      """,
      """
      m.yaml:1:6: エラー: x の運動で、式が途中で終わっています
      exp(v
           ^  ',' か ')' が必要です
      m.yaml:1:4: 補足: '(' はここで開いています
      exp(v
         ^

      """
    ),
    (
      "(v",
      """
      m.yaml:1:3: error: the expression ends too early in motion of x
      (v
        ^  expected ')'
      m.yaml:1:1: note: '(' was opened here
      (v
      ^

      """,
      """
      m.yaml:1:3: エラー: x の運動で、式が途中で終わっています
      (v
        ^  ')' が必要です
      m.yaml:1:1: 補足: '(' はここで開いています
      (v
      ^

      """
    ),
    (
      "v[",
      """
      m.yaml:1:3: error: the expression ends too early in motion of x
      v[
        ^  expected a number, a name or '('
      m.yaml:1:2: note: '[' was opened here
      v[
       ^

      """,
      """
      m.yaml:1:3: エラー: x の運動で、式が途中で終わっています
      v[
        ^  数・名前・'(' のどれかが必要です
      m.yaml:1:2: 補足: '[' はここで開いています
      v[
       ^

      """
    ),
    (
      "first",
      """
      let-third:1:1: error: this binding needs itself: first → second → third → first
      first * 2
      ^~~~~
      let-second:1:1: note: 'third' is used here in let second
      third
      ^~~~~
      let-first:1:1: note: 'second' is used here in let first
      second + 1
      ^~~~~~
      m.yaml:1:1: note: 'first' is used here in motion of x
      first
      ^~~~~

      """,
      """
      let-third:1:1: エラー: 定義が自分自身に依存しています: first → second → third → first
      first * 2
      ^~~~~
      let-second:1:1: 補足: let second で、'third' はここで使われています
      third
      ^~~~~
      let-first:1:1: 補足: let first で、'second' はここで使われています
      second + 1
      ^~~~~~
      m.yaml:1:1: 補足: x の運動で、'first' はここで使われています
      first
      ^~~~~

      """
    ),
    (
      "even(v)",
      """
      body of odd(u):1:1: error: this function calls itself: even → odd → even
      even(u - 1)
      ^~~~
      body of even(u):1:1: note: 'odd' is called here in function even
      odd(u - 1)
      ^~~
      m.yaml:1:1: note: 'even' is called here in motion of x
      even(v)
      ^~~~

      """,
      """
      body of odd(u):1:1: エラー: 関数が自分自身を呼んでいます: even → odd → even
      even(u - 1)
      ^~~~
      body of even(u):1:1: 補足: 関数 even で、'odd' はここで呼ばれています
      odd(u - 1)
      ^~~
      m.yaml:1:1: 補足: x の運動で、'even' はここで呼ばれています
      even(v)
      ^~~~

      """
    ),
    (
      "crooked * 2",
      """
      let-crooked:1:3: error: shapes do not fit: '+' cannot combine a vector of 2 with a vector of 3 in let crooked
      x + z
        ^
      m.yaml:1:1: note: 'crooked' is used here in motion of x
      crooked * 2
      ^~~~~~~

      """,
      """
      let-crooked:1:3: エラー: let crooked で、形が合いません: '+' は長さ 2 のベクトルと長さ 3 のベクトルを組み合わせられません
      x + z
        ^
      m.yaml:1:1: 補足: x の運動で、'crooked' はここで使われています
      crooked * 2
      ^~~~~~~

      """
    ),
    (
      "double * shifted(x)",
      """
      body of shifted(u):1:3: error: shapes do not fit: '+' cannot combine a vector of 2 with a vector of 3 in function shifted
      u + [1, 2, 3]
        ^
      m.yaml:1:10: note: 'shifted' is called here in motion of x
      double * shifted(x)
               ^~~~~~~

      """,
      """
      body of shifted(u):1:3: エラー: 関数 shifted で、形が合いません: '+' は長さ 2 のベクトルと長さ 3 のベクトルを組み合わせられません
      u + [1, 2, 3]
        ^
      m.yaml:1:10: 補足: x の運動で、'shifted' はここで呼ばれています
      double * shifted(x)
               ^~~~~~~

      """
    ),
    (
      "weighted(v, 0)",
      """
      body of weighted(u, s):1:5: error: division by zero in function weighted
      u / s
          ^
      m.yaml:1:1: note: 'weighted' is called here in motion of x
      weighted(v, 0)
      ^~~~~~~~

      """,
      """
      body of weighted(u, s):1:5: エラー: 関数 weighted で、ゼロで割っています
      u / s
          ^
      m.yaml:1:1: 補足: x の運動で、'weighted' はここで呼ばれています
      weighted(v, 0)
      ^~~~~~~~

      """
    ),
    (
      "x[:",
      """
      m.yaml:1:4: error: the expression ends too early in motion of x
      x[:
         ^  expected ',' or ']'
      m.yaml:1:2: note: '[' was opened here
      x[:
       ^

      """,
      """
      m.yaml:1:4: エラー: x の運動で、式が途中で終わっています
      x[:
         ^  ',' か ']' が必要です
      m.yaml:1:2: 補足: '[' はここで開いています
      x[:
       ^

      """
    ),
    (
      "f(",
      """
      m.yaml:1:3: error: the expression ends too early in motion of x
      f(
        ^  expected a number, a name or '('
      m.yaml:1:2: note: '(' was opened here
      f(
       ^

      """,
      """
      m.yaml:1:3: エラー: x の運動で、式が途中で終わっています
      f(
        ^  数・名前・'(' のどれかが必要です
      m.yaml:1:2: 補足: '(' はここで開いています
      f(
       ^

      """
    ),
    (
      "x[1,",
      """
      m.yaml:1:5: error: the expression ends too early in motion of x
      x[1,
          ^  expected a number, a name or '('
      m.yaml:1:2: note: '[' was opened here
      x[1,
       ^

      """,
      """
      m.yaml:1:5: エラー: x の運動で、式が途中で終わっています
      x[1,
          ^  数・名前・'(' のどれかが必要です
      m.yaml:1:2: 補足: '[' はここで開いています
      x[1,
       ^

      """
    ),
  ]

  @Test(arguments: cases)
  func theWholeTextIsAsWritten(text: String, english: String, japanese: String) {
    #expect(Language.refusal(text) == english)
    #expect(Language.refusal(text, .japanese) == japanese)
  }
}
