import YOLOGeometry

/// How messages tell objects apart.
enum ObjectText {
  static func confidence(_ object: ComparedObject) -> String { "\(object.confidence)" }

  /// The box, or the corners of an oriented box, in pixels.
  static func place(_ object: ComparedObject) -> String {
    guard let geometry = object.geometry else { return "(of the image)" }
    guard object.corners.isEmpty else {
      return "at " + object.corners.map { "(\($0.x), \($0.y))" }.joined(separator: " ")
    }
    let box = geometry.box
    return "at (\(box.x1), \(box.y1), \(box.x2), \(box.y2))"
  }
}
