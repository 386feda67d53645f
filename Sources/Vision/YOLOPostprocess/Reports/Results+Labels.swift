import YOLOGeometry
import YOLOSystem

extension Results {
  /// The results as the lines of a label file of Ultralytics: a class and its coordinates, divided by
  /// the image's width and height, with six digits.
  ///
  /// - A box is `class x y width height` by its middle, an oriented box `class` and its four corners, a
  ///   mask `class` and the points of its outline, a pose the box and then `x y visibility` of each
  ///   keypoint, without visibilities where the model has none.
  /// - A classification is not a label but `probability name` of the most probable classes, the
  ///   probability with two decimals.
  ///
  /// - Of semantic segmentation and depth there are no labels.
  ///
  /// - Parameter includesConfidence: Whether the confidence ends each line but those of a
  ///   classification.
  /// - Returns: The lines; none without instances.
  public func labels(includesConfidence: Bool = false) -> String {
    if let classification {
      return classification.top5.map { score in
        // A name is one line, whatever a checkpoint has for it.
        "\(DecimalRounding.text(Double(score.confidence), decimals: 2)) "
          + "\(score.className.sanitized())\n"
      }.joined()
    }
    let size = (width: Float(imageSize.width), height: Float(imageSize.height))
    return instances.map { instance in
      var numbers: [Float] = []
      func append(_ point: Point) { numbers += [point.x / size.width, point.y / size.height] }
      func append(_ box: Box) {
        append(Point(x: (box.x1 + box.x2) / 2, y: (box.y1 + box.y2) / 2))
        append(Point(x: box.x2 - box.x1, y: box.y2 - box.y1))
      }
      switch instance.geometry {
      case .box(let box): append(box)
      case .mask(_, _, let outline), .outline(_, let outline): outline.points.forEach(append)
      case .orientedBox(let box): box.corners.forEach(append)
      case .keypoints(let box, let keypoints):
        append(box)
        let hasVisibility = keypoints.allSatisfy { $0.visibility != nil }
        for keypoint in keypoints {
          append(keypoint.point)
          if hasVisibility, let visibility = keypoint.visibility { numbers.append(visibility) }
        }
      }
      if includesConfidence { numbers.append(instance.confidence) }
      return ([String(instance.classIndex)] + numbers.map { Double($0).general })
        .joined(separator: " ") + "\n"
    }.joined()
  }
}
