#if Server
import YOLOImageIO
import YOLOSystem
import YOLOVideo

/// What is said to whoever sends something else than a form with a file: what it is, and what to
/// send.
extension APIError {
  /// 415: the body is of another type than a form, or of none.
  static func notAForm(_ contentType: String?) -> APIError {
    let type = HeaderParameters(contentType ?? "").value.lowercased()
    let hint =
      switch type {
      case "application/json", "text/json":
        " JSON is not read, nor base64 or an address in it: \(sendFile)."
      case "application/x-www-form-urlencoded":
        " Such a form cannot have a file: with curl, use -F file=@PATH instead of -d."
      case "text/plain":
        " Text is not read, be it base64 or an address: \(sendFile)."
      case "application/octet-stream",
        _ where type.hasPrefix("image/") || type.hasPrefix("video/"):
        " A file alone is no form: with curl, use -F file=@PATH instead of --data-binary."
      default: ""
      }
    return .unsupportedMedia(
      "The body must be a form, Content-Type: multipart/form-data, with the image or video as its "
        + "field file; the type of this one is \(contentType?.excerpt() ?? "none").\(hint)")
  }

  /// 415: a file that is neither an image nor a video, by its first bytes.
  static func unknownFile(_ first: [UInt8]) -> APIError {
    let images = FileReceiver.imageFormats.map(\.rawValue).joined(separator: ", ")
    let videos = VideoFormat.allCases.map(\.rawValue).joined(separator: ", ")
    let expected = "expected an image (\(images)) or a video (\(videos))"
    guard !first.isEmpty else { return .unsupportedMedia("file: is empty, \(expected)") }
    var found =
      ImageFormat(recognizing: first).map { "a \($0.rawValue) image" }
      ?? "no image or video of a known format"
    do throws(ImageIOError) {
      _ = try ImageReader.decode(first, named: "file")
    } catch {
      if case .unsupportedFormat(_, let name?) = error { found = name }
    }
    return .unsupportedMedia(
      "file: is \(found), \(expected)" + (hint(forText: first).map { ". \($0)." } ?? ""))
  }

  private static let sendFile = "send the bytes of the file, with curl as -F file=@PATH"

  /// What to do if the bytes are text instead of a file; nil if they are none.
  private static func hint(forText first: [UInt8]) -> String? {
    // A character may be cut off at the end.
    guard let last = first.lastIndex(where: { $0 < 0x80 }),
      !first.contains(where: { $0 < 0x20 && !$0.isWhitespace || $0 == 0x7F }),
      String(validating: first[...last], as: UTF8.self) != nil
    else { return nil }
    let bytes = first.prefix(32)
    let start = String(decoding: bytes, as: UTF8.self).trimmed.lowercased()
    if start.hasPrefix("{") || start.hasPrefix("[") || start.hasPrefix("\"") {
      return "It is JSON: \(sendFile), and options as fields beside it"
    }
    if start.hasPrefix("data:") || base64Starts.contains(where: start.hasPrefix) {
      return "It is base64 text: decode it, and \(sendFile)"
    }
    if let colon = start.firstIndex(of: ":"), start[colon...].hasPrefix("://") {
      return "It is an address, and this server fetches nothing: \(sendFile)"
    }
    return "It is text: \(sendFile); the @ matters"
  }

  /// How the base64 text of a JPEG, PNG, WebP or AVI, and GIF file begins, in lower case.
  private static let base64Starts = ["/9j/", "ivborw0kggo", "uklgr", "r0lgod"]
}

extension UInt8 {
  fileprivate var isWhitespace: Bool { [0x09, 0x0A, 0x0C, 0x0D].contains(self) }
}
#endif
