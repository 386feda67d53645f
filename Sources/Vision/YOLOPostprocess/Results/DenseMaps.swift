public import YOLOGeometry

/// The class of each pixel of an image: the result of semantic segmentation.
public struct ClassMap: Sendable, Hashable {
  /// The value of a pixel without a class: one that the model left out, or whose class was not asked
  /// for.
  public static let none: UInt8 = 255

  /// The image's size.
  public let size: Size
  /// The class of each pixel, row by row; ``none`` where there is none.
  public let classes: [UInt8]

  /// Creates a map from the class of each pixel, row by row; as many as the size has.
  public init(size: Size, classes: [UInt8]) {
    precondition(classes.count == size.width * size.height, "a class for each pixel")
    self.size = size
    self.classes = classes
  }

  /// The class of a pixel; nil where it has none, and outside of the image.
  public subscript(x: Int, y: Int) -> Int? {
    guard x >= 0, y >= 0, x < size.width, y < size.height else { return nil }
    let value = classes[y * size.width + x]
    return value == Self.none ? nil : Int(value)
  }

  /// Returns the number of pixels of each class that any pixel has, by index of the class.
  ///
  /// Cost: linear in the pixels.
  public func pixelCounts() -> [(classIndex: Int, count: Int)] {
    var counts = [Int](repeating: 0, count: 256)
    for value in classes { counts[Int(value)] += 1 }
    return counts.dropLast().enumerated().filter { $0.element > 0 }
      .map { (classIndex: $0.offset, count: $0.element) }
  }

  /// Returns the part of the pixels that each class has, by index of the class.
  ///
  /// Cost: linear in the pixels.
  public func ratios(named names: ClassNames) -> [ClassRatio] {
    pixelCounts().map { index, count in
      ClassRatio(
        classIndex: index, className: names.label(of: index),
        pixelRatio: Double(count) / Double(classes.count))
    }
  }
}

extension ClassMap: CustomStringConvertible {
  /// The size and the number of classes; pixels are not printed.
  public var description: String {
    "classes of \(size.width)x\(size.height) pixels, \(pixelCounts().count) of them"
  }
}

/// The part of an image's pixels that a class has.
public struct ClassRatio: Sendable, Hashable {
  /// The class, an index into the model's class names.
  public let classIndex: Int
  /// The name of the class, or its index in digits if it has none.
  public let className: String
  /// The pixels of the class by all pixels, 0...1.
  public let pixelRatio: Double

  /// Creates the ratio of a class.
  public init(classIndex: Int, className: String, pixelRatio: Double) {
    self.classIndex = classIndex
    self.className = className
    self.pixelRatio = pixelRatio
  }
}

extension ClassRatio: Encodable {
  private enum CodingKeys: String, CodingKey {
    case classIndex = "class"
    case className = "name"
    case pixelRatio = "pixel_ratio"
  }
}

/// The distance of each pixel of an image: the result of depth estimation.
public struct DepthMap: Sendable, Hashable {
  /// The image's size.
  public let size: Size
  /// The distance of each pixel in meters, row by row.
  public let distances: [Float]

  /// Creates a map from the distance of each pixel, row by row; as many as the size has.
  public init(size: Size, distances: [Float]) {
    precondition(distances.count == size.width * size.height, "a distance for each pixel")
    self.size = size
    self.distances = distances
  }

  /// The distance of a pixel in meters; nil outside of the image.
  public subscript(x: Int, y: Int) -> Float? {
    guard x >= 0, y >= 0, x < size.width, y < size.height else { return nil }
    return distances[y * size.width + x]
  }

  /// Returns the minimum, the maximum and the mean distance; NaN where no pixel has a number.
  ///
  /// Cost: linear in the pixels.
  public func range() -> DepthRange {
    var (minimum, maximum) = (Float.infinity, -Float.infinity)
    var (sum, count) = (0.0, 0)
    for distance in distances where !distance.isNaN {
      minimum = min(minimum, distance)
      maximum = max(maximum, distance)
      sum += Double(distance)
      count += 1
    }
    guard count > 0 else { return DepthRange(minimum: .nan, maximum: .nan, mean: .nan) }
    return DepthRange(minimum: minimum, maximum: maximum, mean: Float(sum / Double(count)))
  }
}

extension DepthMap: CustomStringConvertible {
  /// The size and the range; pixels are not printed.
  public var description: String {
    let range = range()
    return "depth of \(size.width)x\(size.height) pixels, \(range.minimum) to \(range.maximum) m"
  }
}

/// The distances in an image, in meters.
public struct DepthRange: Sendable, Hashable {
  /// The minimum distance.
  public let minimum: Float
  /// The maximum distance.
  public let maximum: Float
  /// The mean distance of all pixels.
  public let mean: Float
}

extension DepthRange: Encodable {
  private enum CodingKeys: String, CodingKey {
    case minimum = "min"
    case maximum = "max"
    case mean
  }
}
