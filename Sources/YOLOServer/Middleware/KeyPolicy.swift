#if Server
/// Whether requests need a key.
///
/// With keys at the start they always do, also after the last one is revoked. Without, the server listens on
/// loopback only, and they do from the first key on that is made.
struct KeyPolicy: Sendable {
  /// The keys; nil if the server was told that none are needed.
  let keys: KeyStore?
  /// Whether there were keys at the start.
  let hadKeys: Bool

  init(keys: KeyStore?) async throws(KeyStoreError) {
    self.keys = keys
    hadKeys = try await keys?.hasActiveKeys ?? false
  }

  /// The keys that this request needs one of, or nil if it needs none.
  func required() async throws -> KeyStore? {
    guard let keys else { return nil }
    if hadKeys { return keys }
    return try await keys.hasActiveKeys ? keys : nil
  }
}
#endif
