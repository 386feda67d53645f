/// The labels of a picture.
public struct PictureLabels: Sendable, Hashable {
  /// The labelled objects, in the order of the file.
  public let objects: [LabelledObject]
  /// The rows that were left out because they occur before.
  public let duplicates: Int

  /// Makes labels.
  public init(objects: [LabelledObject], duplicates: Int) {
    self.objects = objects
    self.duplicates = duplicates
  }
}
