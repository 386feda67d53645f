import KernelInterface
import YOLOTensor

/// Attention by register tiles, a block of queries at a time.
struct AttentionBlocks: Sendable {
  /// A run of keys that one tile takes.
  private struct KeyTile: Sendable {
    let firstPixel: Int
    let count: Int
  }

  let items: Int
  let scratchCount: Int

  private let shape: AttentionShape
  private let lanes: Int
  /// The tile functions by vectors less one and rows less one.
  private let tiles: [[ConvolutionTileFunction]]
  private let exponentials: ExponentialFunction
  /// The tiles of keys of each area, for blocks of one vector and of two.
  private let keyTiles: [[[KeyTile]]]
  /// The tilings of the values' channels, for blocks of one vector and of two.
  private let channelTilings: [RowTiling]
  /// The position of each pixel's values.
  private let valueOffsets: [Int]
  /// A split of an area's blocks of queries.
  private let blockItems: RowItems
  private let zeros: AlignedStorage

  /// The keys whose values are summed before the sum is set aside: it keeps long sums exact, and
  /// what is read again in a cache.
  private static let keyGroup = 128

  init(_ shape: AttentionShape, kernels: KernelSet, threads: Int) {
    self.shape = shape
    lanes = kernels.lanes
    exponentials = kernels.exponentials
    tiles = (0..<2).map { vectors in
      (0..<kernels.maximumRows[vectors]).map { rows in
        guard let tile = kernels.convolutionTile(vectors + 1, rows + 1) else {
          preconditionFailure("every tile up to the most rows is compiled")
        }
        return tile
      }
    }
    channelTilings = [1, 2].map {
      RowTiling(width: shape.valueChannels, vectors: $0, kernels: kernels)
    }
    let map = shape.queriesAndKeys
    let count = shape.areaPixels
    let isContiguous = map.rowStride == map.width * map.pixelStride
    keyTiles = (0..<2).map { vectors in
      let most = kernels.maximumRows[vectors]
      return (0..<shape.areas).map { area in
        var tiles = [KeyTile]()
        var pixel = area * count
        let end = pixel + count
        while pixel < end {
          let runEnd = isContiguous ? end : min(end, (pixel / map.width + 1) * map.width)
          let parts = RowItems(rows: runEnd - pixel, count: (runEnd - pixel + most - 1) / most)
          for part in 0..<parts.count {
            tiles.append(
              KeyTile(firstPixel: pixel + parts[part].lowerBound, count: parts[part].count))
          }
          pixel = runEnd
        }
        return tiles
      }
    }
    valueOffsets = (0..<shape.pixels).map { shape.values[$0] }
    let block = 2 * lanes
    let wanted = threads == 1 ? 1 : 4 * threads
    let parts = shape.heads * shape.areas
    blockItems = RowItems(
      rows: (count + block - 1) / block, count: (wanted + parts - 1) / parts)
    items = parts * blockItems.count
    scratchCount = block * (shape.keyChannels + count + shape.valueChannels + 1)
    zeros = AlignedStorage(count: block)
  }

  func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let part = item / blockItems.count
    for block in blockItems[item % blockItems.count] {
      run(
        head: part / shape.areas, area: part % shape.areas, firstQuery: block * 2 * lanes,
        arena, scratch)
    }
  }

  private func run(
    head: Int, area: Int, firstQuery: Int, _ arena: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let map = shape.queriesAndKeys
    let count = shape.areaPixels
    let firstPixel = area * count
    let queries = min(2 * lanes, count - firstQuery)
    let vectors = queries > lanes ? 2 : 1
    let block = vectors * lanes
    let transposed = scratch
    let scores = transposed + shape.keyChannels * block
    let results = scores + count * block
    let sums = results + shape.valueChannels * block
    let keyChannel = shape.key.first + head * shape.key.pitch
    let queryChannel = shape.query.first + head * shape.query.pitch
    let valueChannel = shape.value.first + head * shape.value.pitch

    // SAFETY: the layouts lie in the arena; the scratch holds, `block` values a row, the queries,
    // the scores, the results and the sums.
    if queries < block { transposed.update(repeating: 0, count: shape.keyChannels * block) }
    for query in 0..<queries {
      let source = arena + (map[firstPixel + firstQuery + query] + queryChannel)
      for channel in 0..<shape.keyChannels {
        transposed[channel * block + query] = source[channel] * shape.scale
      }
    }

    var origin = 0
    withUnsafePointer(to: &origin) { origin in
      var walk = TileWalk(
        offsets: origin, segments: 1, depth: shape.keyChannels, inputStep: map.pixelStride,
        outputStep: block)
      withUnsafePointer(to: &walk) { walk in
        for tile in keyTiles[vectors - 1][area] {
          tiles[vectors - 1][tile.count - 1](
            walk, arena + (map[tile.firstPixel] + keyChannel), transposed, zeros.base,
            scores + (tile.firstPixel - firstPixel) * block)
        }
      }
    }

    exponentials(scores, count, vectors, sums)

    let tiling = channelTilings[vectors - 1]
    valueOffsets.withUnsafeBufferPointer { offsets in
      guard let offsets = offsets.baseAddress else { return }
      var walk = TileWalk(offsets: offsets, segments: 0, depth: 1, inputStep: 1, outputStep: block)
      withUnsafeMutablePointer(to: &walk) { walk in
        var key = 0
        while key < count {
          walk.pointee.offsets = offsets + (firstPixel + key)
          walk.pointee.segments = min(Self.keyGroup, count - key)
          var channel = 0
          for index in 0..<tiling.count {
            let end = (index + 1) * shape.valueChannels / tiling.count
            let tile = end - channel == tiling.narrowRows ? tiling.narrow : tiling.wide
            tile(
              walk, arena + (valueChannel + channel), scores + key * block, zeros.base,
              results + channel * block)
            channel = end
          }
          walk.pointee.accumulates = true
          key += Self.keyGroup
        }
      }
    }

    let firstChannel = head * shape.valueChannels
    for query in 0..<queries {
      let target = arena + (shape.output[firstPixel + firstQuery + query] + firstChannel)
      let factor = 1 / sums[query]
      for channel in 0..<shape.valueChannels {
        target[channel] = results[channel * block + query] * factor
      }
    }
  }
}
