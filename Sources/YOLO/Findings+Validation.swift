public import YOLOModels
public import YOLOPostprocess
public import YOLOValidation

extension Findings {
  /// The findings as a validation compares them with labels; none of a classification.
  public var validationFindings: [ValidationFinding] {
    switch self {
    case .detections(let objects):
      objects.map {
        ValidationFinding(
          classIndex: $0.classIndex, confidence: $0.confidence, shape: .box($0.box))
      }
    case .segmentations(let objects):
      objects.map {
        ValidationFinding(
          classIndex: $0.classIndex, confidence: $0.confidence, shape: .mask($0.box, $0.mask))
      }
    case .poses(let objects):
      objects.map {
        ValidationFinding(
          classIndex: $0.classIndex, confidence: $0.confidence,
          shape: .keypoints($0.box, $0.keypoints))
      }
    case .orientedDetections(let objects):
      objects.map {
        ValidationFinding(
          classIndex: $0.classIndex, confidence: $0.confidence, shape: .orientedBox($0.box))
      }
    case .classification: []
    }
  }
}

extension Network.Head {
  /// What a validation compares findings by; nil for a classifier.
  public var validationKind: ValidationKind? {
    switch self {
    case .detect: .boxes
    case .segment: .masks
    case .pose(_, let keypoints): .keypoints(count: keypoints.count)
    case .oriented: .orientedBoxes
    case .classify: nil
    }
  }
}
