/// The `k` highest metrics of an anchor row, most of whose metrics are zero.
///
/// Where fewer than `k` metrics are above zero, which of the zeros count is as PyTorch's `topk` has it
/// for rows of at least 64 · k: a heap of the first `k` anchors, of which a later one replaces the
/// lowest if it is strictly greater (libstdc++'s `partial_sort`).
package struct HighestMetrics {
  private struct Entry {
    var metric: Float
    var position: Int
  }

  private var heap = ContiguousArray<Entry>()

  package init() {}

  /// Appends the positions of the highest metrics, in no particular order.
  ///
  /// - Parameters:
  ///   - k: How many, as far as there are anchors.
  ///   - anchors: The anchors whose metric may be above zero, ascending; only these are appended.
  ///   - metrics: Their metrics, not negative.
  ///   - count: How many these are.
  ///   - anchorCount: The number of anchors of the row.
  ///   - result: Where the positions, those in `anchors`, go to.
  package mutating func select(
    _ k: Int, anchors: UnsafePointer<Int32>, metrics: UnsafePointer<Float>, count: Int,
    anchorCount: Int, into result: inout ContiguousArray<Int>
  ) {
    let k = min(k, anchorCount)
    guard k > 0 else { return }
    heap.removeAll(keepingCapacity: true)
    for _ in 0..<k { heap.append(Entry(metric: 0, position: -1)) }
    var position = 0
    while position < count, anchors[position] < k {
      heap[Int(anchors[position])] = Entry(metric: metrics[position], position: position)
      position &+= 1
    }
    var parent = (k - 2) / 2
    while k > 1, parent >= 0 {
      sift(parent, heap[parent])
      parent &-= 1
    }
    while position < count {
      if metrics[position] > heap[0].metric {
        sift(0, Entry(metric: metrics[position], position: position))
      }
      position &+= 1
    }
    for entry in heap where entry.position >= 0 { result.append(entry.position) }
  }

  /// Puts a value where `start` is: the hole sinks to a leaf along the lower children, then the value
  /// rises.
  private mutating func sift(_ start: Int, _ value: Entry) {
    let count = heap.count
    var hole = start
    var child = start
    while child < (count - 1) / 2 {
      child = 2 * (child + 1)
      if heap[child].metric > heap[child - 1].metric { child -= 1 }
      heap[hole] = heap[child]
      hole = child
    }
    if count % 2 == 0, child == (count - 2) / 2 {
      child = 2 * (child + 1)
      heap[hole] = heap[child - 1]
      hole = child - 1
    }
    while hole > start {
      let parent = (hole - 1) / 2
      guard heap[parent].metric > value.metric else { break }
      heap[hole] = heap[parent]
      hole = parent
    }
    heap[hole] = value
  }
}
