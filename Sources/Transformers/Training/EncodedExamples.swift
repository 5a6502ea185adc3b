package import TensorCore

/// Examples as the numbers that programs read, padded to common extents.
package struct EncodedExamples<Scalar: KernelScalar>: Sendable {
  /// The extents of a shard.
  package let extents: SequenceExtents
  /// The names of the data in the order of the arrays.
  package let names: [String]
  /// Per example, and per name, its numbers.
  private let fields: [[[Scalar]]]
  /// Per name, what stands in place of an example that is missing in the last shard.
  private let blank: [[Scalar]]

  /// Encodes examples for a model.
  ///
  /// - Parameters:
  ///   - examples: the examples.
  ///   - extents: those of a shard.
  ///   - padding: the token that fills what is missing.
  ///   - names: those of an objective or of an inference program; masks of dropout are left out.
  package init(
    _ examples: [SequenceExample], _ extents: SequenceExtents, padding: Int, names: [String]
  ) {
    self.extents = extents
    let own = names.filter { !$0.hasPrefix("dropout.") }
    self.names = own
    let places = extents.target > 0 ? extents.target : extents.source
    func padded(_ numbers: [Int], _ count: Int, with filler: Int) -> [Scalar] {
      precondition(numbers.count <= count, "\(numbers.count) tokens for \(count) places")
      var row = numbers.map { Scalar($0) }
      row += [Scalar](repeating: Scalar(filler), count: count - numbers.count)
      return row
    }
    func field(_ name: String, _ example: SequenceExample) -> [Scalar] {
      switch name {
      case "source": return padded(example.source, extents.source, with: padding)
      case "sourceMask":
        return padded(
          [Int](repeating: 1, count: example.source.count), extents.source, with: 0)
      case "segmentNumbers": return padded(example.segments, extents.source, with: 0)
      case "target": return padded(example.target, extents.target, with: padding)
      case "labels": return padded(example.labels, places, with: padding)
      case "weights":
        return example.weights.map { Scalar($0) }
          + [Scalar](repeating: 0, count: places - example.weights.count)
      default: preconditionFailure("no data '\(name)' in an example")
      }
    }
    fields = examples.map { example in own.map { field($0, example) } }
    let nothing = SequenceExample(source: [], labels: [], weights: [])
    blank = own.map { name in
      // A sequence without any token has nothing to attend to; one that is all there does no harm.
      name == "sourceMask"
        ? [Scalar](repeating: 1, count: extents.source) : field(name, nothing)
    }
  }

  /// The number of examples.
  package var count: Int { fields.count }

  /// The data of some examples, filled up to a whole shard.
  package func shard(_ indices: ArraySlice<Int>) -> [[Scalar]] {
    precondition(indices.count <= extents.batch, "\(indices.count) examples in a shard")
    return names.indices.map { name in
      var values: [Scalar] = []
      values.reserveCapacity(extents.batch * blank[name].count)
      for index in indices { values += fields[index][name] }
      for _ in indices.count..<extents.batch { values += blank[name] }
      return values
    }
  }

  /// The data of examples in an order, shard by shard.
  package func shards(_ order: [Int]) -> [[[Scalar]]] {
    stride(from: 0, to: order.count, by: extents.batch).map {
      shard(order[$0..<min($0 + extents.batch, order.count)])
    }
  }
}
