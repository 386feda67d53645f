import YOLOInspection

/// An object of a prediction that is not what a golden case has.
public struct PredictionProblem: Sendable, Hashable {
  /// What two objects are compared by.
  public enum Measure: String, Sendable, Hashable, CaseIterable {
    /// The edges of boxes, the corners of oriented boxes; in pixels.
    case box
    /// The confidence or class probability.
    case confidence
    /// The coordinates of keypoints; in pixels.
    case keypoint
    /// The visibility of keypoints.
    case visibility
    /// The overlap of filled outlines.
    case outline
    /// The part of the pixels that a class has.
    case ratio
    /// A number of the range of a depth map; in meters.
    case distance
  }

  /// What is wrong.
  public enum Kind: Sendable, Hashable {
    /// Nothing was found in its place.
    case missing
    /// It was found and is not expected.
    case extra
    /// It was found, but is off by more than is tolerated; of outlines, `value` is the overlap.
    case differs(Measure, value: Float, tolerance: Float)
  }

  /// What is wrong.
  public let kind: Kind
  /// The object: the one that is expected, or the extra one.
  public let object: ComparedObject
  /// The object that was found for it; of a missing one, what was found in its place as another
  /// class.
  public let found: ComparedObject?
  /// The name of the object's class.
  public let className: String
  /// The name of the class of what was found.
  public let foundClassName: String?
}

extension PredictionProblem: CustomStringConvertible {
  /// One line that says which object, and by how much.
  public var description: String {
    let name = "\(className) \(ObjectText.confidence(object)) \(ObjectText.place(object))"
    switch kind {
    case .missing:
      guard let found, let foundClassName else { return "missing: \(name)" }
      return "missing: \(name); in its place there is \(foundClassName) "
        + "\(ObjectText.confidence(found)) \(ObjectText.place(found))"
    case .extra: return "extra: \(name)"
    case .differs(.outline, let value, let tolerance):
      return
        "\(name): outlines overlap by \(DifferenceText.short(value)), expected \(tolerance) at least"
    case .differs(let measure, let value, let tolerance):
      var found = ""
      if let other = self.found {
        switch measure {
        case .box: found = ", found \(ObjectText.place(other))"
        case .confidence, .ratio, .distance: found = ", found \(ObjectText.confidence(other))"
        case .keypoint, .visibility, .outline: break
        }
      }
      let unit =
        switch measure {
        case .box, .keypoint: " px"
        case .distance: " m"
        case .confidence, .visibility, .outline, .ratio: ""
        }
      return
        "\(name): \(measure.rawValue) is off by \(DifferenceText.short(value))\(unit), expected \(tolerance)\(unit) "
        + "at most\(found)"
    }
  }
}
