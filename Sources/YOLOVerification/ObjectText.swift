import YOLOGeometry
import YOLOValidation

/// How messages tell objects apart.
enum ObjectText {
  /// A difference, with four digits.
  static func difference(_ value: Float) -> String {
    guard value.isFinite, value != 0 else { return "\(value)" }
    var scale = 1.0
    while Double(value).magnitude * scale < 1000 { scale *= 10 }
    return "\(Float((Double(value) * scale).rounded() / scale))"
  }

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
