internal import CGSL

/// Switches off GSL's error handler, which would end the process; evaluated once.
private let errorHandlerIsOff: Bool = {
  _ = unsafe gsl_set_error_handler_off()
  return true
}()

extension StepperKind {
  /// GSL's step type.
  var stepType: UnsafePointer<gsl_odeiv2_step_type>? {
    switch self {
    case .rk4: unsafe odoroki_step_rk4()
    case .rkf45: unsafe odoroki_step_rkf45()
    case .rkck: unsafe odoroki_step_rkck()
    case .rk8pd: unsafe odoroki_step_rk8pd()
    case .rk1imp: unsafe odoroki_step_rk1imp()
    case .rk2imp: unsafe odoroki_step_rk2imp()
    case .rk4imp: unsafe odoroki_step_rk4imp()
    case .bsimp: unsafe odoroki_step_bsimp()
    case .msadams: unsafe odoroki_step_msadams()
    case .msbdf: unsafe odoroki_step_msbdf()
    case .localLinear: unsafe localLinearStepType
    }
  }
}

/// The objects of GSL that one solver owns.
@safe
struct GSLObjects: ~Copyable {
  let step: UnsafeMutablePointer<gsl_odeiv2_step>
  let evolve: UnsafeMutablePointer<gsl_odeiv2_evolve>
  let control: UnsafeMutablePointer<gsl_odeiv2_control>
  let system: UnsafeMutablePointer<gsl_odeiv2_system>
  private let innerControl: UnsafeMutablePointer<gsl_odeiv2_control>
  private let driver: UnsafeMutablePointer<gsl_odeiv2_driver>

  /// Allocates the objects and ties them to `context`.
  ///
  /// - Throws: `ODEError.outOfMemory`.
  init(options: ODEOptions, context: UnsafeMutablePointer<SolverContext>) throws(ODEError) {
    precondition(errorHandlerIsOff)
    let dimension = unsafe context.pointee.system.dimension
    guard let step = unsafe gsl_odeiv2_step_alloc(options.stepper.stepType, dimension) else {
      throw .outOfMemory(dimension: dimension)
    }
    guard let evolve = unsafe gsl_odeiv2_evolve_alloc(dimension) else {
      unsafe gsl_odeiv2_step_free(step)
      throw .outOfMemory(dimension: dimension)
    }
    guard
      let inner = unsafe gsl_odeiv2_control_y_new(
        options.absoluteTolerance, options.relativeTolerance)
    else {
      unsafe gsl_odeiv2_evolve_free(evolve)
      unsafe gsl_odeiv2_step_free(step)
      throw .outOfMemory(dimension: dimension)
    }
    unsafe context.pointee.innerControl = inner
    unsafe self.step = step
    unsafe self.evolve = evolve
    unsafe innerControl = inner
    let raw = UnsafeMutableRawPointer(context)
    unsafe system = UnsafeMutablePointer.allocate(capacity: 1)
    unsafe system.initialize(
      to: gsl_odeiv2_system(
        function: derivativeCallback, jacobian: jacobianCallback, dimension: dimension,
        params: raw))
    unsafe control = UnsafeMutablePointer.allocate(capacity: 1)
    unsafe control.initialize(to: gsl_odeiv2_control(type: stepControlType, state: raw))
    // The implicit and the multistep methods ask the driver's control how exact their equations
    // must be solved.
    unsafe driver = UnsafeMutablePointer.allocate(capacity: 1)
    unsafe driver.initialize(
      to: gsl_odeiv2_driver(
        sys: UnsafePointer(system), s: step, c: control, e: evolve, h: 0, hmin: 0,
        hmax: .greatestFiniteMagnitude, n: 0, nmax: 0))
    unsafe gsl_odeiv2_step_set_driver(step, driver)
    unsafe gsl_odeiv2_evolve_set_driver(evolve, driver)
    unsafe gsl_odeiv2_control_set_driver(control, driver)
  }

  deinit {
    unsafe gsl_odeiv2_evolve_free(evolve)
    unsafe gsl_odeiv2_step_free(step)
    unsafe gsl_odeiv2_control_free(innerControl)
    unsafe control.deallocate()
    unsafe driver.deallocate()
    unsafe system.deallocate()
  }

  /// Makes the methods forget all earlier steps.
  func reset() {
    unsafe gsl_odeiv2_step_reset(step)
    unsafe gsl_odeiv2_evolve_reset(evolve)
  }
}
