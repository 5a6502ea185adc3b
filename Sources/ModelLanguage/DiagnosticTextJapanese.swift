internal import TensorCore

extension DiagnosticText {
  func japanese(_ kind: DiagnosticKind) -> String {
    switch kind {
    case .unexpectedCharacter(let character, _): "文字 \(quoted(character)) は使えません"
    case .malformedNumber(let text): "\(quoted(text)) は数として読めません"
    case .numberOutOfRange(let text): "数 \(quoted(text)) は大きすぎます"
    case .emptyExpression: "式が空です"
    case .unexpectedEnd: "式が途中で終わっています"
    case .unexpectedToken(let text, _): "\(quoted(text)) はここに置けません"
    case .chainedComparison: "比較を続けて書くことはできません"
    case .nestingTooDeep(let limit): "入れ子が \(limit) 段を超えています"
    case .expressionTooLarge(let limit): "関数を展開すると \(limit) ステップを超えます"
    case .tensorTooLarge(let limit): "要素の数が \(limit) を超えています"
    case .emptyLiteral: "ベクトルには要素が一つ以上必要です"
    case .unknownName(let name, _): "名前 \(quoted(name)) は定義されていません"
    case .unavailableName(let name, _): "\(quoted(name)) は使えません"
    case .functionWithoutArguments(let name): "関数 \(quoted(name)) に引数がありません"
    case .unknownFunction(let name, _): "関数 \(quoted(name)) はありません"
    case .notAFunction(let name): "\(quoted(name)) は値であり、関数ではありません"
    case .wrongArgumentCount(let function, _, let found):
      "\(quoted(function)) の引数が \(found) 個です"
    case .invalidName(let name): "\(quoted(name)) は名前として使えません"
    case .reservedFunction(let name): "関数 \(quoted(name)) はすでに言語に備わっています"
    case .duplicateName(let name): "名前 \(quoted(name)) が二度定義されています"
    case .cyclicLet(let names): "定義が自分自身に依存しています: \(path(names))"
    case .recursiveFunction(let names): "関数が自分自身を呼んでいます: \(path(names))"
    case .shapeMismatch(let operation, let left, let right):
      "形が合いません: \(quoted(operation)) は\(name(left))と\(name(right))を組み合わせられません"
    case .unsuitableShape("[…]", let found, _): "[…] の中に\(name(found))は置けません"
    case .unsuitableShape(let operation, let found, _):
      "\(quoted(operation)) は\(name(found))には使えません"
    case .unevenLiteral: "並べた要素の形がそろっていません"
    case .resultShape(_, let found): "値が\(name(found))になっています"
    case .indexOutOfRange(let index, let extent): "添字 \(index) は 1〜\(extent) の外です"
    case .emptyRange(let first, let last): "範囲 \(first):\(last) は空です"
    case .wrongIndexCount(let found, let shape):
      shape.isScalar
        ? "スカラーには選べる要素がありません" : "添字が \(found) 個ですが、相手は\(name(shape))です"
    case .notConstant(let role): "\(japanese(role))は定数でなければなりません"
    case .notInteger(let role, let value): "\(japanese(role))が \(number(value)) になっています"
    case .integerOutOfRange(let role, let value, _): "\(japanese(role))を \(value) にはできません"
    case .nonFinite(let value): "計算結果が「\(number(value))」になります"
    case .divisionByZero: "ゼロで割っています"
    case .openedHere(let bracket): "\(quoted(bracket)) はここで開いています"
    case .calledHere(let function): "\(quoted(function)) はここで呼ばれています"
    case .usedHere(let binding): "\(quoted(binding)) はここで使われています"
    case .firstDefinedHere(let name): "\(quoted(name)) の最初の定義はここです"
    case .file(let problem): problem.message(.japanese)
    }
  }

  func japaneseExpectation(_ kind: DiagnosticKind) -> String? {
    switch kind {
    case .unexpectedEnd(let expected), .unexpectedToken(_, let expected):
      "\(japanese(expected))が必要です"
    case .malformedNumber(let text):
      if let (digits, name) = product(text) {
        "積は \(digits) * \(name) と書きます"
      } else {
        "2、0.5、1e-3 のような数が必要です"
      }
    case .numberOutOfRange: "扱える最大の数は約 1.8e308 です"
    case .emptyExpression: "式が必要です"
    case .chainedComparison: "二つずつ比べて掛けます: (a < b) * (b < c)"
    case .functionWithoutArguments(let name): "\(name) の後に '(' が必要です"
    case .notAFunction(let name): "積は \(name) * (…)、要素は \(name)[…] と書きます"
    case .invalidName: "文字で始まり、文字・数字・_ が続く名前が必要です"
    case .unavailableName(_, let reason): japanese(reason)
    case .wrongArgumentCount(_, let expected, _): "引数は \(range(expected)) 個必要です"
    case .unevenLiteral(let first, let other): "\(name(first))の次に\(name(other))があります"
    case .resultShape(let expected, _): "\(name(expected))が必要です"
    case .notInteger: "整数が必要です"
    case .unsuitableShape(let operation, _, let expected):
      operation == "^"
        ? "\(japanese(expected))が必要です。要素ごとのべき乗は .^ と書きます"
        : "\(japanese(expected))が必要です"
    case .wrongIndexCount(_, let shape) where !shape.isScalar:
      "添字または範囲が \(shape.rank) 個必要です"
    case .integerOutOfRange(_, _, let allowed): "\(range(allowed)) にしてください"
    case .file(let problem): problem.expectation(.japanese)
    default: nil
    }
  }

  func japanese(_ context: ExpressionContext) -> String {
    switch context {
    case .motion(let name): "\(name) の運動"
    case .output(let name): "出力 \(name)"
    case .precision(let name): "\(name) の精度"
    case .cause(let name): "原因 \(name)"
    case .parameter(let name): "パラメータ \(name)"
    case .initialValue(let name): "\(name) の初期値"
    case .prior(let name): "\(name) の事前分布"
    case .binding(let name): "let \(name)"
    case .function(let name): "関数 \(name)"
    case .key(let name): quoted(name)
    case .process(let inner): "プロセスの\(japanese(inner))"
    }
  }

  private func japanese(_ reason: UnavailableReason) -> String {
    switch reason {
    case .time: "時間は原因を通してだけモデルに入ります"
    case .action: "行動はプロセスのものです"
    case .level(let level): "第 \(level) 階層のものです"
    case .process: "プロセスのものです"
    case .notConstant: "値が変化します。定数が必要です"
    }
  }

  private func japanese(_ role: ConstantRole) -> String {
    switch role {
    case .index: "添字"
    case .exponent: "行列の指数"
    case .argument(let position, let function): "\(quoted(function)) の \(position) 番目の引数"
    case .expression: "値"
    }
  }

  private func japanese(_ expected: ExpectedSyntax) -> String {
    switch expected {
    case .operand: "数・名前・'(' のどれか"
    case .operatorOrEnd: "演算子"
    case .commaOrClosing(let bracket): "',' か '\(bracket)' "
    case .closing(let bracket): "'\(bracket)' "
    case .name: "名前"
    case .openingParenthesis: "'(' "
    case .end: "式の終わり"
    }
  }

  private func japanese(_ expected: ExpectedShape) -> String {
    switch expected {
    case .scalar: "スカラー"
    case .vector: "ベクトル"
    case .scalarOrVector: "スカラーまたはベクトル"
    case .matrix: "行列"
    case .vectorOrMatrix: "一つ以上の要素"
    case .squareMatrix: "正方行列"
    case .scalarOrSquareMatrix: "スカラーまたは正方行列"
    }
  }
}
