import YOLOGeometry

extension Findings {
  /// The objects found, whatever their kind, as axis-aligned boxes; none for a classification.
  ///
  /// Of an oriented box it is the least box around its corners, which may reach out of the image.
  public var objects: [Detection] {
    switch self {
    case .detections(let detections): detections
    case .segmentations(let segmentations):
      segmentations.map {
        Detection(box: $0.box, confidence: $0.confidence, classIndex: $0.classIndex)
      }
    case .poses(let poses):
      poses.map { Detection(box: $0.box, confidence: $0.confidence, classIndex: $0.classIndex) }
    case .orientedDetections(let detections):
      detections.map {
        Detection(box: $0.box.bounds, confidence: $0.confidence, classIndex: $0.classIndex)
      }
    case .classification: []
    }
  }
}
