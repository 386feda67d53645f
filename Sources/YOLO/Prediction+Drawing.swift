public import YOLOImage
public import YOLOPostprocess

extension Prediction {
  /// Returns the image with what was found drawn on it in the colors of the classes: boxes, masks,
  /// skeletons, oriented boxes, or bars for the probabilities of classes.
  public func drawn(on image: Image) -> Image {
    switch findings {
    case .detections(let detections):
      image.annotated(
        with: detections.map { detection in
          BoxAnnotation(
            box: detection.box, name: name(ofClass: detection.classIndex),
            confidence: detection.confidence, classIndex: detection.classIndex)
        })
    case .segmentations(let segmentations):
      image.annotated(
        with: segmentations.map { object in
          MaskAnnotation(
            box: object.box, mask: object.mask,
            name: name(ofClass: object.classIndex), confidence: object.confidence,
            classIndex: object.classIndex)
        })
    case .poses(let poses):
      image.annotated(
        with: poses.map { pose in
          PoseAnnotation(
            box: pose.box, keypoints: pose.keypoints, name: name(ofClass: pose.classIndex),
            confidence: pose.confidence, classIndex: pose.classIndex)
        })
    case .orientedDetections(let detections):
      image.annotated(
        with: detections.map { detection in
          OrientedBoxAnnotation(
            box: detection.box, name: name(ofClass: detection.classIndex),
            confidence: detection.confidence, classIndex: detection.classIndex)
        })
    case .classification(let classification):
      image.annotated(
        with: classification.top.map { score in
          ClassBarAnnotation(
            name: name(ofClass: score.classIndex), probability: score.confidence,
            classIndex: score.classIndex)
        })
    }
  }
}
