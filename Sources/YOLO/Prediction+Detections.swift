public import YOLOPostprocess

extension Prediction {
  /// The boxes found, by descending confidence: around masks, poses and rotated boxes, too; none if
  /// the whole picture was classified.
  public var detections: [Detection] { findings.objects }
}
