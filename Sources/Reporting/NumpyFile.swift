public import TensorCore

/// NumPy array files (`.npy`): numbers and their shape, nothing else.
public enum NumpyFile {
  /// Whether the name of a file asks for this format.
  public static func isName(_ path: String) -> Bool { fileExtension(path) == "npy" }

  /// Writes a tensor, row-major, in double precision.
  ///
  /// Every number reads back to the same bits. The file is written whole or not at all.
  /// - Throws: ``ReportingError/cannotWrite(path:_:)``.
  public static func write(_ tensor: Tensor<Double>, to path: String) throws(ReportingError) {
    try AtomicFile.write(bytes(tensor), to: path)
  }

  /// The file's content: version 1.0, little-endian.
  static func bytes(_ tensor: Tensor<Double>) -> [UInt8] {
    let extents = tensor.shape.dimensions.map(String.init)
    // A tuple of one keeps its comma.
    let shape = extents.count == 1 ? "(\(extents[0]),)" : "(\(extents.joined(separator: ", ")))"
    var header = "{'descr': '<f8', 'fortran_order': False, 'shape': \(shape), }"
    // The numbers begin at a multiple of 64 bytes, so that they can be mapped into memory.
    let start = (10 + header.utf8.count + 1 + 63) / 64 * 64
    header += String(repeating: " ", count: start - 11 - header.utf8.count) + "\n"
    let length = header.utf8.count
    precondition(length <= 0xFFFF, "\(tensor.shape.rank) axes in a NumPy array")
    var bytes: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0]
    bytes.reserveCapacity(start + 8 * tensor.values.count)
    bytes += [UInt8(length & 0xFF), UInt8(length >> 8)]
    bytes += header.utf8
    for value in tensor.values {
      var bits = value.bitPattern
      for _ in 0..<8 {
        bytes.append(UInt8(truncatingIfNeeded: bits))
        bits >>= 8
      }
    }
    return bytes
  }
}
