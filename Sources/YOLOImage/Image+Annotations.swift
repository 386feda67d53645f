import YOLOGeometry

extension Image {
  /// Returns the image with boxes and labels drawn on it, the first ones on top.
  ///
  /// Line widths and letters grow with the image. A label stands on its box or, where there is no
  /// room above, inside at the box's upper edge, and never leaves the image. Boxes may reach
  /// beyond the image; one with an edge that is not finite is left out.
  public func annotated(with annotations: [BoxAnnotation]) -> Image {
    var canvas = Canvas(self)
    let style = AnnotationStyle(imageSize: size)
    var typesetter = Typesetter(style: style.text)
    let frames = annotations.map { canvas.frame($0.box, lineWidth: style.lineWidth) }
    for (annotation, frame) in zip(annotations, frames).reversed() {
      guard let frame else { continue }
      canvas.frame(
        frame, thickness: style.lineWidth, ClassPalette.color(ofClass: annotation.classIndex))
    }
    for (annotation, frame) in zip(annotations, frames).reversed() {
      guard let frame else { continue }
      let label = Label(
        name: annotation.name, confidence: annotation.confidence,
        classIndex: annotation.classIndex)
      canvas.drawTag(label, on: frame, style: style, typesetter: &typesetter)
    }
    return canvas.image
  }
}
