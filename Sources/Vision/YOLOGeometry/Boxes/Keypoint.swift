import YOLOSystem

/// A named point of an object, such as an elbow.
public struct Keypoint: Sendable, Hashable {
  /// Where it is, in pixels.
  public var point: Point
  /// How probably it is visible, 0...1, or nil where the model does not say.
  ///
  /// Labels use 0 for a point that is not labeled, 1 for a hidden and 2 for a visible one.
  public var visibility: Float?

  /// Creates a keypoint.
  public init(_ point: Point, visibility: Float?) {
    self.point = point
    self.visibility = visibility
  }
}

extension Keypoint {
  /// Returns the keypoint in fractions of an image's width and height.
  public func normalized(in size: Size) -> Keypoint {
    Keypoint(point.normalized(in: size), visibility: visibility)
  }
}

/// How alike the keypoints of two objects are (object keypoint similarity, the measure of COCO).
///
/// Each keypoint has a σ, how far annotators are apart relative to the object's size.
package struct KeypointSimilarity: Sendable, Hashable {
  /// The spread of each keypoint, in its order.
  package let sigmas: [Float]

  /// The spreads of the 17 keypoints of a person, nose to ankles.
  private static let person: [Float] = [
    0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107,
    0.087, 0.087, 0.089, 0.089,
  ]
  private static let epsilon: Float = 1e-7

  /// Uses COCO's deviations for 17 keypoints, and equal ones of 1/`keypointCount` otherwise.
  package init(keypointCount: Int) {
    precondition(keypointCount >= 0)
    sigmas =
      keypointCount == Self.person.count
      ? Self.person
      : [Float](repeating: 1 / Float(keypointCount), count: keypointCount)
  }

  /// Returns the area that stands for an object's size: 0.53 times that of its box.
  package static func area(of target: Box) -> Float { target.width * target.height * 0.53 }

  /// Returns the similarity, 0...1: the mean of exp(−d² / (2 (2σ)² area)) over the keypoints that
  /// are labeled, with d the distance in pixels.
  ///
  /// - Parameters:
  ///   - predicted: A keypoint for each σ.
  ///   - target: The labels; one of visibility 0 is not labeled, one without visibility is.
  ///   - area: The object's size in square pixels, see ``area(of:)``.
  /// - Returns: The similarity, 0 if nothing is labeled; float32.
  package func similarity(of predicted: [Keypoint], to target: [Keypoint], area: Float) -> Float {
    precondition(predicted.count == sigmas.count && target.count == sigmas.count)
    var total: Float = 0
    var labeled: Float = 0
    for index in sigmas.indices where target[index].visibility != 0 {
      let deltaX = target[index].point.x - predicted[index].point.x
      let deltaY = target[index].point.y - predicted[index].point.y
      let spread = 2 * sigmas[index]
      let exponent =
        (deltaX * deltaX + deltaY * deltaY) / (spread * spread * (area + Self.epsilon) * 2)
      total += expf(-exponent)
      labeled += 1
    }
    return total / (labeled + Self.epsilon)
  }
}
