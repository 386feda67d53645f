/// What a model finds, a dataset labels and a golden case expects, as Ultralytics names it.
///
/// It is not called `Task`, which would hide the type of Swift's concurrency from whoever imports
/// this module.
public enum VisionTask: String, Sendable, Hashable, Codable, CaseIterable {
  /// Boxes with a class each.
  case detect
  /// Boxes with masks; in labels, polygons.
  case segment
  /// Boxes with keypoints.
  case pose
  /// Oriented boxes; in labels, their corners.
  case obb
  /// A class for the whole image.
  case classify
}

extension VisionTask: CustomStringConvertible {
  /// The name as Ultralytics has it.
  public var description: String { rawValue }
}
