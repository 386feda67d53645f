/// A buffer's need of memory: its size, and the steps during which it holds something.
package struct BufferNeed: Sendable {
  /// The elements.
  package var size: Int
  /// The step that first writes it.
  package var first: Int
  /// The last step that reads it.
  package var last: Int

  /// Makes a need; both steps are included.
  package init(size: Int, first: Int, last: Int) {
    self.size = size
    self.first = first
    self.last = last
  }
}

/// Returns a position for each buffer, so that buffers in use at the same time do not overlap, and
/// the elements that they take together.
///
/// Largest first, each at the lowest position that is free during its life ("greedy by size",
/// Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020). Positions
/// are multiples of `alignment`.
package func memoryPlan(
  _ needs: [BufferNeed], alignment: Int
) -> (positions: [Int], total: Int) {
  var positions = [Int](repeating: 0, count: needs.count)
  var placed = [Int]()
  var total = 0
  for index in needs.indices.sorted(by: { (needs[$1].size, $0) < (needs[$0].size, $1) }) {
    let need = needs[index]
    var position = 0
    let rivals = placed.filter { needs[$0].first <= need.last && need.first <= needs[$0].last }
    for rival in rivals.sorted(by: { positions[$0] < positions[$1] }) {
      if positions[rival] - position >= need.size { break }
      let end = positions[rival] + needs[rival].size
      position = max(position, (end + alignment - 1) / alignment * alignment)
    }
    positions[index] = position
    placed.append(index)
    total = max(total, position + need.size)
  }
  return (positions, total)
}
