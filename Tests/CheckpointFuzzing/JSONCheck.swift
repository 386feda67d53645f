import JSONText

/// What is wrong with a line of JSON.
enum JSONCheck {
  /// Returns why a text is not JSON, or nil.
  static func failure(of bytes: [UInt8]) -> String? {
    do throws(JSONParser.Failure) {
      _ = try JSONParser.parse(String(decoding: bytes, as: UTF8.self))
      return nil
    } catch {
      return "JSON that cannot be read: \(error.reason)"
    }
  }
}
