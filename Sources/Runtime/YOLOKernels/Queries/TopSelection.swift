import YOLOSystem
package import YOLOTensor

/// Picks the pixels with the best scores out of several maps, the best first; of equal ones the
/// earlier comes first.
///
/// The score of a pixel is the greatest of its channels. A NaN counts as the greatest of all. The
/// output's pixels have the features of those picked, in raster order.
package struct TopSelection: StepKernel {
  package let name = "selection"
  package let items = 1
  package let scratchBytes: Int

  private let scores: UnmanagedArray<ActivationLayout>
  private let features: UnmanagedArray<ActivationLayout>
  private let output: ActivationLayout
  private let count: Int

  /// A pixel that may be picked.
  private struct Candidate: BitwiseCopyable {
    var score: Float
    var index: Int32

    /// Whether this one is picked later than another.
    @inline(__always)
    func isWorse(than other: Candidate) -> Bool {
      score < other.score || (score == other.score && index > other.index)
    }
  }

  /// Binds a selection of as many pixels as the output has, which the maps have, too.
  package init(
    scores: [ActivationLayout], features: [ActivationLayout], to output: ActivationLayout
  ) {
    precondition(scores.count == features.count)
    for (score, feature) in zip(scores, features) {
      precondition(score.height == feature.height && score.width == feature.width)
      precondition(feature.channels == output.channels)
    }
    count = output.height * output.width
    let pixels = scores.reduce(0) { $0 + $1.height * $1.width }
    precondition(count <= pixels && pixels <= Int(Int32.max))
    self.scores = UnmanagedArray(scores)
    self.features = UnmanagedArray(features)
    self.output = output
    scratchBytes = count * MemoryLayout<Candidate>.stride
  }

  package func run(
    item: Int, arena memory: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    output.clearBorder(rows: 0..<output.height, arena: memory)
    let arena = memory.floats
    // SAFETY: the layouts lie in the arena; the scratch, aligned to 64 bytes, has a candidate for
    // each pixel of the output.
    let heap = scratch.bindMemory(to: Candidate.self, capacity: count)
    var filled = 0
    var index: Int32 = 0
    for level in 0..<scores.count {
      let map = scores.base[level]
      for y in 0..<map.height {
        var pixel = arena + (map.offset + y * map.rowStride)
        for _ in 0..<map.width {
          let candidate = Candidate(score: best(pixel, map.channels), index: index)
          if filled < count {
            heap[filled] = candidate
            filled += 1
            if filled == count {
              for root in (0..<count / 2).reversed() { sink(heap, root, count) }
            }
          } else if heap[0].isWorse(than: candidate) {
            heap[0] = candidate
            sink(heap, 0, count)
          }
          index &+= 1
          pixel += map.pixelStride
        }
      }
    }
    // The worst goes to the end, again and again.
    var end = count - 1
    while end > 0 {
      (heap[0], heap[end]) = (heap[end], heap[0])
      sink(heap, 0, end)
      end -= 1
    }
    for position in 0..<count {
      var rest = Int(heap[position].index)
      var level = 0
      while rest >= features.base[level].height * features.base[level].width {
        rest -= features.base[level].height * features.base[level].width
        level += 1
      }
      (arena + output[position])
        .update(from: arena + features.base[level][rest], count: output.channels)
    }
  }

  @inline(__always)
  private func best(_ values: UnsafeMutablePointer<Float>, _ count: Int) -> Float {
    var best = -Float.infinity
    for channel in 0..<count {
      if values[channel].isNaN { return .infinity }
      if values[channel] > best { best = values[channel] }
    }
    return best
  }

  /// Restores the order of a heap, whose root is the worst, below a position.
  private func sink(_ heap: UnsafeMutablePointer<Candidate>, _ start: Int, _ count: Int) {
    var position = start
    while true {
      var child = 2 * position + 1
      guard child < count else { return }
      if child + 1 < count, heap[child + 1].isWorse(than: heap[child]) { child += 1 }
      guard heap[child].isWorse(than: heap[position]) else { return }
      (heap[child], heap[position]) = (heap[position], heap[child])
      position = child
    }
  }
}

/// The pixels of several maps, one map after the other, as a single row.
package struct PixelSequence: StepKernel {
  package let name = "copy"
  package let items = 1
  package let scratchBytes = 0

  private let inputs: [ActivationLayout]
  private let output: ActivationLayout

  /// Binds a sequence; the output has one row.
  package init(from inputs: [ActivationLayout], to output: ActivationLayout) {
    precondition(output.height == 1)
    precondition(output.width == inputs.reduce(0) { $0 + $1.height * $1.width })
    precondition(inputs.allSatisfy { $0.channels == output.channels })
    self.inputs = inputs
    self.output = output
  }

  package func run(
    item: Int, arena memory: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    output.clearBorder(rows: 0..<1, arena: memory)
    let arena = memory.floats
    // SAFETY: the layouts lie in the arena.
    var target = arena + output.offset
    for input in inputs {
      for pixel in 0..<input.height * input.width {
        target.update(from: arena + input[pixel], count: output.channels)
        target += output.pixelStride
      }
    }
  }
}

/// The boxes that the queries of a level start from, one a pixel: the logits of center x, center y,
/// width and height as fractions of the input, and whether the box counts.
///
/// The center is the pixel's, the side 0.05 · 2ˡ at level l. A box with a fraction outside of
/// 0.01...0.99 does not count: its logits are infinite, and the fifth channel is 0 where it is 1
/// otherwise.
package struct QueryAnchors: StepKernel {
  package let name = "anchors"
  package let items = 1
  package let scratchBytes = 0

  private let output: ActivationLayout
  /// The logits of a pixel's center by its column, its row, and of the side; infinite where the
  /// fraction lies outside.
  private let columns: UnmanagedArray<Float>
  private let rows: UnmanagedArray<Float>
  private let side: Float
  /// The four logits of each pixel in place of those; empty if there are none.
  private let stored: UnmanagedArray<Float>

  /// Binds the anchors of a level, counted from 0; the output has five channels.
  ///
  /// `stored` has the four logits of each pixel, if they are not to be computed; boxes with one
  /// that is not finite do not count.
  package init(level: Int, stored: [Float]? = nil, to output: ActivationLayout) {
    precondition(output.channels == 5 && 0..<64 ~= level)
    precondition(stored.map { $0.count == 4 * output.height * output.width } ?? true)
    func logit(_ fraction: Double) -> Float {
      fraction > 0.01 && fraction < 0.99 ? Float(log(fraction / (1 - fraction))) : .infinity
    }
    func logits(_ count: Int) -> UnmanagedArray<Float> {
      UnmanagedArray((0..<count).map { logit((Double($0) + 0.5) / Double(count)) })
    }
    self.output = output
    columns = logits(output.width)
    rows = logits(output.height)
    side = logit(0.05 * Double(1 << level))
    self.stored = UnmanagedArray(stored ?? [])
  }

  package func run(
    item: Int, arena memory: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    output.clearBorder(rows: 0..<output.height, arena: memory)
    let arena = memory.floats
    let isStored = stored.count > 0
    // SAFETY: the layout lies in the arena; the tables have a number for each column and row, or
    // four for each pixel.
    for y in 0..<output.height {
      for x in 0..<output.width {
        let target = arena + (output.offset + y * output.rowStride + x * output.pixelStride)
        if isStored {
          target.update(from: stored.base + 4 * (y * output.width + x), count: 4)
        } else {
          target[0] = columns.base[x]
          target[1] = rows.base[y]
          target[2] = side
          target[3] = side
        }
        target[4] = 1
        guard
          target[0].isFinite, target[1].isFinite, target[2].isFinite, target[3].isFinite
        else {
          target.update(repeating: .infinity, count: 4)
          target[4] = 0
          continue
        }
      }
    }
  }
}
