#if Server
/// Why a file is not served, in words that name the file but not its directory.
package struct ModelFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// One sentence for a person.
  package let message: String
  /// Whether the file was being written, so that it is no fault to be reported.
  var isPassing = false

  /// The message.
  package var description: String { message }
}
#endif
