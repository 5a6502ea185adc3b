import ModelLanguage
import Testing

/// What is said about indices, sizes and results.
struct ValueDiagnosticTests {
  static let cases: [Refusal] = [
    Refusal(
      "A ^ v",
      "5: error: the exponent of a matrix must be a constant in motion of x",
      "    ^",
      "5: エラー: x の運動で、行列の指数は定数でなければなりません",
      "    ^"),
    Refusal(
      "A ^ 0.5",
      "5: error: the exponent of a matrix is 0.5 in motion of x",
      "    ^~~  expected a whole number",
      "5: エラー: x の運動で、行列の指数が 0.5 になっています",
      "    ^~~  整数が必要です"),
    Refusal(
      "A ^ -1",
      "5: error: the exponent of a matrix cannot be -1 in motion of x",
      "    ^~  expected 0 to 1024",
      "5: エラー: x の運動で、行列の指数を -1 にはできません",
      "    ^~  0〜1024 にしてください"),
    Refusal(
      "x[3]",
      "3: error: index 3 is outside 1 to 2 in motion of x",
      "  ^",
      "3: エラー: x の運動で、添字 3 は 1〜2 の外です",
      "  ^"),
    Refusal(
      "x[0]",
      "3: error: index 0 is outside 1 to 2 in motion of x",
      "  ^",
      "3: エラー: x の運動で、添字 0 は 1〜2 の外です",
      "  ^"),
    Refusal(
      "x[-1]",
      "3: error: index -1 is outside 1 to 2 in motion of x",
      "  ^~",
      "3: エラー: x の運動で、添字 -1 は 1〜2 の外です",
      "  ^~"),
    Refusal(
      "x[v]",
      "3: error: an index must be a constant in motion of x",
      "  ^",
      "3: エラー: x の運動で、添字は定数でなければなりません",
      "  ^"),
    Refusal(
      "x[1.5]",
      "3: error: an index is 1.5 in motion of x",
      "  ^~~  expected a whole number",
      "3: エラー: x の運動で、添字が 1.5 になっています",
      "  ^~~  整数が必要です"),
    Refusal(
      "x[2:1]",
      "3: error: the range 2:1 is empty in motion of x",
      "  ^~~",
      "3: エラー: x の運動で、範囲 2:1 は空です",
      "  ^~~"),
    Refusal(
      "x[1, 1]",
      "1: error: 2 indices for a vector of 2 in motion of x",
      "^~~~~~~  expected one index or range",
      "1: エラー: x の運動で、添字が 2 個ですが、相手は長さ 2 のベクトルです",
      "^~~~~~~  添字または範囲が 1 個必要です"),
    Refusal(
      "A[1]",
      "1: error: 1 index for a 2 × 2 matrix in motion of x",
      "^~~~  expected 2 indices or ranges",
      "1: エラー: x の運動で、添字が 1 個ですが、相手は 2 × 2 行列です",
      "^~~~  添字または範囲が 2 個必要です"),
    Refusal(
      "A[3, 1]",
      "3: error: index 3 is outside 1 to 2 in motion of x",
      "  ^",
      "3: エラー: x の運動で、添字 3 は 1〜2 の外です",
      "  ^"),
    Refusal(
      "v[1]",
      "1: error: a scalar has no entries to choose from in motion of x",
      "^~~~",
      "1: エラー: x の運動で、スカラーには選べる要素がありません",
      "^~~~"),
    Refusal(
      "eye(v)",
      "5: error: argument 1 of 'eye' must be a constant in motion of x",
      "    ^",
      "5: エラー: x の運動で、'eye' の 1 番目の引数は定数でなければなりません",
      "    ^"),
    Refusal(
      "eye(2.5)",
      "5: error: argument 1 of 'eye' is 2.5 in motion of x",
      "    ^~~  expected a whole number",
      "5: エラー: x の運動で、'eye' の 1 番目の引数が 2.5 になっています",
      "    ^~~  整数が必要です"),
    Refusal(
      "eye(0)",
      "5: error: argument 1 of 'eye' cannot be 0 in motion of x",
      "    ^  expected 1 to 8388608",
      "5: エラー: x の運動で、'eye' の 1 番目の引数を 0 にはできません",
      "    ^  1〜8388608 にしてください"),
    Refusal(
      "eye(-3)",
      "5: error: argument 1 of 'eye' cannot be -3 in motion of x",
      "    ^~  expected 1 to 8388608",
      "5: エラー: x の運動で、'eye' の 1 番目の引数を -3 にはできません",
      "    ^~  1〜8388608 にしてください"),
    Refusal(
      "dct(3, 4)",
      "8: error: argument 2 of 'dct' cannot be 4 in motion of x",
      "       ^  expected 1 to 3",
      "8: エラー: x の運動で、'dct' の 2 番目の引数を 4 にはできません",
      "       ^  1〜3 にしてください"),
    Refusal(
      "linspace(0, 1, 1)",
      "16: error: argument 3 of 'linspace' cannot be 1 in motion of x",
      "               ^  expected 2 to 8388608",
      "16: エラー: x の運動で、'linspace' の 3 番目の引数を 1 にはできません",
      "               ^  2〜8388608 にしてください"),
    Refusal(
      "zeros(10000, 10000)",
      "1: error: more than 8388608 entries in motion of x",
      "^~~~~~~~~~~~~~~~~~~",
      "1: エラー: x の運動で、要素の数が 8388608 を超えています",
      "^~~~~~~~~~~~~~~~~~~"),
    Refusal(
      "zeros(1e300)",
      "7: error: argument 1 of 'zeros' is 1e+300 in motion of x",
      "      ^~~~~  expected a whole number",
      "7: エラー: x の運動で、'zeros' の 1 番目の引数が 1e+300 になっています",
      "      ^~~~~  整数が必要です"),
    Refusal(
      "log(0)",
      "1: error: the result is minus infinity in motion of x",
      "^~~~~~",
      "1: エラー: x の運動で、計算結果が「-∞」になります",
      "^~~~~~"),
    Refusal(
      "1 / 0",
      "5: error: division by zero in motion of x",
      "    ^",
      "5: エラー: x の運動で、ゼロで割っています",
      "    ^"),
    Refusal(
      "v / 0",
      "5: error: division by zero in motion of x",
      "    ^",
      "5: エラー: x の運動で、ゼロで割っています",
      "    ^"),
    Refusal(
      "x ./ [1, 0]",
      "6: error: division by zero in motion of x",
      "     ^~~~~~",
      "6: エラー: x の運動で、ゼロで割っています",
      "     ^~~~~~"),
    Refusal(
      "exp(1000) * v",
      "1: error: the result is infinity in motion of x",
      "^~~~~~~~~",
      "1: エラー: x の運動で、計算結果が「∞」になります",
      "^~~~~~~~~"),
    Refusal(
      "sqrt(-1)",
      "1: error: the result is not a number in motion of x",
      "^~~~~~~~",
      "1: エラー: x の運動で、計算結果が「非数」になります",
      "^~~~~~~~"),
    Refusal(
      "0 ^ -1",
      "1: error: the result is infinity in motion of x",
      "^~~~~~",
      "1: エラー: x の運動で、計算結果が「∞」になります",
      "^~~~~~"),
    Refusal(
      "x[:, :]",
      "1: error: 2 indices for a vector of 2 in motion of x",
      "^~~~~~~  expected one index or range",
      "1: エラー: x の運動で、添字が 2 個ですが、相手は長さ 2 のベクトルです",
      "^~~~~~~  添字または範囲が 1 個必要です"),
    Refusal(
      #""日本" + v"#,
      #"1: error: unexpected character '"' in motion of x"#,
      "^",
      #"1: エラー: x の運動で、文字 '"' は使えません"#,
      "^"),
    Refusal(
      "eye(0.1, v)",
      "5: error: argument 1 of 'eye' is 0.1 in motion of x",
      "    ^~~  expected a whole number",
      "5: エラー: x の運動で、'eye' の 1 番目の引数が 0.1 になっています",
      "    ^~~  整数が必要です"),
  ]

  @Test(arguments: cases) func theWholeTextIsAsWritten(refusal: Refusal) {
    refusal.check()
  }
}
