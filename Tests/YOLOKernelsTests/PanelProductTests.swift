import Testing
import YOLOKernels
import YOLOTensor

/// Products of matrices on the tiles of every instruction set of this machine, against plain sums.
@Suite struct PanelProductTests {
  /// The sizes of a product; columns are padded to what panels need.
  struct Sizes: Sendable, CustomTestStringConvertible {
    let rows: Int
    let depth: Int
    let columns: Int
    var testDescription: String { "\(rows)×\(depth)×\(columns)" }
  }

  static let trials = [1, 2, 5, 12, 13, 31].flatMap { rows in
    [1, 7, 33].flatMap { depth in
      [16, 32, 48, 80].map { Sizes(rows: rows, depth: depth, columns: $0) }
    }
  }

  /// Numbers whose products and sums are exact in single precision, so that equality is exact.
  private static func numbers(_ count: Int, _ seed: Int) -> [Float] {
    (0..<count).map { Float(($0 * 37 + seed * 11 + $0 / 7) % 17 - 8) / 4 }
  }

  @Test(arguments: InstructionSet.available, trials)
  func productsAreThoseOfPlainSums(_ set: InstructionSet, _ sizes: Sizes) {
    let (rows, depth, columns) = (sizes.rows, sizes.depth, sizes.columns)
    let step = depth + 3
    let left = Self.numbers(rows * step, 1)
    let right = Self.numbers(depth * columns, 2)
    let product = PanelProduct(KernelSet.of(set))
    let panels = AlignedStorage(floats: depth * columns)
    let target = AlignedStorage(floats: rows * columns + 1)
    target.floats[rows * columns] = 7
    right.withUnsafeBufferPointer {
      product.pack($0.baseAddress!, rows: depth, columns: columns, into: panels.floats)
    }
    left.withUnsafeBufferPointer {
      product.multiply(
        $0.baseAddress!, leftStep: step, panels.floats, rows: rows, depth: depth, columns: columns,
        into: target.floats)
    }
    let expected = (0..<rows * columns).map { index in
      (0..<depth).reduce(Float(0)) {
        $0 + left[index / columns * step + $1] * right[$1 * columns + index % columns]
      }
    }
    #expect((0..<rows * columns).map { target.floats[$0] } == expected)
    #expect(target.floats[rows * columns] == 7)
  }

  @Test(arguments: InstructionSet.available, [1, 3, 16, 17, 40])
  func aGramMatrixIsThatOfPlainSums(_ set: InstructionSet, _ rows: Int) {
    let (depth, step) = (21, 24)
    let width =
      (rows + PanelProduct.columnMultiple - 1) / PanelProduct.columnMultiple
      * PanelProduct.columnMultiple
    let matrix = Self.numbers(rows * step, 3)
    let product = PanelProduct(KernelSet.of(set))
    let panels = AlignedStorage(floats: depth * width)
    let target = AlignedStorage(floats: rows * width)
    matrix.withUnsafeBufferPointer {
      product.packTransposed(
        $0.baseAddress!, rows: rows, columns: depth, step: step, width: width,
        into: panels.floats)
      product.multiply(
        $0.baseAddress!, leftStep: step, panels.floats, rows: rows, depth: depth, columns: width,
        into: target.floats, isSymmetric: true)
    }
    for row in 0..<rows {
      for column in 0..<width {
        let expected = (0..<depth).reduce(Float(0)) {
          column < rows ? $0 + matrix[row * step + $1] * matrix[column * step + $1] : 0
        }
        #expect(target.floats[row * width + column] == expected, "row \(row), column \(column)")
      }
    }
  }
}
