import KernelInterface
import YOLOTensor

/// Attention by register tiles, a block of one or two vectors of queries at a time; several blocks
/// pass over a run of keys and values while it is in a cache.
final class AttentionBlocks: Sendable {
  /// A run of keys that one tile takes.
  private struct KeyTile: Sendable, BitwiseCopyable {
    /// The elements from the first key of the area to the tile's.
    let offset: Int
    /// The tile's first key, counted from the area's.
    let first: Int
    let count: Int
  }

  /// A tile function.
  private final class Tile: Sendable {
    let run: ConvolutionTileFunction

    init(_ run: @escaping ConvolutionTileFunction) { self.run = run }
  }

  /// Where the keys and values of a head and area lie.
  private struct Sources {
    let head: Int
    let area: Int
    /// The first key.
    let keys: UnsafePointer<Float>
    /// What the values' offsets are from.
    let values: UnsafePointer<Float>
    /// The offset of each value.
    let offsets: UnsafePointer<Int>
  }

  /// Queries, and their positions in the scratch, `width` values a row.
  private struct Block {
    let vectors: Int
    let width: Int
    /// The first query, counted from the area's, and the number of them.
    let first: Int
    let count: Int
    /// A row for each channel of the queries.
    let queries: UnsafeMutablePointer<Float>
    /// A row for each key.
    let scores: UnsafeMutablePointer<Float>
    /// A row for each channel of the values.
    let results: UnsafeMutablePointer<Float>
    /// One row.
    let sums: UnsafeMutablePointer<Float>
  }

  let items: Int
  let scratchCount: Int

  private let shape: AttentionShape
  /// The queries of a block.
  private let width: Int
  /// The tile functions of one row and more: first those of one vector, then those of two.
  private let tiles: RetainedObjects<Tile>
  /// The tile functions of one vector.
  private let tilesOfOneVector: Int
  private let exponentials: ExponentialFunction
  /// The tiles of keys for blocks of one vector and then of two, each by area and run of keys.
  private let keyTiles: RetainedObjects<UnmanagedArray<KeyTile>>
  /// The runs of keys of an area.
  private let runs: Int
  /// The tilings of the values' channels, for blocks of one vector and of two.
  private let channelTilings: RetainedObjects<RowTiling>
  /// The position of each pixel's values.
  private let valueOffsets: UnmanagedArray<Int>
  /// The values of scratch memory that a block takes.
  private let blockCount: Int
  /// A split of an area's groups of queries.
  private let groupItems: RowItems
  private let zeros: UnmanagedArray<Float>

  /// The queries whose blocks go together.
  private static let groupQueries = 64
  /// The keys of a run.
  ///
  /// What they add to a result is summed before it is added: it keeps long sums exact.
  private static let runKeys = 128

  init(_ shape: AttentionShape, kernels: KernelSet, threads: Int) {
    self.shape = shape
    width = 2 * kernels.lanes
    exponentials = kernels.table.exponentials
    let tiles = (0..<2).map { vectors in
      (0..<kernels.maximumRows[vectors]).map { rows in
        guard let tile = kernels.table.convolutionTile(vectors + 1, rows + 1) else {
          preconditionFailure("every tile up to the maximum rows is compiled")
        }
        return Tile(tile)
      }
    }
    tilesOfOneVector = tiles[0].count
    self.tiles = RetainedObjects(tiles[0] + tiles[1])
    channelTilings = RetainedObjects(
      [1, 2].map { RowTiling(width: shape.heads.valueChannels, vectors: $0, kernels: kernels) })
    runs = (shape.areaPixels + Self.runKeys - 1) / Self.runKeys
    keyTiles = RetainedObjects(
      (0..<2).flatMap { vectors in
        (0..<shape.heads.areas).flatMap { area in
          Self.keyTiles(shape, area: area, maximum: kernels.maximumRows[vectors])
        }
      })
    valueOffsets = UnmanagedArray((0..<shape.pixels).map { shape.values[$0] })
    let count = shape.areaPixels
    let groups = (count + Self.groupQueries - 1) / Self.groupQueries
    let wanted = threads == 1 ? 1 : 4 * threads
    let parts = shape.heads.heads * shape.heads.areas
    groupItems = RowItems(rows: groups, count: (wanted + parts - 1) / parts)
    items = parts * groupItems.count
    blockCount = width * (shape.heads.keyChannels + count + shape.heads.valueChannels + 1)
    scratchCount = (min(count, Self.groupQueries) + width - 1) / width * blockCount
    zeros = UnmanagedArray([Float](repeating: 0, count: width))
  }

  /// Cuts the keys of an area into tiles of at most `maximum`, run by run.
  ///
  /// A tile's keys lie at equal distances: those of one row, unless there is nothing between rows.
  private static func keyTiles(_ shape: AttentionShape, area: Int, maximum: Int)
    -> [UnmanagedArray<KeyTile>]
  {
    let map = shape.queriesAndKeys
    let hasGaps = map.rowStride != map.width * map.pixelStride
    let firstPixel = area * shape.areaPixels
    return stride(from: 0, to: shape.areaPixels, by: runKeys).map { start in
      let end = min(start + runKeys, shape.areaPixels)
      var tiles = [KeyTile]()
      var next = start
      while next < end {
        let rowEnd = ((firstPixel + next) / map.width + 1) * map.width - firstPixel
        let line = next..<(hasGaps ? min(end, rowEnd) : end)
        let parts = RowItems(rows: line.count, count: (line.count + maximum - 1) / maximum)
        for part in 0..<parts.count {
          let first = line.lowerBound + parts[part].lowerBound
          tiles.append(
            KeyTile(
              offset: map[firstPixel + first] - map[firstPixel], first: first,
              count: parts[part].count))
        }
        next = line.upperBound
      }
      return UnmanagedArray(tiles)
    }
  }

  func run(
    item: Int, arena: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let part = item / groupItems.count
    let head = part / shape.heads.areas
    let area = part % shape.heads.areas
    let firstPixel = area * shape.areaPixels
    let (keys, values) = (shape.heads.keys, shape.heads.values)
    let key = shape.queriesAndKeys[firstPixel] + keys.first + head * keys.pitch
    let value = values.first + head * values.pitch
    // SAFETY: the layouts lie in the arena, the blocks in the scratch; the table of offsets
    // outlives its use.
    let sources = Sources(
      head: head, area: area, keys: arena + key, values: arena + value,
      offsets: valueOffsets.base + firstPixel)
    for group in groupItems[item % groupItems.count] {
      let first = group * Self.groupQueries
      let count = min(Self.groupQueries, shape.areaPixels - first)
      let blocks = 0..<(count + width - 1) / width
      for index in blocks { transpose(sources, block(index, from: first, scratch), arena) }
      for run in 0..<runs {
        for index in blocks { score(sources, run, block(index, from: first, scratch)) }
      }
      for index in blocks {
        let block = block(index, from: first, scratch)
        exponentials(
          ExponentialArguments(
            scores: block.scores, rows: shape.areaPixels, vectors: block.vectors,
            sums: block.sums))
      }
      for run in 0..<runs {
        for index in blocks { add(sources, run, block(index, from: first, scratch)) }
      }
      for index in blocks { store(sources, block(index, from: first, scratch), arena) }
    }
  }

  /// Returns a block of the group that begins at a query.
  private func block(
    _ index: Int, from start: Int, _ scratch: UnsafeMutablePointer<Float>
  ) -> Block {
    let first = start + index * width
    let count = min(width, shape.areaPixels - first)
    let vectors = 2 * count > width ? 2 : 1
    let width = vectors * self.width / 2
    let queries = scratch + index * blockCount
    let scores = queries + shape.heads.keyChannels * width
    let results = scores + shape.areaPixels * width
    return Block(
      vectors: vectors, width: width, first: first, count: count, queries: queries,
      scores: scores, results: results, sums: results + shape.heads.valueChannels * width)
  }

  /// Writes the scaled queries, a row for each channel; zeros where there are none.
  private func transpose(_ sources: Sources, _ block: Block, _ arena: UnsafePointer<Float>) {
    if block.count < block.width {
      block.queries.update(repeating: 0, count: shape.heads.keyChannels * block.width)
    }
    let firstChannel = shape.heads.queries.first + sources.head * shape.heads.queries.pitch
    let firstPixel = sources.area * shape.areaPixels + block.first
    for query in 0..<block.count {
      let source = arena + (shape.queriesAndKeys[firstPixel + query] + firstChannel)
      for channel in 0..<shape.heads.keyChannels {
        block.queries[channel * block.width + query] = source[channel] * shape.heads.scale
      }
    }
  }

  /// Writes the products of a run of keys and the queries.
  private func score(_ sources: Sources, _ run: Int, _ block: Block) {
    var origin = 0
    withUnsafePointer(to: &origin) { origin in
      var arguments = TileArguments(
        offsets: origin, segments: 1, depth: shape.heads.keyChannels,
        inputStep: shape.queriesAndKeys.pixelStride, outputStep: block.width)
      withUnsafePointer(to: &arguments) { arguments in
        let (keys, count) = keyTiles.withObject(
          ((block.vectors - 1) * shape.heads.areas + sources.area) * runs + run
        ) { ($0.base, $0.count) }
        for index in 0..<count {
          let tile = keys[index]
          tiles.withObject((block.vectors - 1) * tilesOfOneVector + tile.count - 1) {
            $0.run(
              arguments,
              ConvolutionOperands(
                input: sources.keys + tile.offset, weights: block.queries, bias: zeros.base,
                output: block.scores + tile.first * block.width))
          }
        }
      }
    }
  }

  /// Adds a run of values, weighted by the scores, to the results.
  private func add(_ sources: Sources, _ run: Int, _ block: Block) {
    let key = run * Self.runKeys
    // Every key is a segment of its own, one element deep; neighboring channels are the tile's
    // rows.
    var arguments = TileArguments(
      offsets: sources.offsets + key, segments: min(Self.runKeys, shape.areaPixels - key),
      depth: 1, inputStep: 1, outputStep: block.width)
    arguments.accumulates = run > 0
    withUnsafePointer(to: &arguments) { arguments in
      channelTilings.withObject(block.vectors - 1) { tiling in
        var channel = 0
        for index in 0..<tiling.count {
          let end = (index + 1) * shape.heads.valueChannels / tiling.count
          let operands = ConvolutionOperands(
            input: sources.values + channel, weights: block.scores + key * block.width,
            bias: zeros.base, output: block.results + channel * block.width)
          // Called where they are kept: one chosen into a variable would be retained.
          if end - channel == tiling.narrowRows {
            tiling.narrow(arguments, operands)
          } else {
            tiling.wide(arguments, operands)
          }
          channel = end
        }
      }
    }
  }

  /// Writes the output: the results, divided by the sums of the scores.
  private func store(
    _ sources: Sources, _ block: Block, _ arena: UnsafeMutablePointer<Float>
  ) {
    let firstPixel = sources.area * shape.areaPixels + block.first
    for query in 0..<block.count {
      let target =
        arena + (shape.output[firstPixel + query] + sources.head * shape.heads.valueChannels)
      let factor = 1 / block.sums[query]
      for channel in 0..<shape.heads.valueChannels {
        target[channel] = block.results[channel * block.width + query] * factor
      }
    }
  }
}
