import ModelLanguage
import Testing

/// What is said about shapes.
struct ShapeDiagnosticTests {
  static let cases: [Refusal] = [
    Refusal(
      "x + z",
      "3: error: shapes do not fit: '+' cannot combine a vector of 2 with a vector of 3 in motion of x",
      "  ^",
      "3: エラー: x の運動で、形が合いません: '+' は長さ 2 のベクトルと長さ 3 のベクトルを組み合わせられません",
      "  ^"),
    Refusal(
      "A + B",
      "3: error: shapes do not fit: '+' cannot combine a 2 × 2 matrix with a 3 × 2 matrix in motion of x",
      "  ^",
      "3: エラー: x の運動で、形が合いません: '+' は 2 × 2 行列と 3 × 2 行列を組み合わせられません",
      "  ^"),
    Refusal(
      "x * B",
      "3: error: shapes do not fit: '*' cannot combine a vector of 2 with a 3 × 2 matrix in motion of x",
      "  ^",
      "3: エラー: x の運動で、形が合いません: '*' は長さ 2 のベクトルと 3 × 2 行列を組み合わせられません",
      "  ^"),
    Refusal(
      "x .* z",
      "3: error: shapes do not fit: '.*' cannot combine a vector of 2 with a vector of 3 in motion of x",
      "  ^~",
      "3: エラー: x の運動で、形が合いません: '.*' は長さ 2 のベクトルと長さ 3 のベクトルを組み合わせられません",
      "  ^~"),
    Refusal(
      "v + x / z",
      "7: error: shapes do not fit: '/' cannot combine a vector of 2 with a vector of 3 in motion of x",
      "      ^",
      "7: エラー: x の運動で、形が合いません: '/' は長さ 2 のベクトルと長さ 3 のベクトルを組み合わせられません",
      "      ^"),
    Refusal(
      "atan2(x, z)",
      "10: error: shapes do not fit: 'atan2' cannot combine a vector of 2 with a vector of 3 in motion of x",
      "         ^",
      "10: エラー: x の運動で、形が合いません: 'atan2' は長さ 2 のベクトルと長さ 3 のベクトルを組み合わせられません",
      "         ^"),
    Refusal(
      "max(x, z)",
      "8: error: shapes do not fit: 'max' cannot combine a vector of 2 with a vector of 3 in motion of x",
      "       ^",
      "8: エラー: x の運動で、形が合いません: 'max' は長さ 2 のベクトルと長さ 3 のベクトルを組み合わせられません",
      "       ^"),
    Refusal(
      "dot(x, z)",
      "8: error: shapes do not fit: 'dot' cannot combine a vector of 2 with a vector of 3 in motion of x",
      "       ^",
      "8: エラー: x の運動で、形が合いません: 'dot' は長さ 2 のベクトルと長さ 3 のベクトルを組み合わせられません",
      "       ^"),
    Refusal(
      "if(v > 0, x, z)",
      "11: error: shapes do not fit: 'if' cannot combine a vector of 3 with a vector of 2 in motion of x",
      "          ^",
      "11: エラー: x の運動で、形が合いません: 'if' は長さ 3 のベクトルと長さ 2 のベクトルを組み合わせられません",
      "          ^"),
    Refusal(
      "[x, z]",
      "5: error: entries of different shapes in motion of x",
      "    ^  a vector of 3 after a vector of 2",
      "5: エラー: x の運動で、並べた要素の形がそろっていません",
      "    ^  長さ 2 のベクトルの次に長さ 3 のベクトルがあります"),
    Refusal(
      "[x, 1]",
      "5: error: entries of different shapes in motion of x",
      "    ^  a scalar after a vector of 2",
      "5: エラー: x の運動で、並べた要素の形がそろっていません",
      "    ^  長さ 2 のベクトルの次にスカラーがあります"),
    Refusal(
      "[A, A]",
      "2: error: a literal cannot contain a 2 × 2 matrix in motion of x",
      " ^  expected scalars or vectors",
      "2: エラー: x の運動で、[…] の中に 2 × 2 行列は置けません",
      " ^  スカラーまたはベクトルが必要です"),
    Refusal(
      "x ^ 2",
      "1: error: '^' cannot be applied to a vector of 2 in motion of x",
      "^  expected a scalar or a square matrix; entry by entry is written .^",
      "1: エラー: x の運動で、'^' は長さ 2 のベクトルには使えません",
      "^  スカラーまたは正方行列が必要です。要素ごとのべき乗は .^ と書きます"),
    Refusal(
      "B ^ 2",
      "1: error: '^' cannot be applied to a 3 × 2 matrix in motion of x",
      "^  expected a scalar or a square matrix; entry by entry is written .^",
      "1: エラー: x の運動で、'^' は 3 × 2 行列には使えません",
      "^  スカラーまたは正方行列が必要です。要素ごとのべき乗は .^ と書きます"),
    Refusal(
      "v ^ x",
      "5: error: '^' cannot be applied to a vector of 2 in motion of x",
      "    ^  expected a scalar; entry by entry is written .^",
      "5: エラー: x の運動で、'^' は長さ 2 のベクトルには使えません",
      "    ^  スカラーが必要です。要素ごとのべき乗は .^ と書きます"),
    Refusal(
      "softmax(A)",
      "9: error: 'softmax' cannot be applied to a 2 × 2 matrix in motion of x",
      "        ^  expected a vector",
      "9: エラー: x の運動で、'softmax' は 2 × 2 行列には使えません",
      "        ^  ベクトルが必要です"),
    Refusal(
      "diag(B)",
      "6: error: 'diag' cannot be applied to a 3 × 2 matrix in motion of x",
      "     ^  expected a square matrix",
      "6: エラー: x の運動で、'diag' は 3 × 2 行列には使えません",
      "     ^  正方行列が必要です"),
    Refusal(
      "outer(A, x)",
      "7: error: 'outer' cannot be applied to a 2 × 2 matrix in motion of x",
      "      ^  expected a vector",
      "7: エラー: x の運動で、'outer' は 2 × 2 行列には使えません",
      "      ^  ベクトルが必要です"),
    Refusal(
      "linspace(x, 1, 3)",
      "10: error: 'linspace' cannot be applied to a vector of 2 in motion of x",
      "         ^  expected a scalar",
      "10: エラー: x の運動で、'linspace' は長さ 2 のベクトルには使えません",
      "         ^  スカラーが必要です"),
  ]

  @Test(arguments: cases) func theWholeTextIsAsWritten(refusal: Refusal) {
    refusal.check()
  }
}
