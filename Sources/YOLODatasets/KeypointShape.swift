/// What a pose dataset says about its keypoints.
public struct KeypointShape: Sendable, Hashable {
  /// The keypoints of an object.
  public let count: Int
  /// The numbers of a keypoint: 2 for a place, 3 with its visibility.
  public let values: Int

  /// Creates a shape.
  public init(count: Int, values: Int) {
    self.count = count
    self.values = values
  }
}
