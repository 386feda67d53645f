import KernelInterface
import YOLOTensor

/// Products of matrices on the convolution tiles: a left factor row by row, a right factor packed.
///
/// The right factor is packed in *panels* of two vectors of columns, the last one perhaps of one
/// vector; a panel has its rows one after the other. It is not synchronized, and holds nothing that
/// a product changes.
package final class PanelProduct: Sendable {
  /// What columns are a multiple of: the lanes of the widest vectors.
  package static let columnMultiple = 16

  private let lanes: Int
  private let maximumRows: [Int]
  private let tiles: [[ConvolutionTileFunction]]
  private let zeros = AlignedStorage(floats: 64)
  private let offset = UnmanagedArray<Int>([0])

  /// Uses the kernels of an instruction set.
  package init(_ kernels: KernelSet) {
    lanes = kernels.lanes
    maximumRows = Array(kernels.maximumRows.prefix(2))
    tiles = zip(1...2, kernels.maximumRows).map { vectors, rows in
      (1...rows).map { rows in
        guard let tile = kernels.table.convolutionTile(vectors, rows) else {
          preconditionFailure("every tile up to the maximum rows is compiled")
        }
        return tile
      }
    }
  }

  /// Packs a matrix as right factor; it is as large as the matrix.
  package func pack(
    _ matrix: UnsafePointer<Float>, rows: Int, columns: Int,
    into panels: UnsafeMutablePointer<Float>
  ) {
    var first = 0
    while first < columns {
      let width = min(2 &* lanes, columns &- first)
      var target = panels + first &* rows
      var source = matrix + first
      var row = 0
      while row < rows {
        target.update(from: source, count: width)
        target += width
        source += columns
        row &+= 1
      }
      first &+= width
    }
  }

  /// Packs the transpose of a matrix as right factor.
  ///
  /// - Parameters:
  ///   - matrix: The matrix.
  ///   - rows: Its rows.
  ///   - columns: The columns that are packed.
  ///   - step: The distance between its rows.
  ///   - width: The columns of the right factor, at least `rows`; those beyond are zeros.
  ///   - panels: The target, `columns · width` floats.
  package func packTransposed(
    _ matrix: UnsafePointer<Float>, rows: Int, columns: Int, step: Int, width: Int,
    into panels: UnsafeMutablePointer<Float>
  ) {
    var first = 0
    while first < width {
      let lanes = min(2 &* lanes, width &- first)
      let target = panels + first &* columns
      var lane = 0
      while lane < lanes {
        let isZero = first &+ lane >= rows
        let source = matrix + (isZero ? 0 : (first &+ lane) &* step)
        var column = 0
        while column < columns {
          target[column &* lanes &+ lane] = isZero ? 0 : source[column]
          column &+= 1
        }
        lane &+= 1
      }
      first &+= lanes
    }
  }

  /// Multiplies a matrix by a packed one.
  ///
  /// - Parameters:
  ///   - left: The left factor, `rows` × `depth`.
  ///   - leftStep: The distance between its rows.
  ///   - panels: The packed right factor, `depth` × `columns`; columns are a multiple of
  ///     `columnMultiple`.
  ///   - rows: The rows of the product.
  ///   - depth: The length of the sums.
  ///   - columns: The columns of the product.
  ///   - target: The product, row by row without gaps.
  ///   - isSymmetric: Whether the product is symmetric, so that half of it is computed.
  package func multiply(
    _ left: UnsafePointer<Float>, leftStep: Int, _ panels: UnsafePointer<Float>, rows: Int,
    depth: Int, columns: Int, into target: UnsafeMutablePointer<Float>, isSymmetric: Bool = false
  ) {
    var arguments = TileArguments(
      offsets: offset.base, segments: 1, depth: depth, inputStep: leftStep, outputStep: columns)
    var first = 0
    while first < columns {
      let vectors = min(2, (columns &- first) / lanes)
      let width = vectors &* lanes
      // Below the diagonal lies what is above it.
      let last = isSymmetric ? min(rows, first &+ width) : rows
      let count = (last &+ maximumRows[vectors &- 1] &- 1) / maximumRows[vectors &- 1]
      var tile = 0
      while tile < count {
        let low = tile &* last / count
        let high = (tile &+ 1) &* last / count
        tiles[vectors &- 1][high &- low &- 1](
          &arguments,
          ConvolutionOperands(
            input: left + low &* leftStep, weights: panels + first &* depth, bias: zeros.floats,
            output: target + (low &* columns &+ first)))
        tile &+= 1
      }
      first &+= width
    }
    guard isSymmetric else { return }
    var row = 1
    while row < rows {
      var column = 0
      while column < row {
        target[row &* columns &+ column] = target[column &* columns &+ row]
        column &+= 1
      }
      row &+= 1
    }
  }
}
