public import YOLOGeometry
import YOLOInspection
public import YOLOPostprocess
import YOLOTensor

/// How the map of a dense task, which has a value for each pixel of the image, differs from the one
/// that is expected.
public struct MapDifference: Sendable, Hashable {
  /// Of a class map the part of the pixels whose class is another, of a depth map the greatest
  /// difference relative to the expected distance; infinite where the sizes differ, or where a
  /// distance is no number on one side alone.
  public let value: Float
  /// The maximum that is tolerated.
  public let tolerance: Float
  /// The first pixel of another class, or the one whose distance is off most; nil where nothing
  /// differs, or where the sizes do.
  public let position: Point?
  /// The size that is expected.
  public let expectedSize: Size
  /// The size that was found.
  public let foundSize: Size
  private let isDepth: Bool

  /// Whether the difference is tolerated.
  public var agrees: Bool { value <= tolerance }

  /// Compares two class maps.
  public init(expected: ClassMap, found: ClassMap, within tolerances: Tolerances = .standard) {
    var first: Int?
    var count = 0
    if expected.size == found.size, expected.classes != found.classes {
      for index in expected.classes.indices where expected.classes[index] != found.classes[index] {
        if first == nil { first = index }
        count += 1
      }
    }
    self.init(
      value: Float(Double(count) / Double(max(expected.classes.count, 1))),
      tolerance: tolerances.classes, index: first, sizes: (expected.size, found.size),
      isDepth: false)
  }

  /// Compares two depth maps.
  public init(expected: DepthMap, found: DepthMap, within tolerances: Tolerances = .standard) {
    var worst: Float = 0
    var position: Int?
    if expected.size == found.size, expected.distances != found.distances {
      for index in expected.distances.indices {
        let (wanted, got) = (expected.distances[index], found.distances[index])
        guard wanted != got, !(wanted.isNaN && got.isNaN) else { continue }
        let difference = abs(wanted - got) / abs(wanted)
        let distance = difference.isNaN ? .infinity : difference
        if distance > worst { (worst, position) = (distance, index) }
      }
    }
    self.init(
      value: worst, tolerance: tolerances.depth, index: position,
      sizes: (expected.size, found.size), isDepth: true)
  }

  private init(
    value: Float, tolerance: Float, index: Int?, sizes: (Size, Size), isDepth: Bool
  ) {
    (expectedSize, foundSize) = sizes
    self.value = sizes.0 == sizes.1 ? value : .infinity
    self.tolerance = tolerance
    let width = sizes.0.width
    position = index.map { Point(x: Float($0 % width), y: Float($0 / width)) }
    self.isDepth = isDepth
  }

}

extension MapDifference: CustomStringConvertible {
  /// One line that says how far the maps are apart.
  public var description: String {
    guard expectedSize == foundSize else {
      return "the map has \(foundSize.width)x\(foundSize.height) pixels, expected "
        + "\(expectedSize.width)x\(expectedSize.height)"
    }
    let pixel = position.map { " at (\(Int($0.x)), \(Int($0.y)))" } ?? ""
    let limit = "expected \(tolerance) at most"
    return isDepth
      ? "the distance\(pixel) is off by \(DifferenceText.short(value)) of itself, \(limit)"
      : "\(DifferenceText.short(value)) of the pixels are of another class, the first\(pixel), \(limit)"
  }
}

extension VisionTask {
  /// The name of the file of a case with the value of each pixel; nil of tasks without.
  var mapName: String? {
    switch self {
    case .semantic: "classes.npy"
    case .depth: "depth.npy"
    case .detect, .segment, .pose, .obb, .classify: nil
    }
  }
}

extension Results {
  /// Returns how the map differs from that of other results; nil of tasks without.
  package func mapDifference(
    from expected: Results, within tolerances: Tolerances
  ) -> MapDifference? {
    if let wanted = expected.classMap, let classMap {
      return MapDifference(expected: wanted, found: classMap, within: tolerances)
    }
    guard let wanted = expected.depthMap, let depthMap else { return nil }
    return MapDifference(expected: wanted, found: depthMap, within: tolerances)
  }

  /// The value of each pixel as the content of a `.npy` file; nil of tasks without.
  package var mapFile: [UInt8]? {
    if let classMap {
      return NumpyFile.bytes(of: classMap.classes, shape: [imageSize.height, imageSize.width])
    }
    return depthMap.map {
      NumpyFile.bytes(
        of: Tensor(shape: [imageSize.height, imageSize.width], values: $0.distances))
    }
  }
}

extension GoldenCase {
  /// Compares the map of results with that of the case; nil of tasks without.
  ///
  /// - Throws: `VerificationError.tensor` or `file` where the case's map cannot be read.
  public func mapDifference(
    of results: Results, within tolerances: Tolerances? = nil
  ) throws(VerificationError) -> MapDifference? {
    guard let name = task.mapName else { return nil }
    let tensor = try readTensor(file: name)
    let file = "\(path)/\(name)"
    guard tensor.shape.count == 2, tensor.shape.allSatisfy({ $0 > 0 }) else {
      throw .tensor(path: file, reason: "its shape is \(tensor.shape), expected height and width")
    }
    let size = Size(width: tensor.shape[1], height: tensor.shape[0])
    let tolerances = tolerances ?? self.tolerances
    if let found = results.depthMap {
      return MapDifference(
        expected: DepthMap(size: size, distances: tensor.values), found: found, within: tolerances)
    }
    guard let found = results.classMap else { return nil }
    var classes: [UInt8] = []
    classes.reserveCapacity(tensor.values.count)
    for value in tensor.values {
      guard let index = UInt8(exactly: value) else {
        throw .tensor(path: file, reason: "it has \(value), expected classes from 0 to 255")
      }
      classes.append(index)
    }
    return MapDifference(
      expected: ClassMap(size: size, classes: classes), found: found, within: tolerances)
  }
}
