public import YOLOPostprocess

extension Prediction {
  /// The boxes found, by descending confidence.
  public var detections: [Detection] {
    switch findings {
    case .detections(let detections): detections
    }
  }
}
