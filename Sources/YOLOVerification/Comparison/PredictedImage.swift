/// The prediction of an image, as a file has it.
public struct PredictedImage: Sendable, Hashable {
  /// What the file calls the image; nil if it does not.
  public let source: String?
  /// What was found.
  public let objects: [ComparedObject]

  /// Creates a prediction.
  public init(source: String?, objects: [ComparedObject]) {
    self.source = source
    self.objects = objects
  }
}
