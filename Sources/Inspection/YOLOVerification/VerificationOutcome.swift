/// How the verification of a case ended.
public struct VerificationOutcome: Sendable {
  /// The directory of the case.
  public let path: String
  /// The comparison, or why there is none.
  public let result: Result<Verification, VerificationError>
  /// How long it took, in seconds.
  public let seconds: Double
  /// Whether the case was made with the same checkpoint; nil if it does not say with which.
  public let hasSameCheckpoint: Bool?

  /// Returns how a case ended.
  public init(
    path: String, result: Result<Verification, VerificationError>, seconds: Double,
    hasSameCheckpoint: Bool?
  ) {
    self.path = path
    self.result = result
    self.seconds = seconds
    self.hasSameCheckpoint = hasSameCheckpoint
  }

  /// The comparison; nil where the case could not be read or run.
  public var verification: Verification? {
    if case .success(let verification) = result { verification } else { nil }
  }

  /// Why there is no comparison.
  public var error: VerificationError? {
    if case .failure(let error) = result { error } else { nil }
  }
}
