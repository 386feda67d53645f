/// The bounds of a record tree.
///
/// They hold for the tree with everything shared written out, because whoever walks it meets shared
/// parts again and again; a large model stays below a tenth of each.
package enum RecordLimits {
  /// The modules.
  package static let modules = 20_000
  /// The attribute values, and one for every 64 bytes of text.
  package static let values = 1_000_000
  /// The values that are converted, whether kept or not.
  package static let conversions = 1_000_000
  /// The attribute values inside one another; deeper ones become opaque.
  package static let depth = 16
  /// The bytes of all tensors beyond twice those of the file.
  package static let tensorBytes = 64 << 20
  /// The bytes of a module's or tensor's name inside its parent.
  package static let name = 128

  /// Whether a text can be one component of a path.
  static func isUsableName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= Self.name && !name.utf8.contains(UInt8(ascii: "."))
  }
}
