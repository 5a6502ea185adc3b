/// Overrides from the command line.
let badOverrideInputs: [BadInput] = [
  BadInput(
    "an override without a value",
    overrides: ["levels.1"],
    text: minimalModel,
    english: ""
  ),
  BadInput(
    "a misspelt section",
    overrides: ["tine.samples=3"],
    text: minimalModel,
    english: ""
  ),
  BadInput(
    "a misspelt key of a level",
    overrides: ["levels.1.precission.y=exp(4)"],
    text: minimalModel,
    english: "",
    japanese: ""
  ),
  BadInput(
    "a misspelt parameter",
    overrides: ["levels.1.parameters.B=3"],
    text: minimalModel,
    english: ""
  ),
  BadInput(
    "a level that does not exist",
    overrides: ["levels.3.precision.v=1"],
    text: minimalModel,
    english: ""
  ),
  BadInput(
    "a level that is no number",
    overrides: ["levels.first.precision.v=1"],
    text: minimalModel,
    english: ""
  ),
  BadInput(
    "a path into a number",
    overrides: ["time.samples.x=1"],
    text: minimalModel,
    english: ""
  ),
  BadInput(
    "a mistake in the expression",
    overrides: ["levels.1.precision.y=epx(4)"],
    text: minimalModel,
    english: ""
  ),
  BadInput(
    "a name nobody knows in the value",
    overrides: ["levels.1.motion.x=A * x + D * v"],
    text: minimalModel,
    english: ""
  ),
  BadInput(
    "a value out of range",
    overrides: ["levels.1.precision.y=-1", "smoothness=-2"],
    text: minimalModel,
    english: ""
  ),
]
