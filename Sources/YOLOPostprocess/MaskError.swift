/// Why masks are not made.
public enum MaskError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The masks of so many objects would take more memory than is allowed.
  case tooLarge(objects: Int, bytes: Int)

  /// The maximum number of bytes of an image's masks; each takes a byte for each pixel of its box.
  public static let byteLimit = 2 << 30

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .tooLarge(let objects, let bytes):
      "the masks of \(objects) objects would take \(bytes >> 20) MiB; the limit is "
        + "\(Self.byteLimit >> 20) MiB: lower max_det, raise conf, or leave retina_masks out"
    }
  }
}
