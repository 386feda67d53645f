public import YOLOGeometry
import YOLOOptions

/// How the images of a dataset are put into the network's input.
///
/// Each image is scaled until its long side has the input size. Sorted by their proportions, the
/// images then form batches, whose images are all padded to the same extent: the least one that
/// holds them all, plus at least half a stride. So what is found in an image depends on the others of
/// its batch, and figures on the batch size.
///
/// Images of the same proportions stay in their order. Ultralytics leaves that order to its
/// sorting, which differs between processors; its figures are the same with a batch of one, or if
/// its sorting is made stable.
public struct EvaluationPlan: Sendable, Hashable {
  /// The images a batch that Ultralytics takes if not told otherwise.
  public static let defaultBatchSize = EvaluationOption.batch.defaultValue

  /// The batches in order, wide images first.
  public let batches: [[EvaluationInput]]

  /// Plans how images are scaled and padded; all numbers must be positive.
  ///
  /// - Parameters:
  ///   - sizes: The images' extents.
  ///   - imageSize: The long side after scaling.
  ///   - stride: The unit of the padded extents: the network's largest stride, at least 32.
  ///   - batchSize: The images a batch.
  public init(
    sizes: [Size], imageSize: Int, stride: Int, batchSize: Int = Self.defaultBatchSize
  ) {
    precondition(imageSize > 0 && stride > 0 && batchSize > 0, "sizes are positive")
    precondition(sizes.allSatisfy { $0.width > 0 && $0.height > 0 }, "an image has a pixel")
    let ratios = sizes.map { Double($0.height) / Double($0.width) }
    let order = sizes.indices.sorted { (ratios[$0], $0) < (ratios[$1], $1) }
    batches = Swift.stride(from: 0, to: order.count, by: batchSize).map { start in
      let batch = order[start..<min(start + batchSize, order.count)]
      let padded = Self.extent(
        least: ratios[batch[batch.startIndex]], greatest: ratios[batch[batch.endIndex - 1]],
        imageSize: imageSize, stride: stride)
      return batch.map { index in
        EvaluationInput(
          index: index,
          letterbox: Letterbox(
            source: sizes[index], resized: Self.resized(sizes[index], to: imageSize),
            padded: padded))
      }
    }
  }

  /// Returns an image's extent with the long side brought to `side`; fractions are rounded up.
  static func resized(_ size: Size, to side: Int) -> Size {
    let ratio = Double(side) / Double(max(size.width, size.height))
    func scaled(_ extent: Int) -> Int {
      min(Int((Double(extent) * ratio).rounded(.up)), side)
    }
    return Size(width: scaled(size.width), height: scaled(size.height))
  }

  /// Returns the padded extent of a batch with heights of `least` to `greatest` times the width.
  private static func extent(
    least: Double, greatest: Double, imageSize: Int, stride: Int
  ) -> Size {
    let (width, height) =
      greatest < 1 ? (1, greatest) : least > 1 ? (1 / least, 1) : (1.0, 1.0)
    func padded(_ share: Double) -> Int {
      Int((share * Double(imageSize) / Double(stride) + 0.5).rounded(.up)) * stride
    }
    return Size(width: padded(width), height: padded(height))
  }
}
