import ModelLanguage
import Testing

/// What is said about names, functions and their arguments.
struct NameDiagnosticTests {
  static let cases: [Refusal] = [
    Refusal(
      "[sigm * (x[2] - x[1]), v]",
      "2: error: unknown name 'sigm' in motion of x",
      " ^~~~  did you mean 'sigma'?",
      "2: エラー: x の運動で、名前 'sigm' は定義されていません",
      " ^~~~  'sigma' のことですか？"),
    Refusal(
      "sigm",
      "1: error: unknown name 'sigm' in motion of x",
      "^~~~  did you mean 'sigma'?",
      "1: エラー: x の運動で、名前 'sigm' は定義されていません",
      "^~~~  'sigma' のことですか？"),
    Refusal(
      "gama",
      "1: error: unknown name 'gama' in motion of x",
      "^~~~  did you mean 'gamma'?",
      "1: エラー: x の運動で、名前 'gama' は定義されていません",
      "^~~~  'gamma' のことですか？"),
    Refusal(
      "exp",
      "1: error: the function 'exp' lacks its arguments in motion of x",
      "^~~  expected '(' after exp",
      "1: エラー: x の運動で、関数 'exp' に引数がありません",
      "^~~  exp の後に '(' が必要です"),
    Refusal(
      "square",
      "1: error: the function 'square' lacks its arguments in motion of x",
      "^~~~~~  expected '(' after square",
      "1: エラー: x の運動で、関数 'square' に引数がありません",
      "^~~~~~  square の後に '(' が必要です"),
    Refusal(
      "ex(v)",
      "1: error: unknown function 'ex' in motion of x",
      "^~  did you mean 'exp'?",
      "1: エラー: x の運動で、関数 'ex' はありません",
      "^~  'exp' のことですか？"),
    Refusal(
      "squar(v)",
      "1: error: unknown function 'squar' in motion of x",
      "^~~~~  did you mean 'square'?",
      "1: エラー: x の運動で、関数 'squar' はありません",
      "^~~~~  'square' のことですか？"),
    Refusal(
      "sigma(v)",
      "1: error: 'sigma' is a value, not a function in motion of x",
      "^~~~~  a product is written sigma * (…), an entry sigma[…]",
      "1: エラー: x の運動で、'sigma' は値であり、関数ではありません",
      "^~~~~  積は sigma * (…)、要素は sigma[…] と書きます"),
    Refusal(
      "pi(2)",
      "1: error: 'pi' is a value, not a function in motion of x",
      "^~  a product is written pi * (…), an entry pi[…]",
      "1: エラー: x の運動で、'pi' は値であり、関数ではありません",
      "^~  積は pi * (…)、要素は pi[…] と書きます"),
    Refusal(
      "unknownThing(v)",
      "1: error: unknown function 'unknownThing' in motion of x",
      "^~~~~~~~~~~~",
      "1: エラー: x の運動で、関数 'unknownThing' はありません",
      "^~~~~~~~~~~~"),
    Refusal(
      "atan2(v)",
      "1: error: 1 argument for 'atan2' in motion of x",
      "^~~~~  expected 2 arguments",
      "1: エラー: x の運動で、'atan2' の引数が 1 個です",
      "^~~~~  引数は 2 個必要です"),
    Refusal(
      "exp()",
      "1: error: no arguments for 'exp' in motion of x",
      "^~~  expected 1 argument",
      "1: エラー: x の運動で、'exp' の引数が 0 個です",
      "^~~  引数は 1 個必要です"),
    Refusal(
      "exp(v, v)",
      "1: error: 2 arguments for 'exp' in motion of x",
      "^~~  expected 1 argument",
      "1: エラー: x の運動で、'exp' の引数が 2 個です",
      "^~~  引数は 1 個必要です"),
    Refusal(
      "gaussian(v, v, v, v)",
      "1: error: 4 arguments for 'gaussian' in motion of x",
      "^~~~~~~~  expected 1 to 3 arguments",
      "1: エラー: x の運動で、'gaussian' の引数が 4 個です",
      "^~~~~~~~  引数は 1〜3 個必要です"),
    Refusal(
      "weighted(v)",
      "1: error: 1 argument for 'weighted' in motion of x",
      "^~~~~~~~  expected 2 arguments",
      "1: エラー: x の運動で、'weighted' の引数が 1 個です",
      "^~~~~~~~  引数は 2 個必要です"),
    Refusal(
      "t + 1",
      "1: error: 't' cannot be read in motion of x",
      "^  time enters a model through its causes",
      "1: エラー: x の運動で、't' は使えません",
      "^  時間は原因を通してだけモデルに入ります"),
    Refusal(
      "a * v",
      "1: error: 'a' cannot be read in motion of x",
      "^  action belongs to the process",
      "1: エラー: x の運動で、'a' は使えません",
      "^  行動はプロセスのものです"),
    Refusal(
      "w",
      "1: error: 'w' cannot be read in motion of x",
      "^  it belongs to level 2",
      "1: エラー: x の運動で、'w' は使えません",
      "^  第 2 階層のものです"),
    Refusal(
      "force",
      "1: error: 'force' cannot be read in motion of x",
      "^~~~~  it belongs to the process",
      "1: エラー: x の運動で、'force' は使えません",
      "^~~~~  プロセスのものです"),
    Refusal(
      "日本語の名前 + 1",
      "1: error: unknown name '日本語の名前' in motion of x",
      "^~~~~~~~~~~~",
      "1: エラー: x の運動で、名前 '日本語の名前' は定義されていません",
      "^~~~~~~~~~~~"),
  ]

  @Test(arguments: cases) func theWholeTextIsAsWritten(refusal: Refusal) {
    refusal.check()
  }
}
