/// How many frames a second of a video has, as a fraction.
public struct FrameRate: Sendable, Hashable {
  /// The frames in `denominator` seconds.
  public let numerator: Int
  /// The seconds.
  public let denominator: Int

  /// Creates a rate; nil if it is not from one frame in 1000 seconds to 1000 frames a second, or if
  /// a number is beyond a thousand million.
  public init?(numerator: Int, denominator: Int) {
    let range = 1...1_000_000_000
    guard range.contains(numerator), range.contains(denominator),
      numerator <= denominator * 1000, denominator <= numerator * 1000
    else { return nil }
    self.numerator = numerator
    self.denominator = denominator
  }

  /// Reads a fraction as ffprobe prints it, such as `30000/1001`.
  init?(_ text: String) {
    let parts = text.split(separator: "/").map { Int($0) }
    guard parts.count == 2, let numerator = parts[0], let denominator = parts[1] else {
      return nil
    }
    self.init(numerator: numerator, denominator: denominator)
  }

  /// Twenty-five frames a second, for videos that tell none.
  public static let standard = FrameRate(unchecked: 25)

  private init(unchecked rate: Int) {
    numerator = rate
    denominator = 1
  }

  /// Frames a second.
  public var value: Double { Double(numerator) / Double(denominator) }

  /// The rate that is left when only every `stride`-th frame is kept; at least one frame in 1000
  /// seconds.
  public func divided(by stride: Int) -> FrameRate {
    let (product, overflows) = denominator.multipliedReportingOverflow(by: max(stride, 1))
    guard !overflows, let rate = FrameRate(numerator: numerator, denominator: product) else {
      return FrameRate(numerator: 1, denominator: 1000) ?? .standard
    }
    return rate
  }
}
