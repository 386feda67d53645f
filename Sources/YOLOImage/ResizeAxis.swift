/// Where the samples of one resized axis come from, as OpenCV's 8-bit bilinear resize computes it.
///
/// Output sample `d` lies at `(d + 0.5) · scale − 0.5` of the source and is mixed from the samples
/// at `lower[d]` and `lower[d] + 1`, the second weighted `upperWeight[d]` of 2048, the first with
/// the rest. (OpenCV rounds both weights; half-to-even makes them add up to 2048.)
struct ResizeAxis {
  /// The weight of a whole sample.
  static let one = 2048

  /// The first of the two source samples; −1 or `sourceLength - 1` at the borders.
  private(set) var lower: [Int]
  /// The weight of the second source sample, 0...2048.
  private(set) var upperWeight: [Int]

  /// Computes the table of an axis; both lengths are positive.
  init(sourceLength: Int, resultLength: Int) {
    lower = []
    upperWeight = []
    lower.reserveCapacity(resultLength)
    upperWeight.reserveCapacity(resultLength)
    let scale = 1 / (Double(resultLength) / Double(sourceLength))
    for index in 0..<resultLength {
      let position = Float((Double(index) + 0.5) * scale - 0.5)
      let floor = position.rounded(.down)
      let weight = ((position - floor) * Float(Self.one)).rounded(.toNearestOrEven)
      lower.append(Int(floor))
      upperWeight.append(Int(weight))
    }
  }

  /// Returns the table with positions beyond the first and the last sample moved onto them.
  ///
  /// OpenCV does so along rows. Where a source has two samples or more, `lower[d] + 1` is then
  /// always a sample of the source.
  func clamped(sourceLength: Int) -> ResizeAxis {
    var result = self
    let last = sourceLength - 1
    for index in lower.indices {
      if lower[index] < 0 {
        result.lower[index] = 0
        result.upperWeight[index] = 0
      } else if lower[index] >= last {
        result.lower[index] = max(last - 1, 0)
        result.upperWeight[index] = last > 0 ? Self.one : 0
      }
    }
    return result
  }
}
