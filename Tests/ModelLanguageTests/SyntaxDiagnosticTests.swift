import ModelLanguage
import Testing

/// What is said about characters, tokens and brackets.
struct SyntaxDiagnosticTests {
  static let cases: [Refusal] = [
    Refusal(
      "x # 2",
      "3: error: unexpected character '#' in motion of x",
      "  ^",
      "3: エラー: x の運動で、文字 '#' は使えません",
      "  ^"),
    Refusal(
      "2 × v",
      "3: error: unexpected character '×' in motion of x",
      "  ^  did you mean '*'?",
      "3: エラー: x の運動で、文字 '×' は使えません",
      "  ^  '*' のことですか？"),
    Refusal(
      "v − 1",
      "3: error: unexpected character '−' in motion of x",
      "  ^  did you mean '-'?",
      "3: エラー: x の運動で、文字 '−' は使えません",
      "  ^  '-' のことですか？"),
    Refusal(
      "（v)",
      "1: error: unexpected character '（' in motion of x",
      "^~  did you mean '('?",
      "1: エラー: x の運動で、文字 '（' は使えません",
      "^~  '(' のことですか？"),
    Refusal(
      "v = 1",
      "3: error: unexpected character '=' in motion of x",
      "  ^  did you mean '=='?",
      "3: エラー: x の運動で、文字 '=' は使えません",
      "  ^  '==' のことですか？"),
    Refusal(
      "v ≤ 1",
      "3: error: unexpected character '≤' in motion of x",
      "  ^  did you mean '<='?",
      "3: エラー: x の運動で、文字 '≤' は使えません",
      "  ^  '<=' のことですか？"),
    Refusal(
      "v; 1",
      "2: error: unexpected character ';' in motion of x",
      " ^",
      "2: エラー: x の運動で、文字 ';' は使えません",
      " ^"),
    Refusal(
      "1.2.3 + v",
      "1: error: '1.2.3' is not a number in motion of x",
      "^~~~~  expected a number such as 2, 0.5 or 1e-3",
      "1: エラー: x の運動で、'1.2.3' は数として読めません",
      "^~~~~  2、0.5、1e-3 のような数が必要です"),
    Refusal(
      "2x",
      "1: error: '2x' is not a number in motion of x",
      "^~  a product is written 2 * x",
      "1: エラー: x の運動で、'2x' は数として読めません",
      "^~  積は 2 * x と書きます"),
    Refusal(
      "1e400",
      "1: error: the number '1e400' is too large in motion of x",
      "^~~~~  the largest number is near 1.8e308",
      "1: エラー: x の運動で、数 '1e400' は大きすぎます",
      "^~~~~  扱える最大の数は約 1.8e308 です"),
    Refusal(
      "v +",
      "4: error: the expression ends too early in motion of x",
      "   ^  expected a number, a name or '('",
      "4: エラー: x の運動で、式が途中で終わっています",
      "   ^  数・名前・'(' のどれかが必要です"),
    Refusal(
      "v 2",
      "3: error: unexpected '2' in motion of x",
      "  ^  expected an operator",
      "3: エラー: x の運動で、'2' はここに置けません",
      "  ^  演算子が必要です"),
    Refusal(
      "v )",
      "3: error: unexpected ')' in motion of x",
      "  ^  expected an operator",
      "3: エラー: x の運動で、')' はここに置けません",
      "  ^  演算子が必要です"),
    Refusal(
      "v + * 2",
      "5: error: unexpected '*' in motion of x",
      "    ^  expected a number, a name or '('",
      "5: エラー: x の運動で、'*' はここに置けません",
      "    ^  数・名前・'(' のどれかが必要です"),
    Refusal(
      "[v v]",
      "4: error: unexpected 'v' in motion of x",
      "   ^  expected ',' or ']'",
      "4: エラー: x の運動で、'v' はここに置けません",
      "   ^  ',' か ']' が必要です"),
    Refusal(
      "[]",
      "1: error: a vector needs at least one entry in motion of x",
      "^~",
      "1: エラー: x の運動で、ベクトルには要素が一つ以上必要です",
      "^~"),
    Refusal(
      "(v]",
      "3: error: unexpected ']' in motion of x",
      "  ^  expected ')'",
      "3: エラー: x の運動で、']' はここに置けません",
      "  ^  ')' が必要です"),
    Refusal(
      "0 < v < 1",
      "7: error: comparisons cannot be chained in motion of x",
      "      ^  compare two at a time and multiply: (a < b) * (b < c)",
      "7: エラー: x の運動で、比較を続けて書くことはできません",
      "      ^  二つずつ比べて掛けます: (a < b) * (b < c)"),
  ]

  @Test(arguments: cases) func theWholeTextIsAsWritten(refusal: Refusal) {
    refusal.check()
  }
}
