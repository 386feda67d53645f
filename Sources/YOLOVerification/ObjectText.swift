import YOLOGeometry
import YOLOValidation

/// How messages tell objects apart.
enum ObjectText {
  static func confidence(_ object: ComparedObject) -> String { "\(object.confidence)" }

  /// The box, or the corners of an oriented box, in pixels.
  static func place(_ object: ComparedObject) -> String {
    switch object.shape {
    case .image: "(of the image)"
    case .box(let box), .outline(let box, _), .keypoints(let box, _):
      "at (\(box.x1), \(box.y1), \(box.x2), \(box.y2))"
    case .orientedBox(let corners):
      "at " + corners.map { "(\($0.x), \($0.y))" }.joined(separator: " ")
    }
  }
}
