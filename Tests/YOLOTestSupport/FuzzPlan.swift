import Foundation

/// How many damaged files a fuzz test tries, and from which seed.
///
/// `Tools/fuzz` raises the count and changes the seed through the environment variables
/// `YOLO_FUZZ_FACTOR` and `YOLO_FUZZ_SEED`.
public struct FuzzPlan: Sendable {
  /// The number of damaged files to try.
  public let cases: Int
  /// The seed of the first one.
  public let seed: UInt64

  /// Creates a plan of `cases` files times the factor that the environment asks for.
  public init(cases: Int) {
    let environment = ProcessInfo.processInfo.environment
    self.cases = cases * (environment["YOLO_FUZZ_FACTOR"].flatMap { Int($0) } ?? 1)
    self.seed = environment["YOLO_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
  }
}
