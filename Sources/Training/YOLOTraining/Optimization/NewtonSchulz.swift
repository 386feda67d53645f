import YOLOKernels

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

  /// Rows and columns with the zeros that fill whole vectors.
  private let paddedRows: Int
  private let paddedColumns: Int

  /// Prepares for tensors of a shape, whose first dimension has the rows.
  init(shape: [Int]) {
    let first = shape.first ?? 1
    let rest = shape.dropFirst().reduce(1, *)
    isTransposed = first > rest
    rows = min(first, rest)
    columns = max(first, rest)
    let multiple = PanelProduct.columnMultiple
    paddedRows = (rows + multiple - 1) / multiple * multiple
    paddedColumns = (columns + multiple - 1) / multiple * multiple
  }

  /// The floats of scratch memory that a run needs.
  var scratchCount: Int {
    2 * rows * paddedColumns + max(rows, paddedRows) * paddedColumns + 3 * rows * paddedRows
  }

  /// Replaces a tensor by its nearly orthogonal counterpart; one of zeros stays.
  ///
  /// - Parameters:
  ///   - tensor: The values, row by row.
  ///   - products: The kernels.
  ///   - scratch: `scratchCount` floats at a boundary of 64 bytes.
  func run(
    _ tensor: UnsafeMutablePointer<Float>, _ products: PanelProduct,
    scratch: UnsafeMutablePointer<Float>
  ) {
    let area = rows * paddedColumns
    let square = rows * paddedRows
    let matrix = scratch
    let product = matrix + area
    let panels = product + area
    let gram = panels + paddedRows * paddedColumns
    let polynomial = gram + square
    let gramPanels = polynomial + square
    load(tensor, into: matrix)
    normalize(matrix, count: area)
    var step = 0
    while step < 5 {
      // A = XXᵀ
      products.packTransposed(
        matrix, rows: rows, columns: columns, step: paddedColumns, width: paddedRows, into: panels)
      products.multiply(
        matrix, leftStep: paddedColumns, panels, rows: rows, depth: columns, columns: paddedRows,
        into: gram, isSymmetric: true)
      Self.combine(gram, factor: 0, gram, scale: 1, into: gram, count: square)
      // B = −4.775A + 2.0315A²
      products.pack(gram, rows: rows, columns: paddedRows, into: gramPanels)
      products.multiply(
        gram, leftStep: paddedRows, gramPanels, rows: rows, depth: rows, columns: paddedRows,
        into: polynomial, isSymmetric: true)
      Self.combine(
        gram, factor: -4.7750, polynomial, scale: 2.0315, into: polynomial, count: square)
      // X = 3.4445X + BX
      products.pack(matrix, rows: rows, columns: paddedColumns, into: panels)
      products.multiply(
        polynomial, leftStep: paddedRows, panels, rows: rows, depth: rows, columns: paddedColumns,
        into: product)
      Self.combine(matrix, factor: 3.4445, product, scale: 1, into: matrix, count: area)
      step += 1
    }
    store(matrix, into: tensor)
  }

  /// Computes `factor · first + scale · second`, rounded.
  private static func combine(
    _ first: UnsafePointer<Float>, factor: Float, _ second: UnsafePointer<Float>, scale: Float,
    into target: UnsafeMutablePointer<Float>, count: Int
  ) {
    // SAFETY: all begin at 64-byte boundaries, for rows are whole vectors.
    let first = UnsafeRawPointer(first).assumingMemoryBound(to: Lanes.self)
    let second = UnsafeRawPointer(second).assumingMemoryBound(to: Lanes.self)
    let target = UnsafeMutableRawPointer(target).assumingMemoryBound(to: Lanes.self)
    let (factors, scales) = (Lanes(repeating: factor), Lanes(repeating: scale))
    var index = 0
    while index < count / Lanes.scalarCount {
      target[index] = BrainFloat.rounded(first[index] * factors + second[index] * scales)
      index &+= 1
    }
  }

  private func load(
    _ tensor: UnsafeMutablePointer<Float>, into matrix: UnsafeMutablePointer<Float>
  ) {
    matrix.update(repeating: 0, count: rows * paddedColumns)
    let (rowStep, columnStep) = isTransposed ? (1, rows) : (columns, 1)
    var row = 0
    while row < rows {
      let source = tensor + row &* rowStep
      let target = matrix + row &* paddedColumns
      var column = 0
      while column < columns {
        target[column] = BrainFloat.rounded(source[column &* columnStep])
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
    let divisor = BrainFloat.rounded(BrainFloat.rounded(Float(norm)) + 1e-7)
    let inverse = Lanes(repeating: divisor)
    var index = 0
    while index < count / 8 {
      vectors[index] = BrainFloat.rounded(vectors[index] / inverse)
      index &+= 1
    }
  }
}

/// Numbers of bfloat16, kept as float32.
enum BrainFloat {
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
}
