import Synchronization

/// Collects what is written.
final class Sink: Sendable {
  private let storage = Mutex<[String]>([])

  var texts: [String] { storage.withLock { $0 } }
  func append(_ text: String) { storage.withLock { $0.append(text) } }
}
