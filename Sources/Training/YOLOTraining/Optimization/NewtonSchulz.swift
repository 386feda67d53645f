/// Brings the singular values of a matrix near 1 by five Newton–Schulz iterations.
///
/// The coefficients are those of Muon (Keller Jordan, 2024); every matrix is rounded to bfloat16.
/// The result has singular values of about 0.7 to 1.2, which is close enough to orthogonal.
struct NewtonSchulz {
  /// The rows of the iteration: the smaller side of the matrix.
  let rows: Int
  /// The columns of the iteration.
  let columns: Int
  /// Whether the iteration's matrix is the transpose of the tensor's.
  let isTransposed: Bool

  /// Rows and columns with the zeros that fill whole tiles.
  private let paddedRows: Int
  private let paddedColumns: Int

  /// Prepares for tensors of a shape, whose first dimension has the rows.
  init(shape: [Int]) {
    let first = shape.first ?? 1
    let rest = shape.dropFirst().reduce(1, *)
    isTransposed = first > rest
    rows = min(first, rest)
    columns = max(first, rest)
    paddedRows = (rows + 7) / 8 * 8
    paddedColumns = (columns + 7) / 8 * 8
  }

  /// The floats of scratch memory that a run needs.
  var scratchCount: Int { 3 * paddedRows * paddedColumns + 3 * paddedRows * paddedRows }

  /// Replaces a tensor by its nearly orthogonal counterpart; one of zeros stays.
  ///
  /// - Parameters:
  ///   - tensor: The values, row by row.
  ///   - scratch: `scratchCount` floats at a boundary of 32 bytes.
  func run(_ tensor: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>) {
    let area = paddedRows * paddedColumns
    let square = paddedRows * paddedRows
    let matrix = scratch
    let product = matrix + area
    let panels = product + area
    let gram = panels + area
    let polynomial = gram + square
    let gramPanels = polynomial + square
    load(tensor, into: matrix)
    normalize(matrix, count: area)
    var step = 0
    while step < 5 {
      // A = XXᵀ
      MatrixTiles.packTransposed(
        matrix, rows: paddedRows, columns: paddedColumns, into: panels)
      MatrixTiles.multiply(
        matrix, panels, rows: paddedRows, depth: paddedColumns, columns: paddedRows, sum: nil,
        factor: 0, scale: 1, into: gram)
      // B = −4.775A + 2.0315A²; A is symmetric.
      MatrixTiles.packTransposed(gram, rows: paddedRows, columns: paddedRows, into: gramPanels)
      MatrixTiles.multiply(
        gram, gramPanels, rows: paddedRows, depth: paddedRows, columns: paddedRows, sum: gram,
        factor: -4.7750, scale: 2.0315, into: polynomial)
      // X = 3.4445X + BX
      MatrixTiles.pack(matrix, rows: paddedRows, columns: paddedColumns, into: panels)
      MatrixTiles.multiply(
        polynomial, panels, rows: paddedRows, depth: paddedRows, columns: paddedColumns,
        sum: matrix, factor: 3.4445, scale: 1, into: product)
      matrix.update(from: product, count: area)
      step += 1
    }
    store(matrix, into: tensor)
  }

  private func load(
    _ tensor: UnsafeMutablePointer<Float>, into matrix: UnsafeMutablePointer<Float>
  ) {
    matrix.update(repeating: 0, count: paddedRows * paddedColumns)
    let (rowStep, columnStep) = isTransposed ? (1, rows) : (columns, 1)
    var row = 0
    while row < rows {
      let source = tensor + row &* rowStep
      let target = matrix + row &* paddedColumns
      var column = 0
      while column < columns {
        target[column] = MatrixTiles.rounded(source[column &* columnStep])
        column &+= 1
      }
      row &+= 1
    }
  }

  private func store(
    _ matrix: UnsafeMutablePointer<Float>, into tensor: UnsafeMutablePointer<Float>
  ) {
    let (rowStep, columnStep) = isTransposed ? (1, rows) : (columns, 1)
    var row = 0
    while row < rows {
      let source = matrix + row &* paddedColumns
      let target = tensor + row &* rowStep
      var column = 0
      while column < columns {
        target[column &* columnStep] = source[column]
        column &+= 1
      }
      row &+= 1
    }
  }

  private func normalize(_ matrix: UnsafeMutablePointer<Float>, count: Int) {
    let vectors = UnsafeMutableRawPointer(matrix).assumingMemoryBound(to: Lanes.self)
    let norm = UpdateRules.sumOfSquares(vectors, count / 8).squareRoot()
    // A bound that a norm of 0 reaches as well: the quotients are then 0.
    let divisor = MatrixTiles.rounded(MatrixTiles.rounded(Float(norm)) + 1e-7)
    let inverse = Lanes(repeating: divisor)
    var index = 0
    while index < count / 8 {
      vectors[index] = MatrixTiles.rounded(vectors[index] / inverse)
      index &+= 1
    }
  }
}

/// Products of small matrices in float32 whose results are rounded to bfloat16.
///
/// Sides are multiples of 8. The right factor is packed: panels of eight columns, each row by row.
enum MatrixTiles {
  /// Returns the bfloat16 nearest to a finite number, halves to even.
  @inline(__always)
  static func rounded(_ value: Float) -> Float {
    let bits = value.bitPattern
    return Float(bitPattern: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) & 0xFFFF_0000)
  }

  /// Returns the bfloat16 numbers nearest to finite ones, halves to even.
  @inline(__always)
  static func rounded(_ values: Lanes) -> Lanes {
    let bits = unsafeBitCast(values, to: SIMD8<UInt32>.self)
    let odd = (bits &>> 16) & 1
    return unsafeBitCast((bits &+ 0x7FFF &+ odd) & 0xFFFF_0000, to: Lanes.self)
  }

  /// Packs a matrix as right factor.
  static func pack(
    _ matrix: UnsafePointer<Float>, rows: Int, columns: Int,
    into panels: UnsafeMutablePointer<Float>
  ) {
    var panel = 0
    while panel < columns {
      var target = panels + panel &* rows
      var source = matrix + panel
      var row = 0
      while row < rows {
        target.update(from: source, count: 8)
        target += 8
        source += columns
        row &+= 1
      }
      panel &+= 8
    }
  }

  /// Packs the transpose of a matrix as right factor.
  static func packTransposed(
    _ matrix: UnsafePointer<Float>, rows: Int, columns: Int,
    into panels: UnsafeMutablePointer<Float>
  ) {
    var panel = 0
    while panel < rows {
      let target = panels + panel &* columns
      var lane = 0
      while lane < 8 {
        let source = matrix + (panel &+ lane) &* columns
        var column = 0
        while column < columns {
          target[column &* 8 &+ lane] = source[column]
          column &+= 1
        }
        lane &+= 1
      }
      panel &+= 8
    }
  }

  /// Computes `factor · sum + scale · left · right` and rounds it.
  static func multiply(
    _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, rows: Int, depth: Int,
    columns: Int, sum: UnsafePointer<Float>?, factor: Float, scale: Float,
    into target: UnsafeMutablePointer<Float>
  ) {
    var column = 0
    while column < columns {
      let panel = UnsafeRawPointer(right + column &* depth).assumingMemoryBound(to: Lanes.self)
      var row = 0
      while row < rows {
        let source = left + row &* depth
        var (first, second, third, fourth) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
        var index = 0
        while index < depth {
          let values = panel[index]
          first += values * source[index]
          second += values * source[index &+ depth]
          third += values * source[index &+ 2 &* depth]
          fourth += values * source[index &+ 3 &* depth]
          index &+= 1
        }
        let epilogue = Epilogue(
          sum: sum, target: target, factors: Lanes(repeating: factor),
          scales: Lanes(repeating: scale))
        let offset = row &* columns &+ column
        epilogue.store(first, offset)
        epilogue.store(second, offset &+ columns)
        epilogue.store(third, offset &+ 2 &* columns)
        epilogue.store(fourth, offset &+ 3 &* columns)
        row &+= 4
      }
      column &+= 8
    }
  }

  /// What happens to a sum of products before it is stored.
  private struct Epilogue {
    let sum: UnsafePointer<Float>?
    let target: UnsafeMutablePointer<Float>
    let factors: Lanes
    let scales: Lanes

    @inline(__always)
    func store(_ value: Lanes, _ offset: Int) {
      var result = value * scales
      if let sum {
        result +=
          UnsafeRawPointer(sum + offset).assumingMemoryBound(to: Lanes.self).pointee * factors
      }
      UnsafeMutableRawPointer(target + offset).assumingMemoryBound(to: Lanes.self).pointee =
        MatrixTiles.rounded(result)
    }
  }
}
