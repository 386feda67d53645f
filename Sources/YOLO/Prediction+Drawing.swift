public import YOLOImage
public import YOLOPostprocess

extension Prediction {
  /// Returns the picture with what was found drawn on it: boxes and labels in the class's colour.
  public func drawn(on image: Image) -> Image {
    switch findings {
    case .detections(let detections):
      image.annotated(
        with: detections.map { detection in
          BoxAnnotation(
            box: detection.box, name: name(ofClass: detection.classIndex),
            confidence: detection.confidence, classIndex: detection.classIndex)
        })
    }
  }
}
