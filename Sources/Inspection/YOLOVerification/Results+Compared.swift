import YOLOGeometry
package import YOLOPostprocess

extension Results {
  /// The objects as they are compared, with numbers rounded as they are written to JSON; all
  /// classes of a classification, those that pixels have of a class map, and the range of a depth map.
  package var comparedObjects: [ComparedObject] {
    if let classification {
      return classification.probabilities.enumerated().map {
        ComparedObject(label: "\($0)", confidence: Self.rounded($1), geometry: nil)
      }
    }
    if let depthMap {
      let range = depthMap.range()
      return zip(ComparedObject.depthLabels, [range.minimum, range.maximum, range.mean]).map {
        ComparedObject(label: $0, confidence: Self.rounded($1), geometry: nil)
      }
    }
    if classMap != nil {
      return classRatios.map {
        ComparedObject(
          label: "\($0.classIndex)", confidence: Self.rounded(Float($0.pixelRatio)), geometry: nil)
      }
    }
    return instances.map { instance in
      let (label, confidence) = ("\(instance.classIndex)", Self.rounded(instance.confidence))
      func object(_ geometry: Geometry) -> ComparedObject {
        ComparedObject(label: label, confidence: confidence, geometry: geometry)
      }
      switch instance.geometry {
      case .box(let box): return object(.box(Self.rounded(box)))
      case .mask(let box, _, let outline), .outline(let box, let outline):
        return object(
          .outline(
            Self.rounded(box), Polygon(points: outline.points.map { Self.arrayRounded($0) })))
      case .keypoints(let box, let keypoints):
        return object(
          .keypoints(
            Self.rounded(box),
            keypoints.map {
              Keypoint(
                Self.arrayRounded($0.point),
                visibility: $0.visibility.map { Float(ResultScale.arrayRounded($0)) })
            }))
      case .orientedBox(let box):
        return ComparedObject(
          label: label, confidence: confidence,
          corners: box.corners.map { Point(x: Self.rounded($0.x), y: Self.rounded($0.y)) })
      }
    }
  }

  /// The objects as they are compared with expected ones.
  ///
  /// Of a classification these are the classes that are expected, and those of the five best that
  /// are more probable than the least probable expected one by more than the tolerance: as files
  /// have the five best alone, one of about the same probability may stand for another.
  package func comparedObjects(
    with expected: [ComparedObject], within tolerances: Tolerances
  ) -> [ComparedObject] {
    guard let classification else {
      guard depthMap != nil else { return comparedObjects }
      // Files may leave the mean out.
      let labels = Set(expected.map(\.label))
      return comparedObjects.filter { $0.label != "mean" || labels.contains($0.label) }
    }
    let labels = Set(expected.map(\.label))
    let least = expected.map(\.confidence).min() ?? -.infinity
    let best = Set(classification.top5.map { "\($0.classIndex)" })
    return comparedObjects.filter {
      labels.contains($0.label)
        || best.contains($0.label) && $0.confidence > least + tolerances.confidence
    }
  }

  private static func rounded(_ value: Float) -> Float { Float(ResultScale.rounded(value)) }

  private static func rounded(_ box: Box) -> Box {
    Box(x1: rounded(box.x1), y1: rounded(box.y1), x2: rounded(box.x2), y2: rounded(box.y2))
  }

  private static func arrayRounded(_ point: Point) -> Point {
    Point(
      x: Float(ResultScale.arrayRounded(point.x)), y: Float(ResultScale.arrayRounded(point.y)))
  }
}
