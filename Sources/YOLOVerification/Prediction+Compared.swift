import YOLOGeometry
package import YOLOPostprocess
package import YOLOValidation

extension Prediction {
  /// The objects as they are compared, with numbers rounded as they are written to JSON; all classes of
  /// a classification.
  package var comparedObjects: [ComparedObject] {
    switch findings {
    case .detections(let objects):
      objects.map { Self.object($0.classIndex, $0.confidence, .box(Self.rounded($0.box))) }
    case .segmentations(let objects):
      objects.map {
        Self.object(
          $0.classIndex, $0.confidence,
          .outline(
            Self.rounded($0.box), Polygon(points: $0.polygon.points.map { Self.arrayRounded($0) })))
      }
    case .poses(let objects):
      objects.map {
        Self.object(
          $0.classIndex, $0.confidence,
          .keypoints(
            Self.rounded($0.box),
            $0.keypoints.map {
              Keypoint(
                Self.arrayRounded($0.point),
                visibility: $0.visibility.map { Float(ResultScale.arrayRounded($0)) })
            }))
      }
    case .orientedDetections(let objects):
      objects.map {
        Self.object(
          $0.classIndex, $0.confidence,
          .orientedBox(
            $0.box.corners.map { Point(x: Self.rounded($0.x), y: Self.rounded($0.y)) }))
      }
    case .classification(let classification):
      classification.probabilities.enumerated().map { Self.object($0, $1, .image) }
    }
  }

  /// The objects as they are compared with expected ones.
  ///
  /// Of a classification these are the classes that are expected, and those of the five best that are
  /// more probable than the least expected one by more than the tolerance: as files have the five best
  /// alone, one of about the same probability may stand for another.
  package func comparedObjects(
    with expected: [ComparedObject], within tolerances: Tolerances
  ) -> [ComparedObject] {
    guard case .classification(let classification) = findings else { return comparedObjects }
    let labels = Set(expected.map(\.label))
    let least = expected.map(\.confidence).min() ?? -.infinity
    let best = Set(classification.top.map { "\($0.classIndex)" })
    return comparedObjects.filter {
      labels.contains($0.label)
        || best.contains($0.label) && $0.confidence > least + tolerances.confidence
    }
  }

  private static func object(
    _ classIndex: Int, _ confidence: Float, _ shape: ComparedObject.Shape
  ) -> ComparedObject {
    ComparedObject(label: "\(classIndex)", confidence: rounded(confidence), shape: shape)
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
