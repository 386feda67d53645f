import YOLOGeometry
import YOLOValidation

/// How messages tell objects apart.
enum ObjectText {
  static func confidence(_ object: ComparedObject) -> String { "\(object.confidence)" }

  /// The box, or the corners of a rotated box, in pixels.
  static func place(_ object: ComparedObject) -> String {
    switch object.shape {
    case .picture: "(of the picture)"
    case .box(let box), .outline(let box, _), .keypoints(let box, _):
      "at (\(box.x1), \(box.y1), \(box.x2), \(box.y2))"
    case .rotatedBox(let corners):
      "at " + corners.map { "(\($0.x), \($0.y))" }.joined(separator: " ")
    }
  }
}
