/// Data files and confounds.
let badDataInputs: [BadInput] = [
  BadInput(
    "a data file that is missing",
    text: minimalModel + "data: {file: data.csv}\n",
    english: #"""
      model.yaml:11:14: error: cannot read data file 'data.csv': no such file
      data: {file: data.csv}
                   ^~~~~~~~

      """#
  ),
  BadInput(
    "an unknown column",
    files: ["data.csv": "yy\n1\n2\n3\n4\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: #"""
      data.csv:1:1: error: no output channel 'yy'
      yy
      ^~  did you mean 'y'?

      """#
  ),
  BadInput(
    "a missing column",
    files: ["data.csv": "time\n1\n2\n3\n4\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: #"""
      data.csv:1:1: error: no column for output channel 'y'
      time
      ^~~~

      """#
  ),
  BadInput(
    "a row with too many cells",
    files: ["data.csv": "y\n1\n2,7\n3\n4\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: #"""
      data.csv:3:3: error: row 3 has 2 columns, but the header has 1
      2,7
        ^

      """#
  ),
  BadInput(
    "a row with too few cells",
    files: ["data.csv": "time,y\n1,1\n2\n3,3\n4,4\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: #"""
      data.csv:3:1: error: row 3 has 1 column, but the header has 2
      2
      ^

      """#
  ),
  BadInput(
    "a cell that is no number",
    files: ["data.csv": "time,y\n1,1\n2,two\n3,3\n4,4\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: #"""
      data.csv:3:3: error: row 3, column 'y': 'two' is not a number
      2,two
        ^~~

      """#,
    japanese: #"""
      data.csv:3:3: エラー: 3 行目、列 'y': 'two' は数ではありません
      2,two
        ^~~

      """#
  ),
  BadInput(
    "an infinite cell",
    files: ["data.csv": "y\n1\ninf\n3\n4\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: #"""
      data.csv:3:1: error: row 3, column 'y': 'inf' is not a number
      inf
      ^~~

      """#
  ),
  BadInput(
    "a cell after Japanese",
    files: ["data.csv": "t,y\n1,1\n2,2\n3,三つ\n4,x\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: #"""
      data.csv:4:3: error: row 4, column 'y': '三つ' is not a number
      3,三つ
        ^~~~
      data.csv:5:3: error: row 5, column 'y': 'x' is not a number
      4,x
        ^

      """#
  ),
  BadInput(
    "a column twice",
    files: ["data.csv": "y,y\n1,1\n2,2\n3,3\n4,4\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: #"""
      data.csv:1:3: error: output channel 'y' has two columns
      y,y
        ^

      """#
  ),
  BadInput(
    "a header alone",
    files: ["data.csv": "y\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: #"""
      data.csv:1:1: error: the data file has no rows
      y
      ^

      """#
  ),
  BadInput(
    "another number of rows",
    files: ["data.csv": "y\n1\n2\n3\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: #"""
      model.yaml:11:14: error: the data have 3 rows, but 'time.samples' is 4
      data: {file: data.csv}
                   ^~~~~~~~

      """#
  ),
  BadInput(
    "a quote that is never closed",
    files: ["data.csv": "y\n1\n\"2\n3\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: #"""
      data.csv:3:1: error: this quote is never closed
      "2
      ^

      """#
  ),
  BadInput(
    "a confound that is missing",
    files: ["drift.csv": "drift\n1\n\n3\n4\n"],
    text: minimalModel + "data: {confounds: {file: drift.csv}}\n",
    english: #"""
      drift.csv:3:1: error: row 3, column 'drift': a confound cannot be missing

      ^

      """#
  ),
  BadInput(
    "delays of the wrong length",
    text: minimalModel + "data: {delays: [0, 1]}\n",
    english: #"""
      model.yaml:11:16: error: 'delays' is a vector of 2
      data: {delays: [0, 1]}
                     ^  expected a scalar or a vector of 1

      """#
  ),
  BadInput(
    "a prior cause that is missing",
    files: ["data.csv": "y,drive\n1,1\n2,\n3,3\n4,4\n"],
    text: minimalModel + "data: {file: data.csv, causes: {v: drive}}\n",
    english: #"""
      data.csv:3:3: error: row 3, column 'drive': a prior cause cannot be missing
      2,
        ^

      """#,
    japanese: #"""
      data.csv:3:3: エラー: 3 行目、列 'drive': 原因の事前期待値は欠測にできません
      2,
        ^

      """#
  ),
  BadInput(
    "a prior cause from a column that is not there",
    files: ["data.csv": "y,drive\n1,1\n2,2\n3,3\n4,4\n"],
    text: minimalModel + "data: {file: data.csv, causes: {v: force}}\n",
    english: #"""
      model.yaml:11:36: error: the data file has no column 'force'
      data: {file: data.csv, causes: {v: force}}
                                         ^~~~~  expected one of y, drive

      """#,
    japanese: #"""
      model.yaml:11:36: エラー: データファイルに 'force' という列はありません
      data: {file: data.csv, causes: {v: force}}
                                         ^~~~~  y, drive のどれかが必要です

      """#
  ),
]
