/// The release of this program.
package enum Version {
  /// The number.
  package static let current = "0.1.0"
}
