import YOLOTrainingData

/// The anchors of the outputs of a branch: the cells of all levels, one level after the other, rows
/// from top to bottom.
struct AnchorGrid {
  struct Level {
    /// The size of a cell in input pixels.
    let stride: Float
    let height: Int
    let width: Int
    /// The index of the first anchor.
    let first: Int
  }

  /// Where an anchor is.
  struct Cell {
    private let levelIndex: Int32
    private let rowIndex: Int32
    private let columnIndex: Int32

    @inline(__always)
    init(level: Int, row: Int, column: Int) {
      levelIndex = Int32(truncatingIfNeeded: level)
      rowIndex = Int32(truncatingIfNeeded: row)
      columnIndex = Int32(truncatingIfNeeded: column)
    }

    var level: Int { Int(levelIndex) }
    var row: Int { Int(rowIndex) }
    var column: Int { Int(columnIndex) }
    /// The anchor's center in cells of its level.
    var center: SIMD2<Float> { SIMD2(Float(columnIndex) + 0.5, Float(rowIndex) + 0.5) }
  }

  private(set) var levels = [Level]()
  /// The number of anchors.
  private(set) var count = 0
  /// The number of images.
  let batch: Int
  /// The height of the network's input in pixels.
  let inputHeight: Float
  /// The width of the network's input in pixels.
  let inputWidth: Float
  /// The side that boxes have at least when their anchors are looked for: the second stride.
  let minimumSide: Float

  /// Reads the sizes of the levels, which were checked.
  init(_ outputs: BranchOutputs) {
    batch = outputs.levels[0].boxes.batch
    for level in outputs.levels {
      levels.append(
        Level(
          stride: Float(level.stride), height: level.boxes.height, width: level.boxes.width,
          first: count))
      count += level.boxes.height * level.boxes.width
    }
    inputHeight = levels[0].stride * Float(levels[0].height)
    inputWidth = levels[0].stride * Float(levels[0].width)
    minimumSide = levels[min(1, levels.count - 1)].stride
  }

  /// Returns where an anchor is.
  @inline(__always)
  func cell(_ anchor: Int) -> Cell {
    var level = levels.count - 1
    while anchor < levels[level].first { level &-= 1 }
    let index = anchor - levels[level].first
    let width = levels[level].width
    return Cell(level: level, row: index / width, column: index % width)
  }
}

extension LossMap {
  /// The position of the first channel of a pixel.
  @inline(__always)
  func position(image: Int, row: Int, column: Int) -> Int {
    image &* imageStride &+ row &* rowStride &+ column &* pixelStride
  }

  /// The position of the first channel of a level's cell.
  @inline(__always)
  func position(image: Int, _ cell: AnchorGrid.Cell) -> Int {
    position(image: image, row: cell.row, column: cell.column)
  }

  /// Sets the gradients of rows to zero.
  func clearGradients(image: Int, rows: Range<Int>) {
    for row in rows {
      let start = gradients + position(image: image, row: row, column: 0)
      if pixelStride == channels {
        start.update(repeating: 0, count: width &* channels)
      } else {
        var column = 0
        while column < width {
          (start + column &* pixelStride).update(repeating: 0, count: channels)
          column &+= 1
        }
      }
    }
  }

  /// The shape, for messages.
  var shape: String { "[\(batch), \(height), \(width), \(channels)]" }

  /// Checks the shape; dimensions that are nil may be any.
  func check(
    _ output: String, batch: Int? = nil, height: Int? = nil, width: Int? = nil, channels: Int?
  ) throws(LossError) {
    func agrees(_ found: Int, _ expected: Int?) -> Bool { found == expected ?? found }
    guard
      agrees(self.batch, batch), agrees(self.height, height), agrees(self.width, width),
      agrees(self.channels, channels), self.batch > 0, self.height > 0, self.width > 0,
      self.channels > 0, pixelStride >= self.channels
    else {
      func text(_ number: Int?) -> String { number.map(String.init) ?? "any" }
      throw .shapeMismatch(
        output: output,
        expected: "[\(text(batch)), \(text(height)), \(text(width)), \(text(channels))]",
        found: shape)
    }
  }
}
