import YOLOGeometry

extension Image {
  /// Returns the image with turned boxes and labels drawn on it, the first ones on top.
  ///
  /// A label stands on the topmost corner of its box and never leaves the image. Boxes may reach
  /// beyond the image; one that is not finite is left out.
  public func annotated(with annotations: [OrientedBoxAnnotation]) -> Image {
    var canvas = Canvas(self)
    let style = AnnotationStyle(imageSize: size)
    var typesetter = Typesetter(style: style.text)
    let corners = annotations.map { annotation in
      let corners = annotation.box.corners
      return corners.allSatisfy { $0.x.isFinite && $0.y.isFinite } ? corners : []
    }
    for (annotation, corners) in zip(annotations, corners).reversed() {
      canvas.paint(ClassPalette.color(ofClass: annotation.classIndex)) { plane in
        plane.addPath(corners, isClosed: true, radius: max(1, Float(style.lineWidth)) / 2)
      }
    }
    for (annotation, corners) in zip(annotations, corners).reversed() {
      guard let top = corners.min(by: { ($0.y, $0.x) < ($1.y, $1.x) }) else { continue }
      let label = Label(
        name: annotation.name, confidence: annotation.confidence,
        classIndex: annotation.classIndex)
      guard
        let frame = canvas.frame(
          Box(x1: top.x, y1: top.y, x2: top.x, y2: top.y), lineWidth: style.lineWidth)
      else { continue }
      // The tag lies over the box, towards its middle.
      let isAtRight = top.x > annotation.box.x
      canvas.drawTag(label, top: frame.top, style: style, typesetter: &typesetter) { width in
        isAtRight ? frame.right - width : frame.left
      }
    }
    return canvas.image
  }
}
