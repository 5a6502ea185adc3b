/// One level's step from a sample to the next.
struct LevelMotion {
  var drift: [Double]
  var input: [Double]
  var rate: [Double]
  var start: [Double]
  var end: [Double]
  var before: [Double]
  var transition: [Double]
  var response: [Double]
  var noise: [Double]
  var wide: [Double]
  var square: [Double]
  var substeps = 1
  var isKept = false

  init(_ n: Int, _ m: Int) {
    let matrix = [Double](repeating: 0, count: n * n)
    drift = matrix
    transition = matrix
    noise = matrix
    square = matrix
    input = [Double](repeating: 0, count: n * m)
    response = input
    wide = input
    rate = [Double](repeating: 0, count: n)
    start = rate
    end = rate
    before = rate
  }

  /// Puts one more part of the way to the next sample behind those before.
  mutating func append(_ step: DiffusionStep, isFirst: Bool) {
    let n = rate.count
    let m = n == 0 ? 0 : input.count / n
    if isFirst {
      KalmanKernels.load(step.transition, 0, into: &transition)
      KalmanKernels.load(step.noise, 0, into: &noise)
      KalmanKernels.product(step.integral, input, into: &response, n, n, m)
      return
    }
    KalmanKernels.product(step.transition, transition, into: &square, n, n, n)
    swap(&transition, &square)
    KalmanKernels.product(step.transition, response, into: &wide, n, n, m)
    KalmanKernels.product(step.integral, input, into: &wide, n, n, m, adding: true)
    swap(&response, &wide)
    KalmanKernels.product(step.transition, noise, into: &square, n, n, n)
    KalmanKernels.load(step.noise, 0, into: &noise)
    KalmanKernels.productTransposed(
      square, step.transition, into: &noise, n, n, n, adding: true)
  }
}
