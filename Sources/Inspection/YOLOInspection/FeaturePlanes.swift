import YOLOGeometry
import YOLOTensor

/// A module's output as planes, one a channel.
struct FeaturePlanes {
  /// A range of values.
  struct Range {
    let least: Float
    let greatest: Float

    /// Returns where a value lies, 0 for the least to 1 for the greatest; 0.5 where all are equal.
    func share(of value: Float) -> Float {
      if value.isNaN { return value }
      return greatest > least ? (value - least) / (greatest - least) : 0.5
    }
  }

  private let tensor: Tensor
  /// The size of a plane.
  let size: Size

  /// The number of planes.
  var channels: Int { tensor.shape[1] }

  /// Creates the planes of a tensor [1, channels, height, width], or [1, channels] as planes of one
  /// value; nil for other shapes.
  init?(_ tensor: Tensor) {
    switch tensor.shape.count {
    case 2 where tensor.shape[0] == 1: size = Size(width: 1, height: 1)
    case 4 where tensor.shape[0] == 1 && tensor.shape[2] > 0 && tensor.shape[3] > 0:
      size = Size(width: tensor.shape[3], height: tensor.shape[2])
    default: return nil
    }
    self.tensor = tensor
  }

  /// Returns a channel, row by row.
  func values(of channel: Int) -> [Float] {
    let count = size.width * size.height
    return Array(tensor.values[channel * count..<(channel + 1) * count])
  }

  /// Returns the mean of the channels' magnitudes, row by row.
  func meanMagnitude() -> [Float] {
    let count = size.width * size.height
    var sums = [Float](repeating: 0, count: count)
    for channel in 0..<channels {
      for index in 0..<count { sums[index] += abs(tensor.values[channel * count + index]) }
    }
    return sums.map { $0 / Float(max(channels, 1)) }
  }

  /// Returns the range of the values that are finite.
  static func range(of values: [Float]) -> Range {
    var (least, greatest) = (Float.infinity, -Float.infinity)
    for value in values where value.isFinite {
      least = min(least, value)
      greatest = max(greatest, value)
    }
    return least <= greatest
      ? Range(least: least, greatest: greatest) : Range(least: 0, greatest: 0)
  }
}
