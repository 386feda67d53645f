/// The option for the classes to keep: indices joined by commas.
public struct ClassesOption: Sendable {
  /// The name in requests and on the command line.
  public let name: String
  /// The indices accepted.
  public let range: ClosedRange<Int>
  /// What the option does, as one sentence without a full stop at the end.
  public let help: String

  /// The name on the command line without the leading hyphens.
  public var flag: String { name }

  /// The accepted values in words, as error messages have them.
  public var expected: String {
    "class indices from \(range.lowerBound) to \(range.upperBound) joined by commas, like 0,2"
  }

  /// Returns the classes if there is one at least and all of them are accepted.
  @discardableResult
  public func checked(_ classes: Set<Int>) throws(OptionError) -> Set<Int> {
    guard !classes.isEmpty else {
      throw .malformed(option: name, given: "", expected: expected)
    }
    if let stranger = classes.filter({ !range.contains($0) }).min() {
      throw .outOfRange(option: name, given: "\(stranger)", expected: expected)
    }
    return classes
  }

  /// Reads `0,2`, spaces and brackets around it allowed, and checks it; repetitions are ignored.
  public func parsed(_ text: String) throws(OptionError) -> Set<Int> {
    var list = OptionText.trimmed(text)[...]
    if list.hasPrefix("["), list.hasSuffix("]") { list = list.dropFirst().dropLast() }
    var classes: Set<Int> = []
    for part in list.split(separator: ",", omittingEmptySubsequences: false) {
      guard let index = Int(OptionText.trimmed(part)) else {
        throw .malformed(option: name, given: OptionText.excerpt(text), expected: expected)
      }
      guard range.contains(index) else {
        throw .outOfRange(option: name, given: "\(index)", expected: expected)
      }
      classes.insert(index)
    }
    return try checked(classes)
  }
}
