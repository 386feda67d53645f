public import YOLOImage
public import YOLOPostprocess

extension Prediction {
  /// Returns the image with the results drawn on it in the colors of the classes: boxes, masks,
  /// skeletons, oriented boxes, or bars for the probabilities of classes.
  public func drawn(on image: Image, options: DrawingOptions = DrawingOptions()) -> Image {
    func annotation(
      _ geometry: Annotation.Geometry, _ confidence: Float, _ classIndex: Int
    ) -> Annotation {
      Annotation(
        geometry, name: name(ofClass: classIndex), confidence: confidence, classIndex: classIndex)
    }
    let annotations: [Annotation]
    switch findings {
    case .detections(let objects):
      annotations = objects.map { annotation(.box($0.box), $0.confidence, $0.classIndex) }
    case .segmentations(let objects):
      annotations = objects.map {
        annotation(.mask($0.mask, box: $0.box), $0.confidence, $0.classIndex)
      }
    case .poses(let objects):
      annotations = objects.map {
        annotation(.keypoints($0.keypoints, box: $0.box), $0.confidence, $0.classIndex)
      }
    case .orientedDetections(let objects):
      annotations = objects.map { annotation(.orientedBox($0.box), $0.confidence, $0.classIndex) }
    case .classification(let classification):
      return image.annotated(
        with: classification.top.map {
          ClassBarAnnotation(
            name: name(ofClass: $0.classIndex), probability: $0.confidence,
            classIndex: $0.classIndex)
        }, options: options)
    }
    return image.annotated(with: annotations, options: options)
  }
}
