/// A buffer's size, and the steps during which it holds something.
package struct LiveInterval: Sendable {
  /// The elements.
  package var size: Int
  /// The step that first writes it.
  package var first: Int
  /// The last step that reads it.
  package var last: Int

  /// Creates an interval; both steps are included.
  package init(size: Int, first: Int, last: Int) {
    self.size = size
    self.first = first
    self.last = last
  }
}

/// Returns a position for each buffer, so that buffers in use at the same time do not overlap, and
/// the elements that they take together.
///
/// Each buffer goes to the lowest position that is free during its interval, largest first ("greedy
/// by size", Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020).
/// As long as that takes more than is in use at once, the buffer at the top is placed before all
/// others and the rest anew, a bounded number of times; the best placing counts. Positions are
/// multiples of `alignment`. Cost: quadratic in the buffers.
package func memoryPlan(
  _ intervals: [LiveInterval], alignment: Int
) -> (positions: [Int], total: Int) {
  let minimumTotal =
    intervals.map { interval in
      // What is in use at once is most when some buffer begins to be.
      intervals.reduce(0) {
        $1.first <= interval.first && interval.first <= $1.last ? $0 + $1.size : $0
      }
    }.max() ?? 0
  var order = intervals.indices.sorted { (intervals[$1].size, $0) < (intervals[$0].size, $1) }
  var best = placed(intervals, in: order, alignment: alignment)
  var latest = best
  for _ in 0..<16 where best.total > minimumTotal {
    let top = order.firstIndex { latest.positions[$0] + intervals[$0].size == latest.total }
    guard let top, top > 0 else { break }
    order.insert(order.remove(at: top), at: 0)
    latest = placed(intervals, in: order, alignment: alignment)
    if latest.total < best.total { best = latest }
  }
  return best
}

/// Places buffers in an order, each at the lowest position that is free during its interval.
private func placed(
  _ intervals: [LiveInterval], in order: [Int], alignment: Int
) -> (positions: [Int], total: Int) {
  var positions = [Int](repeating: 0, count: intervals.count)
  // The buffers placed so far, by position.
  var placed = [Int]()
  var total = 0
  for index in order {
    let interval = intervals[index]
    var position = 0
    for other in placed
    where intervals[other].first <= interval.last && interval.first <= intervals[other].last {
      if positions[other] - position >= interval.size { break }
      let end = positions[other] + intervals[other].size
      position = max(position, (end + alignment - 1) / alignment * alignment)
    }
    positions[index] = position
    placed.insert(index, at: placed.firstIndex { positions[$0] > position } ?? placed.count)
    total = max(total, position + interval.size)
  }
  return (positions, total)
}
