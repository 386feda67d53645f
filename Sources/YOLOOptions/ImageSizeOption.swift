public import YOLOGeometry

/// The option for the size that images are fitted into: one number, or a height and a width.
public struct ImageSizeOption: Sendable {
  /// The name in requests and on the command line.
  public let name: String
  /// The sides accepted, in pixels.
  public let range: ClosedRange<Int>
  /// The side of the square that holds if neither the user nor the checkpoint says otherwise.
  public let defaultSide: Int
  /// What the option does, as one sentence without a full stop at the end.
  public let help: String

  /// The name on the command line without the leading hyphens.
  public var flag: String { name }

  /// The accepted values in words, as error messages have them.
  public var expected: String {
    "a number of pixels from \(range.lowerBound) to \(range.upperBound), "
      + "or two as HEIGHT,WIDTH"
  }

  /// Returns the size if both of its sides are accepted.
  @discardableResult
  public func checked(_ size: Size) throws(OptionError) -> Size {
    guard range.contains(size.width), range.contains(size.height) else {
      let given = size.width == size.height ? "\(size.width)" : "\(size.height),\(size.width)"
      throw .outOfRange(option: name, given: given, expected: expected)
    }
    return size
  }

  /// Reads `640` or `480,640` (height first), spaces and brackets around it allowed, and checks it.
  public func parsed(_ text: String) throws(OptionError) -> Size {
    var list = OptionText.trimmed(text)[...]
    if list.hasPrefix("["), list.hasSuffix("]") { list = list.dropFirst().dropLast() }
    let parts = list.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
    let sides = parts.compactMap { Int(OptionText.trimmed($0)) }
    guard sides.count == parts.count, (1...2).contains(sides.count),
      let height = sides.first, let width = sides.last
    else {
      throw .malformed(option: name, given: OptionText.excerpt(text), expected: expected)
    }
    return try checked(Size(width: width, height: height))
  }
}
