public import YOLOValidation

/// The prediction of a picture, as a file has it.
public struct PredictedPicture: Sendable, Hashable {
  /// What the file calls the picture; nil if it does not.
  public let source: String?
  /// What was found.
  public let objects: [ComparedObject]

  /// Makes a prediction.
  public init(source: String?, objects: [ComparedObject]) {
    self.source = source
    self.objects = objects
  }
}
