import YOLOGeometry

extension Image {
  /// The minimum visibility of a keypoint that is drawn.
  private static let minimumVisibility: Float = 0.25

  /// Returns the image with keypoints, boxes and labels drawn on it, the first ones on top.
  ///
  /// Seventeen keypoints are joined to a person's skeleton, the limbs of a part of the body in one
  /// color; other numbers of keypoints are shown as points. A keypoint is left out if its
  /// visibility is below 0.25, if it is not finite, and if it does not lie inside the image:
  /// keypoints that were clipped to its edge do not.
  public func annotated(with annotations: [PoseAnnotation]) -> Image {
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
      let points = annotation.keypoints.map { isShown($0) ? $0.point : nil }
      canvas.drawSkeleton(points, radius: Self.limbRadius(frame, style: style))
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

  private func isShown(_ keypoint: Keypoint) -> Bool {
    if let visibility = keypoint.visibility, !(visibility >= Self.minimumVisibility) {
      return false
    }
    let point = keypoint.point
    return point.x > 0 && point.y > 0 && point.x < Float(width) && point.y < Float(height)
  }

  /// Returns half the thickness of limbs: thinner for small objects, as far as they stay visible.
  private static func limbRadius(_ frame: PixelRectangle?, style: AnnotationStyle) -> Float {
    let most = Float(style.lineWidth) * 0.75
    guard let frame else { return most }
    let fitting = Float(max(frame.width, frame.height)) * 0.007
    return max(min(most, fitting), 0.75)
  }
}

extension Canvas {
  /// Draws the limbs between points and the points; nil stands for a point that is not shown.
  fileprivate mutating func drawSkeleton(_ points: [Point?], radius: Float) {
    let isPerson = points.count == Skeleton.keypointCount
    if isPerson {
      for limb in Skeleton.limbs {
        guard let first = points[limb.first], let second = points[limb.second] else { continue }
        paint(Skeleton.color(of: limb.part)) { plane in
          plane.addLine(from: first, to: second, radius: radius)
        }
      }
    }
    let pointRadius = radius * 1.7 + 0.5
    for (index, point) in points.enumerated() {
      guard let point else { continue }
      let color =
        isPerson ? Skeleton.color(of: Skeleton.parts[index]) : ClassPalette.color(ofClass: index)
      // A dark rim sets the point off from limbs of its color.
      paint(.black, opacity: 0.55) {
        $0.addDisc(point, radius: pointRadius + max(0.6, radius * 0.4))
      }
      paint(color) { $0.addDisc(point, radius: pointRadius) }
    }
  }
}
