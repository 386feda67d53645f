public import YOLOGeometry

/// The labels of an image.
public struct ImageLabels: Sendable, Hashable {
  /// The labeled objects, in the order of the file and in fractions of the image's width and
  /// height.
  ///
  /// Their geometry is a box, a box and the polygon that the label consists of (the corners of an
  /// oriented box, too), or a box and keypoints, of visibility 0 where they are not labeled.
  public let instances: [Instance]
  /// The rows that were left out because they occur before.
  public let duplicates: Int
  /// The numbers of the row that each of the instances was read from, the class first; empty for
  /// labels that come from elsewhere.
  public let rows: [[Float]]

  /// Creates labels.
  public init(instances: [Instance], duplicates: Int, rows: [[Float]] = []) {
    self.instances = instances
    self.duplicates = duplicates
    self.rows = rows
  }
}

/// What a pose dataset says about its keypoints.
public struct KeypointShape: Sendable, Hashable {
  /// The keypoints of an object.
  public let count: Int
  /// The numbers of a keypoint: 2 for a position, 3 with its visibility.
  public let values: Int

  /// Creates a shape.
  public init(count: Int, values: Int) {
    self.count = count
    self.values = values
  }
}
