/// What is written on a tag.
struct Label {
  /// What something is.
  var name: String
  /// A number behind it, which is kept when the name is shortened.
  var value: String?
  /// The class, which chooses the tag's color.
  var classIndex: Int

  /// Creates a label of a name and a confidence with two decimals.
  init(name: String, confidence: Float?, classIndex: Int) {
    self.name = name
    value = confidence.map { Self.twoDecimals($0) }
    self.classIndex = classIndex
  }

  /// Returns a share, clamped to 0...1, with two decimals; "?" if it is not a finite number.
  static func twoDecimals(_ share: Float) -> String {
    guard share.isFinite else { return "?" }
    let hundredths = Int((min(max(share, 0), 1) * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }
}
