/// The bounds of a pickle.
///
/// A large un-stripped training checkpoint stays below a tenth of each.
package enum PickleLimits {
  /// The bytes of the stream.
  package static let bytes = 32 << 20
  /// The instructions that are carried out.
  package static let instructions = 4_000_000
  /// The composites that are made.
  package static let objects = 1_000_000
  /// The items in all composites together.
  package static let items = 4_000_000
  /// The values on the stack.
  package static let stack = 1_000_000
  /// The open marks.
  package static let marks = 100_000
  /// The places of the memo.
  package static let memo = 2_000_000
  /// The different strings.
  package static let strings = 500_000
  /// The bytes of one string.
  package static let string = 16 << 20
  /// The bytes of an object's module or name.
  package static let name = 255
  /// The different Python objects that are named.
  package static let globals = 10_000
}
