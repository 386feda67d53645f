#if Server
/// How many calls of its hour a key has made, this one included.
package struct RateState: Sendable, Hashable {
  /// The calls of an hour; 0 for no limit.
  package let limit: Int
  /// The calls that are left.
  package let remaining: Int
  /// When the hour ends, in seconds since 1970.
  package let reset: Int
  /// Whether this call may be answered.
  package let isAllowed: Bool

  /// The seconds from `now` until the hour ends, at least 1, for the header `Retry-After`.
  package func retryAfter(now: Int) -> Int {
    max(1, reset.subtractingReportingOverflow(now).partialValue)
  }
}
#endif
