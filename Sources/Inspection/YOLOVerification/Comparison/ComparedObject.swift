public import YOLOGeometry

/// An object of a prediction that is compared with another prediction, as it is written: with a
/// class that may be a name, with rounded numbers, and an oriented box by its corners.
///
/// Of semantic segmentation it is a class of the image whose confidence is its part of the pixels; of
/// depth it is one of the numbers of the range, whose confidence is its meters.
public struct ComparedObject: Sendable, Hashable {
  /// The class; only objects of the same class are compared.
  public let label: String
  /// How sure the prediction is.
  public let confidence: Float
  /// Where it is, in the units of its prediction; nil for a class of the whole image.
  public let geometry: Geometry?
  /// The four corners of an oriented box in order, as they are written; else empty.
  public let corners: [Point]

  /// What the numbers of the range of a depth map are called.
  static let depthLabels = ["min", "max", "mean"]

  /// Creates an object; a `geometry` of nil stands for a class of the whole image.
  public init(label: String, confidence: Float, geometry: Geometry?) {
    self.label = label
    self.confidence = confidence
    self.geometry = geometry
    corners = geometry?.orientedBox?.corners ?? []
  }

  /// Creates an object with an oriented box, given by its four corners in order.
  public init(label: String, confidence: Float, corners: [Point]) {
    precondition(corners.count == 4, "an oriented box has four corners")
    self.label = label
    self.confidence = confidence
    self.corners = corners
    geometry = .orientedBox(
      OrientedBox(enclosing: corners)
        ?? OrientedBox(x: 0, y: 0, width: 0, height: 0, angle: 0))
  }

  /// The numbers of the box: edges, or the coordinates of the corners.
  var coordinates: [Float] {
    guard let geometry else { return [] }
    guard corners.isEmpty else { return corners.flatMap { [$0.x, $0.y] } }
    let box = geometry.box
    return [box.x1, box.y1, box.x2, box.y2]
  }

  /// The keypoints; empty where there are none.
  var keypoints: [Keypoint] { geometry?.keypoints ?? [] }

  /// The outline; nil where there is none.
  var outline: Polygon? { geometry?.outline }

  /// The box as it is compared: axis-aligned or oriented.
  var boxGeometry: Geometry {
    switch geometry {
    case nil: .box(Box(x1: 0, y1: 0, x2: 0, y2: 0))
    case .box(let box), .mask(let box, _, _), .keypoints(let box, _), .outline(let box, _):
      .box(box)
    case .orientedBox(let box): .orientedBox(box)
    }
  }
}
