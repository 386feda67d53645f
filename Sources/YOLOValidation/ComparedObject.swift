public import YOLOGeometry

/// An object of a prediction that is compared with another prediction.
public struct ComparedObject: Sendable, Hashable {
  /// Where an object is, in the units of its prediction.
  public enum Shape: Sendable, Hashable {
    /// The whole image: a class that was found for it.
    case image
    /// A box.
    case box(Box)
    /// A box and an outline.
    case outline(Box, Polygon)
    /// A box and keypoints.
    case keypoints(Box, [Keypoint])
    /// An oriented box, given by its four corners in order.
    case orientedBox([Point])
  }

  /// The class; only objects of the same class are compared.
  public let label: String
  /// How sure the prediction is.
  public let confidence: Float
  /// Where it is.
  public let shape: Shape

  /// Creates an object; an oriented box needs four corners.
  public init(label: String, confidence: Float, shape: Shape) {
    if case .orientedBox(let corners) = shape {
      precondition(corners.count == 4, "an oriented box has four corners")
    }
    self.label = label
    self.confidence = confidence
    self.shape = shape
  }

  /// The numbers of the box: edges, or the coordinates of the corners.
  var coordinates: [Float] {
    switch shape {
    case .image: []
    case .box(let box), .outline(let box, _), .keypoints(let box, _):
      [box.x1, box.y1, box.x2, box.y2]
    case .orientedBox(let corners): corners.flatMap { [$0.x, $0.y] }
    }
  }

  /// The keypoints; empty where there are none.
  var keypoints: [Keypoint] { if case .keypoints(_, let points) = shape { points } else { [] } }

  /// The outline; nil where there is none.
  var outline: Polygon? { if case .outline(_, let outline) = shape { outline } else { nil } }

  /// The box as it is compared.
  var boxShape: ValidationShape {
    switch shape {
    case .image: .box(Box(x1: 0, y1: 0, x2: 0, y2: 0))
    case .box(let box), .outline(let box, _), .keypoints(let box, _): .box(box)
    case .orientedBox(let corners):
      .orientedBox(
        OrientedBox(enclosing: corners)
          ?? OrientedBox(x: 0, y: 0, width: 0, height: 0, angle: 0))
    }
  }
}
