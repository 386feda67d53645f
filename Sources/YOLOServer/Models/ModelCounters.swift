#if Server
/// What happened to models since the start.
package struct ModelCounters: Sendable, Hashable {
  /// The models that were loaded.
  package var loads = 0
  /// The models that were unloaded because memory was wanted.
  package var evictions = 0
  /// The files that turned out to be broken.
  package var failures = 0
  /// The models that took the place of another of the same name.
  package var replacements = 0
}
#endif
