/// The labels of an image.
public struct ImageLabels: Sendable, Hashable {
  /// The labeled objects, in the order of the file.
  public let objects: [LabeledObject]
  /// The rows that were left out because they occur before.
  public let duplicates: Int

  /// Creates labels.
  public init(objects: [LabeledObject], duplicates: Int) {
    self.objects = objects
    self.duplicates = duplicates
  }
}
