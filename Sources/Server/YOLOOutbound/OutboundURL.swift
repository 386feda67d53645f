#if Server
import CCurl

/// An absolute address of `http` or `https`, as libcurl reads it.
package struct OutboundURL: Sendable, Hashable {
  /// The address in its normal form.
  package let text: String
  /// The host.
  package let host: String
  /// What redirects may change only without the headers: scheme, host and port.
  package let origin: String

  /// The maximum number of bytes.
  static let maximumBytes = 8192

  /// Reads an address.
  ///
  /// - Throws: ``OutboundError/invalidURL(_:)`` for one of another scheme, with a name and a
  ///   password, without a host, or with characters that none has.
  package init(_ text: String, allowsPlainHTTP: Bool) throws(OutboundError) {
    guard !text.isEmpty, text.utf8.count <= Self.maximumBytes else {
      throw .invalidURL("it must have 1 to \(Self.maximumBytes) bytes")
    }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
      throw .invalidURL("it has characters that must be encoded")
    }
    guard let parser = curl_url() else { throw .invalidURL("there is no memory to read it") }
    defer { curl_url_cleanup(parser) }
    guard curl_url_set(parser, CURLUPART_URL, text, 0) == CURLUE_OK else {
      throw .invalidURL("it is not an absolute address")
    }
    func part(_ part: CURLUPart, _ flags: Int32 = 0) -> String? {
      var value: UnsafeMutablePointer<CChar>?
      guard curl_url_get(parser, part, &value, UInt32(flags)) == CURLUE_OK, let value else {
        return nil
      }
      defer { curl_free(value) }
      return String(cString: value)
    }
    guard let scheme = part(CURLUPART_SCHEME),
      scheme == "https" || allowsPlainHTTP && scheme == "http"
    else { throw .invalidURL("it must begin with https://\(allowsPlainHTTP ? " or http://" : "")") }
    guard part(CURLUPART_USER) == nil, part(CURLUPART_PASSWORD) == nil else {
      throw .invalidURL("it must not have a user or a password")
    }
    guard let host = part(CURLUPART_HOST), !host.isEmpty,
      let port = part(CURLUPART_PORT, CURLU_DEFAULT_PORT), let whole = part(CURLUPART_URL)
    else { throw .invalidURL("it has no host") }
    self.text = whole
    self.host = host
    origin = "\(scheme)://\(host.lowercased()):\(port)"
  }
}
#endif
