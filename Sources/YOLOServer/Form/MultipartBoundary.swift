#if Server
/// The text that separates the parts of a form.
package struct MultipartBoundary: Sendable, Hashable {
  /// The text, without the two hyphens before it.
  package let text: String

  /// Reads the parameter `boundary` of a header `Content-Type: multipart/form-data; …`.
  ///
  /// Returns nil for another type, as that is no error of the form.
  package init?(contentType: String) throws(MultipartError) {
    var parts = HeaderParameters(contentType)
    guard parts.value.lowercased() == "multipart/form-data" else { return nil }
    guard let text = parts.removeValue(named: "boundary"),
      (1...70).contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), text.utf8.last != 0x20
    else { throw .noBoundary }
    self.text = text
  }
}
#endif
