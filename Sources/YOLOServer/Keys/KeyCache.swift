#if Server
/// The active keys as they were last read, and who reads them just now.
struct KeyCache: Sendable {
  /// The keys; nil before the first reading.
  var keys: ActiveKeys?
  /// When they were known to be true.
  var checked: ContinuousClock.Instant?
  /// The reading under way, which everybody who needs one waits for.
  var reading: Task<Result<ActiveKeys, KeyStoreError>, Never>?
  /// When the use of each key was last noted, in seconds since 1970.
  var uses: [KeyRecord.ID: Int] = [:]
}
#endif
