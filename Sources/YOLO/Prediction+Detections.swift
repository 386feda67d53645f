public import YOLOPostprocess

extension Prediction {
  /// The boxes found, by descending confidence: around masks, poses and oriented boxes, too; none if
  /// the whole image was classified.
  public var detections: [Detection] { findings.objects }
}
