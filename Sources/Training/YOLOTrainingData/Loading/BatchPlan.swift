package import YOLOGeometry

/// The batches of an epoch: which positions they have, and the size of their input.
package struct BatchPlan: Sendable {
  /// A batch.
  package struct Batch: Sendable, Hashable {
    /// The positions of its samples in the order of the epoch.
    package let positions: Range<Int>
    /// The size of the input.
    package let size: Size
  }

  package let batches: [Batch]

  /// Batches of squares.
  package init(count: Int, batchSize: Int, imageSize: Int) {
    let size = Size(width: imageSize, height: imageSize)
    batches = stride(from: 0, to: count, by: batchSize).map {
      Batch(positions: $0..<min($0 + batchSize, count), size: size)
    }
  }

  /// Batches of images sorted by height / width, each with the smallest input that holds them.
  ///
  /// - Parameters:
  ///   - sizes: The sizes of the images, sorted.
  ///   - batchSize: The images of a batch.
  ///   - imageSize: The long side of the images.
  ///   - unit: The unit of the input's sides.
  package init(sortedSizes sizes: [Size], batchSize: Int, imageSize: Int, stride unit: Int) {
    batches = stride(from: 0, to: sizes.count, by: batchSize).map { start in
      let positions = start..<min(start + batchSize, sizes.count)
      let ratios = positions.map { Self.ratio(sizes[$0]) }
      let (minimum, maximum) = (ratios.min() ?? 1, ratios.max() ?? 1)
      let (width, height) =
        maximum < 1 ? (1, maximum) : minimum > 1 ? (1 / minimum, 1) : (1.0, 1.0)
      func side(_ fraction: Double) -> Int {
        Int((fraction * Double(imageSize) / Double(unit)).rounded(.up)) * unit
      }
      return Batch(positions: positions, size: Size(width: side(width), height: side(height)))
    }
  }

  package static func ratio(_ size: Size) -> Double { Double(size.height) / Double(size.width) }
}
