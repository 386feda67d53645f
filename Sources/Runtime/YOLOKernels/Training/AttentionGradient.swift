import KernelInterface
package import YOLOTensor

/// The gradients of attention by its queries, keys and values, which they are added to.
///
/// With A = softmax(S), S = scale · QKᵀ and output AV, and the gradient G by the output: the gradient by
/// V is AᵀG; that by S is A ∘ (GVᵀ − rows' sums of A ∘ GVᵀ); that by Q is scale · dS K, by K scale · dSᵀ Q.
/// A is computed again. All products are register tiles of matrices that lie in scratch memory, a head
/// and area at a time.
package struct AttentionGradient: StepKernel {
  package let name: String
  package let items: Int
  package let scratchBytes: Int

  private let shape: AttentionShape
  private let queryTarget: ActivationLayout
  private let valueTarget: ActivationLayout
  private let product: MatrixTile
  private let exponentials: ExponentialFunction
  private let lanes: Int
  /// The pixels of an area, and channels of keys and values, in whole vectors.
  private let pixelStep: Int, keyStep: Int, valueStep: Int

  /// Binds an attention, whose output's layout is that of the gradient by it, to the gradients of its
  /// inputs.
  package init(
    _ shape: AttentionShape, toQueriesAndKeys queryTarget: ActivationLayout,
    toValues valueTarget: ActivationLayout, kernels: KernelSet
  ) {
    name = "attention gradient \(kernels.instructionSet.rawValue)"
    self.shape = shape
    self.queryTarget = queryTarget
    self.valueTarget = valueTarget
    exponentials = kernels.table.exponentials
    lanes = kernels.lanes
    product = MatrixTile(kernels)
    func whole(_ count: Int) -> Int { (count + kernels.lanes - 1) / kernels.lanes * kernels.lanes }
    pixelStep = whole(shape.areaPixels)
    keyStep = whole(shape.heads.keyChannels)
    valueStep = whole(shape.heads.valueChannels)
    items = shape.heads.heads * shape.heads.areas
    let pixels = shape.areaPixels
    // Q, K, V and G by pixels and by channels; A, dS and a transpose; a result; sums.
    let count =
      2 * (pixels + pixelStep) * (keyStep + valueStep) + 3 * pixels * pixelStep
      + pixels * max(keyStep, valueStep) + pixelStep
    scratchBytes = count * MemoryLayout<Float>.stride
  }

  package func run(
    item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
  ) {
    let (arena, heads) = (arena.floats, shape.heads)
    let (head, area) = item.quotientAndRemainder(dividingBy: heads.areas)
    let pixels = shape.areaPixels
    let first = area * pixels
    var free = scratch.floats
    func take(_ count: Int) -> UnsafeMutablePointer<Float> {
      defer { free += count }
      return free
    }
    let queries = take(pixels * keyStep)
    let keys = take(pixels * keyStep)
    let values = take(pixels * valueStep)
    let gradient = take(pixels * valueStep)
    let queriesByChannel = take(keyStep * pixelStep)
    let keysByChannel = take(keyStep * pixelStep)
    let valuesByChannel = take(valueStep * pixelStep)
    let gradientByChannel = take(valueStep * pixelStep)
    let weights = take(pixels * pixelStep)
    let slopes = take(pixels * pixelStep)
    let transposed = take(pixels * pixelStep)
    let result = take(pixels * max(keyStep, valueStep))
    let sums = take(pixelStep)
    let queryChannel = heads.queries.first + head * heads.queries.pitch
    let keyChannel = heads.keys.first + head * heads.keys.pitch
    let valueChannel = heads.values.first + head * heads.values.pitch
    gather(shape.queriesAndKeys, first, queryChannel, heads.keyChannels, keyStep, arena, queries)
    gather(shape.queriesAndKeys, first, keyChannel, heads.keyChannels, keyStep, arena, keys)
    gather(shape.values, first, valueChannel, heads.valueChannels, valueStep, arena, values)
    gather(
      shape.output, first, head * heads.valueChannels, heads.valueChannels, valueStep, arena,
      gradient)
    // The scale is the scores'.
    for index in 0..<pixels * keyStep { queries[index] *= heads.scale }
    transpose(queries, pixels, heads.keyChannels, keyStep, to: queriesByChannel)
    transpose(keys, pixels, heads.keyChannels, keyStep, to: keysByChannel)
    transpose(values, pixels, heads.valueChannels, valueStep, to: valuesByChannel)
    transpose(gradient, pixels, heads.valueChannels, valueStep, to: gradientByChannel)
    // Scores by key, as the softmax goes down columns.
    product.multiply(
      keysByChannel, step: pixelStep, rows: pixels, depth: heads.keyChannels,
      by: queriesByChannel, width: pixelStep, to: transposed)
    exponentials(
      ExponentialArguments(
        scores: transposed, rows: pixels, vectors: pixelStep / lanes, sums: sums))
    for query in 0..<pixelStep { sums[query] = 1 / sums[query] }
    for key in 0..<pixels {
      let row = transposed + key * pixelStep
      var query = 0
      while query < pixelStep {
        row[query] *= sums[query]
        query &+= 1
      }
    }
    transpose(transposed, pixels, pixels, pixelStep, to: weights)
    product.multiply(
      weights, step: pixelStep, rows: pixels, depth: pixels, by: gradient, width: valueStep,
      to: result)
    scatter(result, valueStep, valueTarget, first, valueChannel, heads.valueChannels, arena)
    product.multiply(
      gradientByChannel, step: pixelStep, rows: pixels, depth: heads.valueChannels,
      by: valuesByChannel, width: pixelStep, to: slopes)
    for query in 0..<pixels {
      let (weight, slope) = (weights + query * pixelStep, slopes + query * pixelStep)
      var sum: Float = 0
      var key = 0
      while key < pixels {
        sum += weight[key] * slope[key]
        key &+= 1
      }
      key = 0
      while key < pixels {
        slope[key] = weight[key] * (slope[key] - sum)
        key &+= 1
      }
    }
    // The queries are scaled, which the gradient by keys wants; that by queries is scaled here.
    product.multiply(
      slopes, step: pixelStep, rows: pixels, depth: pixels, by: queries, width: keyStep,
      to: result)
    scatter(result, keyStep, queryTarget, first, keyChannel, heads.keyChannels, arena)
    transpose(slopes, pixels, pixels, pixelStep, to: transposed)
    for index in 0..<pixels * keyStep { keys[index] *= heads.scale }
    product.multiply(
      transposed, step: pixelStep, rows: pixels, depth: pixels, by: keys, width: keyStep,
      to: result)
    scatter(result, keyStep, queryTarget, first, queryChannel, heads.keyChannels, arena)
  }

  /// Copies some channels of the pixels of an area, with zeros up to whole vectors.
  private func gather(
    _ layout: ActivationLayout, _ first: Int, _ channel: Int, _ count: Int, _ step: Int,
    _ arena: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    for pixel in 0..<shape.areaPixels {
      let row = target + pixel * step
      row.update(from: arena + (layout[first + pixel] + channel), count: count)
      for rest in count..<step { row[rest] = 0 }
    }
  }

  /// Adds rows to some channels of the pixels of an area.
  private func scatter(
    _ source: UnsafePointer<Float>, _ step: Int, _ layout: ActivationLayout, _ first: Int,
    _ channel: Int, _ count: Int, _ arena: UnsafeMutablePointer<Float>
  ) {
    for pixel in 0..<shape.areaPixels {
      add(
        source + pixel * step, to: arena + (layout[first + pixel] + channel), count: count)
    }
  }

  /// Writes columns as rows, with zeros up to whole vectors.
  private func transpose(
    _ source: UnsafePointer<Float>, _ rows: Int, _ columns: Int, _ step: Int,
    to target: UnsafeMutablePointer<Float>
  ) {
    let targetStep = pixelStep
    // Blocks of both, so that neither goes through a cache line after line.
    for top in stride(from: 0, to: rows, by: 16) {
      let bottom = min(top + 16, rows)
      for column in 0..<columns {
        var row = top
        while row < bottom {
          target[column &* targetStep &+ row] = source[row &* step &+ column]
          row &+= 1
        }
      }
    }
    for column in 0..<columns {
      for rest in rows..<targetStep { target[column * targetStep + rest] = 0 }
    }
  }
}

/// Products AᵀB of matrices, by the tiles of weight gradients.
struct MatrixTile: Sendable {
  private final class Tile: Sendable {
    let run: WeightGradientFunction

    init(_ run: @escaping WeightGradientFunction) { self.run = run }
  }

  private let tiles: RetainedObjects<Tile>
  private let maximum: (Int, Int, Int)
  private let lanes: Int
  private let offsets: UnmanagedArray<Int>

  /// The rows of the tile functions of each number of vectors.
  private static let tileRows = 12
  /// The products that are summed before the sum is set aside.
  private static let groupDepth = 128

  init(_ kernels: KernelSet) {
    lanes = kernels.lanes
    maximum = kernels.training.maximumRows
    let rows = [maximum.0, maximum.1, maximum.2]
    offsets = UnmanagedArray([0, kernels.lanes, 2 * kernels.lanes])
    tiles = RetainedObjects(
      (1...3).flatMap { vectors in
        (1...Self.tileRows).map { count in
          let function = kernels.training.weightGradient(
            vectors, min(count, rows[vectors - 1]))
          guard let function else {
            preconditionFailure("every tile up to the maximum rows is compiled")
          }
          return Tile(function)
        }
      })
  }

  /// Writes the product of the transpose of `a` [depth, rows], whose rows are `step` apart, and `b`
  /// [depth, width], `width` in whole vectors, to `target` [rows, width].
  func multiply(
    _ a: UnsafePointer<Float>, step: Int, rows: Int, depth: Int, by b: UnsafePointer<Float>,
    width: Int, to target: UnsafeMutablePointer<Float>
  ) {
    let vectors = width / lanes
    let runs = RowItems(rows: vectors, count: (vectors + 2) / 3)
    var start = 0
    while start < depth {
      let end = min(start + Self.groupDepth, depth)
      var arguments = WeightGradientArguments(
        offsets: offsets.base, rows: 1, columns: end - start, inputRowStep: 0, inputStep: width,
        gradientRowStep: 0, gradientStep: step, targetStep: width)
      arguments.accumulates = start > 0
      for run in 0..<runs.count {
        let (first, count) = (runs[run].lowerBound * lanes, runs[run].count)
        let most = count == 1 ? maximum.0 : count == 2 ? maximum.1 : maximum.2
        let parts = RowItems(rows: rows, count: (rows + most - 1) / most)
        for part in 0..<parts.count {
          let range = parts[part]
          tiles.withObject((count - 1) * Self.tileRows + range.count - 1) {
            $0.run(
              &arguments, b + (start * width + first), a + (start * step + range.lowerBound),
              target + (range.lowerBound * width + first))
          }
        }
      }
      start = end
    }
  }
}
