import Dispatch
import KernelInterface

extension KernelSet {
  /// Measures the most that a thread computes on this machine, in operations a second.
  ///
  /// A multiply-accumulate counts as two operations. What runs is the convolution tile itself, in
  /// its largest forms, on input and weights that stay in the first-level cache. Takes about
  /// `seconds` seconds; the best of many short measurements counts, since others can only be slowed
  /// by what else the machine does.
  public func peakRate(seconds: Double = 0.2) -> Double {
    let depth = 96
    let repetitions = 200
    let shapes = zip(1..., maximumRows).compactMap { vectors, rows in
      table.convolutionTile(vectors, rows).map { (vectors: vectors, rows: rows, tile: $0) }
    }
    let widest = maximumRows.count * lanes
    let rows = maximumRows.max() ?? 1
    // Input, weights, bias and output of the largest shape, one after the other.
    let counts = [rows * depth, depth * widest, widest, rows * widest]
    let total = counts.reduce(0, +)
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: total * MemoryLayout<Float>.stride, alignment: 64)
    defer { memory.deallocate() }
    // SAFETY: the parts lie in the allocation, all of whose values are written first.
    let input = memory.initializeMemory(as: Float.self, repeating: 0, count: total)
    let weights = input + counts[0]
    let bias = weights + counts[1]
    let output = bias + counts[2]
    for index in 0..<counts[0] { input[index] = 1 }
    for index in 0..<counts[1] { weights[index] = 0.5 }

    var best = 0.0
    let start = DispatchTime.now().uptimeNanoseconds
    repeat {
      for (vectors, rows, tile) in shapes {
        withUnsafePointer(to: 0) { offset in
          var arguments = TileArguments(
            offsets: offset, segments: 1, depth: depth, inputStep: depth,
            outputStep: vectors * lanes)
          // SAFETY: the parts hold the largest shape, and outlive the calls.
          let begun = DispatchTime.now().uptimeNanoseconds
          for _ in 0..<repetitions {
            tile(
              &arguments,
              ConvolutionOperands(input: input, weights: weights, bias: bias, output: output))
          }
          let taken = DispatchTime.now().uptimeNanoseconds - begun
          let work = 2 * rows * vectors * lanes * depth * repetitions
          best = max(best, Double(work) / Double(max(taken, 1)) * 1e9)
        }
      }
    } while Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9 < seconds
    return best
  }
}
