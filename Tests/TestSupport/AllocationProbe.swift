#if os(Linux) && arch(x86_64)
  internal import Glibc

  /// Detects allocations on the heap, also those freed at once.
  ///
  /// The allocator's per-thread caches of small blocks are emptied first; a block of up to about a
  /// kilobyte that is allocated and freed afterwards then ends in such a cache, where the allocator
  /// counts it as in use. Larger blocks are seen only if they are kept.
  public enum AllocationProbe {
    /// Whether `body` allocates.
    ///
    /// Other threads may allocate meanwhile, so several attempts are made; one without any change
    /// clears the body.
    public static func allocates(attempts: Int = 40, _ body: () throws -> Void) rethrows -> Bool {
      for _ in 0..<attempts {
        if try growth(body) == 0 { return false }
      }
      return true
    }

    /// The change of the number of bytes in use.
    private static func growth(_ body: () throws -> Void) rethrows -> Int {
      let capacity = 64 * 24
      let held = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: capacity)
      unsafe held.initialize(repeating: nil, count: capacity)
      var index = 0
      // More blocks of every class than a cache holds, and enough to use up the free small ones.
      for size in stride(from: 24, through: 1032, by: 16) {
        for _ in 0..<24 {
          unsafe held[index] = malloc(size)
          index += 1
        }
      }
      let before = bytesInUse()
      defer {
        for position in 0..<index { unsafe free(held[position]) }
        unsafe held.deallocate()
      }
      try body()
      return bytesInUse() - before
    }

    private typealias InfoFunction =
      @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer?

    // `mallinfo2` gives ten words by value, which this machine's calling convention passes through
    // a hidden pointer; the header that declares it is not part of the module.
    private static let info: InfoFunction? = unsafe dlsym(nil, "mallinfo2").map {
      unsafe unsafeBitCast($0, to: InfoFunction.self)
    }

    private static func bytesInUse() -> Int {
      guard let info = unsafe info else { return 0 }
      var words = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
      return unsafe withUnsafeMutableBytes(of: &words) { bytes in
        guard let base = bytes.baseAddress else { return 0 }
        _ = unsafe info(base)
        // hblkhd (mapped blocks) and uordblks (blocks in use).
        return unsafe base.load(fromByteOffset: 32, as: Int.self)
          + base.load(fromByteOffset: 56, as: Int.self)
      }
    }
  }
#endif
