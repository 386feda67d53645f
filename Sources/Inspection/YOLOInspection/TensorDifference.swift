public import YOLOTensor

/// How a module's output differs from the one that is expected.
public struct TensorDifference: Sendable, Hashable {
  /// The path of the module.
  public let path: String
  /// The greatest absolute difference; infinite where the shapes differ, or a value is not finite
  /// on one side alone.
  public let error: Float
  /// The range of the expected values that are finite; the magnitude of values that are all the
  /// same, 1 of zeros.
  public let range: Float
  /// The difference relative to the range.
  public let relative: Float
  /// Where the difference is greatest; empty where the shapes differ, or where there are no values.
  public let position: [Int]
  /// The shape that is expected.
  public let expectedShape: [Int]
  /// The shape that was found.
  public let foundShape: [Int]

  /// Compares two tensors.
  public init(_ path: String, expected: Tensor, found: Tensor) {
    self.path = path
    expectedShape = expected.shape
    foundShape = found.shape
    guard expected.shape == found.shape else {
      (error, range, relative, position) = (.infinity, 0, .infinity, [])
      return
    }
    var (least, greatest) = (Float.infinity, -Float.infinity)
    var worst: Float = 0
    var worstIndex = 0
    for (index, (wanted, got)) in zip(expected.values, found.values).enumerated() {
      if wanted.isFinite {
        least = min(least, wanted)
        greatest = max(greatest, wanted)
      }
      let isSame = wanted == got || wanted.isNaN && got.isNaN
      let difference = isSame ? 0 : abs(wanted - got)
      let distance = difference.isFinite ? difference : .infinity
      if distance > worst { (worst, worstIndex) = (distance, index) }
    }
    let spread = greatest - least
    // Values that are all the same have no range but their magnitude, and zeros not even that.
    let range = spread > 0 ? spread : spread == 0 && greatest != 0 ? abs(greatest) : 1
    error = worst
    self.range = range
    relative = worst == 0 ? 0 : range.isFinite ? worst / range : .infinity
    var position: [Int] = []
    for dimension in expected.shape.reversed() where dimension > 0 {
      position.append(worstIndex % dimension)
      worstIndex /= dimension
    }
    self.position = expected.values.isEmpty ? [] : position.reversed()
  }
}

extension TensorDifference: CustomStringConvertible {
  /// One line that names the module and says how far it is off.
  public var description: String {
    guard expectedShape == foundShape else {
      return "\(path): its shape is \(foundShape), expected \(expectedShape)"
    }
    return "\(path): off by \(DifferenceText.short(error)), which is "
      + "\(DifferenceText.short(relative)) of the range \(DifferenceText.short(range)), at \(position)"
  }
}
