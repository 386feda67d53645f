#if Server
/// What the headers of a form's part say.
package struct MultipartPart: Sendable, Hashable {
  /// The name of the field.
  package let name: String
  /// The name of the file; nil for a field that is no file.
  package let fileName: String?

  /// Reads the header lines of a part.
  init(headers: [UInt8], part: Int) throws(MultipartError) {
    guard let text = String(validating: headers, as: UTF8.self) else {
      throw .malformedHeaders(part: part, reason: "they are not UTF-8")
    }
    for line in text.split(separator: "\r\n") {
      guard let colon = line.firstIndex(of: ":") else {
        throw .malformedHeaders(part: part, reason: "a line has no colon")
      }
      guard line[..<colon].lowercased() == "content-disposition" else { continue }
      var parameters = HeaderParameters(String(line[line.index(after: colon)...]))
      guard parameters.value.lowercased() == "form-data" else {
        throw .malformedHeaders(part: part, reason: "Content-Disposition is not form-data")
      }
      guard let name = parameters.removeValue(named: "name") else {
        throw .malformedHeaders(part: part, reason: "Content-Disposition has no name")
      }
      self.name = name
      fileName =
        parameters.removeValue(named: "filename") ?? parameters.removeValue(named: "filename*")
      return
    }
    throw .malformedHeaders(part: part, reason: "there is no Content-Disposition")
  }
}

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
