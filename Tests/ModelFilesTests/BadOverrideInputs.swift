/// Overrides from the command line.
let badOverrideInputs: [BadInput] = [
  BadInput(
    "an override without a value",
    overrides: ["levels.1"],
    text: minimalModel,
    english: #"""
      --set levels.1:1:1: error: an override is written path=value, such as levels.1.precision.y=exp(4)
      levels.1
      ^

      """#
  ),
  BadInput(
    "a misspelt section",
    overrides: ["tine.samples=3"],
    text: minimalModel,
    english: #"""
      --set tine.samples=3:1:1: error: unknown key 'tine' in the model file
      tine.samples=3
      ^~~~  did you mean 'time'?

      """#
  ),
  BadInput(
    "a misspelt key of a level",
    overrides: ["levels.1.precission.y=exp(4)"],
    text: minimalModel,
    english: #"""
      --set levels.1.precission.y=exp(4):1:10: error: unknown key 'precission' in level 1
      levels.1.precission.y=exp(4)
               ^~~~~~~~~~  did you mean 'precision'?

      """#,
    japanese: #"""
      --set levels.1.precission.y=exp(4):1:10: エラー: 第 1 階層に 'precission' というキーはありません
      levels.1.precission.y=exp(4)
               ^~~~~~~~~~  'precision' のことですか？

      """#
  ),
  BadInput(
    "a misspelt parameter",
    overrides: ["levels.1.parameters.B=3"],
    text: minimalModel,
    english: #"""
      --set levels.1.parameters.B=3:1:21: error: no 'B' in 'levels.1.parameters'
      levels.1.parameters.B=3
                          ^  expected one of A, C

      """#
  ),
  BadInput(
    "a level that does not exist",
    overrides: ["levels.3.precision.v=1"],
    text: minimalModel,
    english: #"""
      --set levels.3.precision.v=1:1:8: error: '3' is not a number from 1 to 2, as 'levels' needs
      levels.3.precision.v=1
             ^

      """#
  ),
  BadInput(
    "a level that is no number",
    overrides: ["levels.first.precision.v=1"],
    text: minimalModel,
    english: #"""
      --set levels.first.precision.v=1:1:8: error: 'first' is not a number from 1 to 2, as 'levels' needs
      levels.first.precision.v=1
             ^~~~~

      """#
  ),
  BadInput(
    "a path into a number",
    overrides: ["time.samples.x=1"],
    text: minimalModel,
    english: #"""
      --set time.samples.x=1:1:14: error: 'time.samples' holds a single value
      time.samples.x=1
                   ^

      """#
  ),
  BadInput(
    "a mistake in the expression",
    overrides: ["levels.1.precision.y=epx(4)"],
    text: minimalModel,
    english: #"""
      --set levels.1.precision.y=epx(4):1:22: error: unknown function 'epx' in precision of y
      levels.1.precision.y=epx(4)
                           ^~~  did you mean 'exp'?

      """#
  ),
  BadInput(
    "a name nobody knows in the value",
    overrides: ["levels.1.motion.x=A * x + D * v"],
    text: minimalModel,
    english: #"""
      --set levels.1.motion.x=A * x + D * v:1:27: error: unknown name 'D' in motion of x
      levels.1.motion.x=A * x + D * v
                                ^

      """#
  ),
  BadInput(
    "a value out of range",
    overrides: ["levels.1.precision.y=-1", "smoothness=-2"],
    text: minimalModel,
    english: #"""
      --set levels.1.precision.y=-1:1:22: error: the precision of 'y' is not positive definite
      levels.1.precision.y=-1
                           ^~
      --set smoothness=-2:1:12: error: the smoothness must not be negative, but is -2
      smoothness=-2
                 ^~

      """#
  ),
]
