#if Server
/// Text out of requests, made fit for messages and logs.
enum ServerText {
  /// Returns at most `limit` characters, control characters replaced.
  static func excerpt(_ text: String, limit: Int = 80) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(limit) {
      scalars.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
    }
    return String(scalars) + (text.unicodeScalars.count > limit ? "…" : "")
  }
}
#endif
