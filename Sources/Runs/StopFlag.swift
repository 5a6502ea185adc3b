internal import Synchronization

/// A request to stop that any thread, and a signal handler, may raise.
///
/// Computations look at it before every step and return what they have.
public final class StopFlag: Sendable {
  private let value = Atomic<Bool>(false)

  /// Creates a flag that is down.
  public init() {}

  /// Whether somebody asked to stop.
  public var isRaised: Bool { value.load(ordering: .relaxed) }

  /// Asks to stop.
  public func raise() { value.store(true, ordering: .relaxed) }
}
