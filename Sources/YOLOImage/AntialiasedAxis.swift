/// What some samples of one resized axis are mixed from, as Pillow's antialiased bilinear resize
/// computes it.
///
/// Result sample `i` lies at `(i + 0.5) · scale` of the source, and a triangle of half width
/// `max(scale, 1)` around that place weighs the source samples. Weights are fixed-point numbers
/// with 22 fractional bits that are never negative.
struct AntialiasedAxis {
  /// The fractional bits of a weight.
  static let fractionBits: Int32 = 22
  /// One half, which a sum of weighted samples starts from in order to be rounded.
  static let half: Int32 = 1 << (fractionBits - 1)

  /// The source samples that one result sample is mixed from.
  struct Window {
    /// The first source sample.
    var lower: Int
    /// The number of source samples, at least 1.
    var count: Int
    /// Where the weights start.
    var weightStart: Int
  }

  /// The windows of the result samples, in order; their first and last samples never decrease.
  private(set) var windows: [Window] = []
  /// The weights of all windows.
  private(set) var weights: [Int32] = []

  /// The source samples that any window needs.
  var needed: Range<Int> {
    guard let first = windows.first, let last = windows.last else { return 0..<0 }
    return first.lower..<last.lower + last.count
  }

  /// The size of the largest window.
  var longest: Int { windows.reduce(1) { max($0, $1.count) } }

  /// Computes the windows of `range`, a part of `0..<resultLength`; lengths are positive.
  init(sourceLength: Int, resultLength: Int, range: Range<Int>) {
    let scale = Double(sourceLength) / Double(resultLength)
    let support = max(scale, 1)
    let inverse = 1 / support
    windows.reserveCapacity(range.count)
    var raw: [Double] = []
    for index in range {
      let center = (Double(index) + 0.5) * scale
      let lower = max(Int(center - support + 0.5), 0)
      let upper = min(Int(center + support + 0.5), sourceLength)
      raw.removeAll(keepingCapacity: true)
      var sum = 0.0
      for sample in 0..<upper - lower {
        let weight = max(0, 1 - abs((Double(sample + lower) - center + 0.5) * inverse))
        raw.append(weight)
        sum += weight
      }
      windows.append(
        Window(lower: lower, count: upper - lower, weightStart: weights.count))
      for weight in raw {
        weights.append(Int32(weight / sum * Double(1 << Self.fractionBits) + 0.5))
      }
    }
  }
}
