/// Data files and confounds.
let badDataInputs: [BadInput] = [
  BadInput(
    "a data file that is missing",
    text: minimalModel + "data: {file: data.csv}\n",
    english: ""
  ),
  BadInput(
    "an unknown column",
    files: ["data.csv": "yy\n1\n2\n3\n4\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: ""
  ),
  BadInput(
    "a missing column",
    files: ["data.csv": "time\n1\n2\n3\n4\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: ""
  ),
  BadInput(
    "a row with too many cells",
    files: ["data.csv": "y\n1\n2,7\n3\n4\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: ""
  ),
  BadInput(
    "a row with too few cells",
    files: ["data.csv": "time,y\n1,1\n2\n3,3\n4,4\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: ""
  ),
  BadInput(
    "a cell that is no number",
    files: ["data.csv": "time,y\n1,1\n2,two\n3,3\n4,4\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: "",
    japanese: ""
  ),
  BadInput(
    "an infinite cell",
    files: ["data.csv": "y\n1\ninf\n3\n4\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: ""
  ),
  BadInput(
    "a cell after Japanese",
    files: ["data.csv": "t,y\n1,1\n2,2\n3,三つ\n4,x\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: ""
  ),
  BadInput(
    "a column twice",
    files: ["data.csv": "y,y\n1,1\n2,2\n3,3\n4,4\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: ""
  ),
  BadInput(
    "a header alone",
    files: ["data.csv": "y\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: ""
  ),
  BadInput(
    "another number of rows",
    files: ["data.csv": "y\n1\n2\n3\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: ""
  ),
  BadInput(
    "a quote that is never closed",
    files: ["data.csv": "y\n1\n\"2\n3\n"],
    text: minimalModel + "data: {file: data.csv}\n",
    english: ""
  ),
  BadInput(
    "a confound that is missing",
    files: ["drift.csv": "drift\n1\n\n3\n4\n"],
    text: minimalModel + "data: {confounds: {file: drift.csv}}\n",
    english: ""
  ),
  BadInput(
    "delays of the wrong length",
    text: minimalModel + "data: {delays: [0, 1]}\n",
    english: ""
  ),
]
