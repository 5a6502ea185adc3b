internal import Foundation
internal import ModelLanguage
package import TensorCore

extension Tensor where Scalar == Double {
  /// Reads a matrix from a NumPy array file (`.npy`) of one or two axes; a vector is one column.
  ///
  /// Numbers that are not finite are kept: what they mean is for the caller to say.
  ///
  /// - Parameter path: the file.
  /// - Throws: `ModelFileError` for a file that cannot be read, is too large or is no such array.
  package init(numpyFile path: String) throws(ModelFileError) {
    let bytes = [UInt8](try ModelFileText.bytes(path, limit: DataFile.sizeLimit))
    do {
      let array = try NumpyArray(bytes, limit: DataFile.valueLimit)
      self.init(shape: .matrix(array.rows, array.columns), values: array.values)
    } catch {
      let place = SourceSpan(SourceLocation(wholeFile: path), length: 0)
      throw .diagnostics([Diagnostic(.file(.binaryData(error)), at: place)], sources: [])
    }
  }
}
