#if Server
/// What the headers of a form's part say.
package struct MultipartPart: Sendable, Hashable {
  /// The name of the field; octets that are not UTF-8 are replaced.
  package let name: String
  /// The octets of the file's name, in whatever encoding the client uses (RFC 7578, section 5.1); nil for
  /// a field that is no file.
  package let fileNameBytes: [UInt8]?

  /// The file's name to be shown; octets that are not UTF-8 are replaced.
  package var fileName: String? { fileNameBytes.map { String(decoding: $0, as: UTF8.self) } }

  /// Whether the part is what a browser sends for a file input that was left empty, if it has no bytes.
  package var isUnnamed: Bool { fileNameBytes?.isEmpty ?? true }

  /// Reads the header lines of a part.
  init(headers: [UInt8], part: Int) throws(MultipartError) {
    for line in String(octets: headers[...]).split(separator: "\r\n") {
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
      self.name = String(decoding: name.octets, as: UTF8.self)
      let plain = parameters.removeValue(named: "filename")
      let extended = parameters.removeValue(named: "filename*")
      fileNameBytes =
        extended.flatMap(HeaderParameters.extendedValue) ?? (plain ?? extended)?.octets
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
