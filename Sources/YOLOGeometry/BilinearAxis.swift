/// Where the samples of a bilinear enlargement or reduction lie along one axis.
///
/// Pixels are areas, as in `torch.nn.functional.interpolate` with `align_corners=False`: sample `d`
/// of the output lies at (d + ½) · input / output − ½ of the input, not below 0; beyond the last
/// input sample that one is repeated. There is no smoothing where the output is smaller.
public struct BilinearAxis: Sendable, Hashable {
  /// The two input samples that an output sample lies between, and how near it is to the second.
  public struct Tap: Sendable, Hashable {
    /// The input sample at or before it.
    public let lower: Int
    /// The next input sample, or `lower` again at the end.
    public let upper: Int
    /// The share of `upper`, 0..<1.
    public let weight: Float
  }

  /// The number of input samples.
  public let input: Int
  /// The number of output samples.
  public let output: Int
  private let scale: Float

  /// Creates an axis; both numbers are positive and below 2²⁴.
  public init(input: Int, output: Int) {
    precondition(input > 0 && output > 0 && input < 1 << 24 && output < 1 << 24)
    self.input = input
    self.output = output
    scale = Float(input) / Float(output)
  }

  /// Returns where output sample `position` (0..<output) lies.
  public subscript(position: Int) -> Tap {
    let place = max(0, scale * (Float(position) + 0.5) - 0.5)
    let lower = min(Int(place), input - 1)
    return Tap(
      lower: lower, upper: min(lower + 1, input - 1), weight: min(place - Float(lower), 1))
  }
}
