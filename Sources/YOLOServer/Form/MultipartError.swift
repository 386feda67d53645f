#if Server
/// Why a multipart body is refused.
package enum MultipartError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The header Content-Type names no boundary of 1 to 70 characters.
  case noBoundary
  /// The body ended before the closing boundary; `part` counts from 1, 0 stands for none.
  case unfinished(part: Int)
  /// A boundary is followed by something else than a line end.
  case malformedBoundary(part: Int)
  /// A part's headers are not what RFC 7578 wants.
  case malformedHeaders(part: Int, reason: String)
  /// There are more parts than the limit.
  case tooManyParts(limit: Int)
  /// The headers of a part are larger than the limit, in bytes.
  case tooLargeHeaders(part: Int, limit: Int)

  /// A sentence that says what was found and what was expected.
  package var description: String {
    switch self {
    case .noBoundary:
      "The header Content-Type must be multipart/form-data with a boundary of 1 to 70 characters."
    case .unfinished(0):
      "The form has no part: the body does not hold the boundary that Content-Type names."
    case .unfinished(let part):
      "The form ends within part \(part), before its closing boundary."
    case .malformedBoundary(let part):
      "The boundary after part \(part) must be followed by a line end or by --."
    case .malformedHeaders(let part, let reason):
      "The headers of part \(part) of the form are malformed: \(reason)."
    case .tooManyParts(let limit):
      "The form has more than \(limit) parts."
    case .tooLargeHeaders(let part, let limit):
      "The headers of part \(part) of the form have more than \(limit) bytes."
    }
  }
}
#endif
