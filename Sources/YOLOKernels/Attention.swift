import KernelInterface
import YOLOTensor

/// Attention, a block of queries at a time against all keys of the area.
///
/// A block is one or two vectors of queries, side by side in the lanes: the scores are tiles of keys
/// by queries, the softmax goes down the columns, and the result is tiles of value channels by
/// queries. So keys and values are read where they lie, and nothing is summed across lanes. The
/// scores of a block are all there is in memory.
package struct Attention: StepKernel {
  package let name: String
  package let items: Int
  package let scratchCount: Int

  /// The bytes of tables for each pixel, at most: where its values are, and a tile of one key for
  /// blocks of one and of two vectors.
  package static let tableBytesPerPixel = 8 + 2 * 24

  private let shape: AttentionShape
  /// The native work; nil in double precision.
  private let blocks: AttentionBlocks?

  /// Binds an attention; without `kernels` in double precision.
  package init(_ shape: AttentionShape, kernels: KernelSet?, threads: Int) {
    self.shape = shape
    if let kernels {
      let blocks = AttentionBlocks(shape, kernels: kernels, threads: threads)
      self.blocks = blocks
      name = "attention \(kernels.instructionSet.rawValue)"
      items = blocks.items
      scratchCount = blocks.scratchCount
    } else {
      blocks = nil
      name = "oracle"
      items = shape.pixels
      scratchCount = 2 * shape.areaPixels
    }
  }

  package func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    if item == 0 {
      shape.output.clearBorder(rows: 0..<shape.output.height, arena: arena)
    }
    guard blocks?.run(item: item, arena: arena, scratch: scratch) == nil else { return }
    reference(item, arena, scratch)
  }

  /// Computes all heads of one pixel as the definition reads.
  private func reference(
    _ pixel: Int, _ arena: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let count = shape.areaPixels
    let first = pixel / count * count
    // SAFETY: the layouts lie in the arena; the scratch, aligned to 64 bytes, holds a score in
    // double precision for each pixel of the area.
    UnsafeMutableRawPointer(scratch).withMemoryRebound(to: Double.self, capacity: count) { scores in
      for head in 0..<shape.heads {
        let query =
          arena + (shape.queriesAndKeys[pixel] + shape.query.first + head * shape.query.pitch)
        var best = -Double.infinity
        for index in 0..<count {
          let key =
            arena
            + (shape.queriesAndKeys[first + index] + shape.key.first + head * shape.key.pitch)
          var sum = 0.0
          for channel in 0..<shape.keyChannels {
            sum += Double(query[channel]) * Double(key[channel])
          }
          scores[index] = sum * Double(shape.scale)
          best = max(best, scores[index])
        }
        var total = 0.0
        for index in 0..<count {
          scores[index] = exponential(scores[index] - best)
          total += scores[index]
        }
        let target = arena + (shape.output[pixel] + head * shape.valueChannels)
        for channel in 0..<shape.valueChannels {
          let at = shape.value.first + head * shape.value.pitch + channel
          var sum = 0.0
          for index in 0..<count {
            sum += scores[index] * Double(arena[shape.values[first + index] + at])
          }
          target[channel] = Float(sum / total)
        }
      }
    }
  }
}

extension ActivationLayout {
  /// The position of a pixel's first channel, by the pixel's place in raster order.
  subscript(pixel: Int) -> Int {
    offset + pixel / width * rowStride + pixel % width * pixelStride
  }
}
