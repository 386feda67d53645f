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
#endif
