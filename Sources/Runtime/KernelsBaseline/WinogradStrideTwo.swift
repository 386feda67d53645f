import KernelInterface

/// 81 products a channel for 4 × 4 outputs of a 3×3 convolution of stride 2, which takes 144
/// directly.
///
/// In each dimension the outer taps meet the input's even positions only, a convolution of two taps
/// that F(4, 2) computes by five products, and the middle tap the odd positions only, which takes
/// four. The points of interpolation, ±½, ±5/4 and ∞, give the direct sum's rounding error.
///
/// A dimension of the transform domain holds the even part's values for ½, −½, 5/4, −5/4 and ∞,
/// then the odd positions.
enum WinogradStrideTwo: WinogradTransform {
  @_transparent static var a: Float { 0.5 }
  @_transparent static var b: Float { 1.25 }

  @_transparent
  static func transformInput(
    _ arguments: UnsafePointer<WinogradArguments>, _ source: UnsafePointer<Float>,
    _ planes: UnsafeMutablePointer<Float>
  ) {
    let row = arguments.pointee.rowStep
    let step = arguments.pointee.pixelStep
    let plane = arguments.pointee.planeStep
    pair(a, b, source, row, step, planes, plane)
    pair(b, a, source, row, step, planes + 18 &* plane, plane)
    var values = InlineArray<5, Vector>(repeating: .zero)
    var column = 0
    while column < 5 {
      values[unchecked: column] = infinite(source + 2 &* column &* step, row)
      column &+= 1
    }
    inputRow(values, planes + 36 &* plane, plane)
    column = 0
    while column < 4 {
      store(
        infinite(source + (2 &* column &+ 1) &* step, row), planes + (41 &+ column) &* plane)
      column &+= 1
    }
    var odd = 0
    while odd < 4 {
      let line = source + (2 &* odd &+ 1) &* row
      let target = planes + (45 &+ 9 &* odd) &* plane
      column = 0
      while column < 5 {
        values[unchecked: column] = load(line + 2 &* column &* step)
        column &+= 1
      }
      inputRow(values, target, plane)
      column = 0
      while column < 4 {
        store(load(line + (2 &* column &+ 1) &* step), target + (5 &+ column) &* plane)
        column &+= 1
      }
      odd &+= 1
    }
  }

  /// A column's value for the point ∞.
  @_transparent
  static func infinite(_ at: UnsafePointer<Float>, _ row: Int) -> Vector {
    multiplyAdd(
      multiplyAdd(load(at + 8 &* row), Vector(repeating: -(a * a + b * b)), load(at + 4 &* row)),
      Vector(repeating: a * a * b * b), load(at))
  }

  /// A column's values for the points ±p; ±q is the other pair.
  @_transparent
  static func finite(
    _ p: Float, _ q: Float, _ at: UnsafePointer<Float>, _ row: Int
  ) -> (Vector, Vector) {
    let square = Vector(repeating: -q * q)
    let odd = multiplyAdd(load(at + 6 &* row), square, load(at + 2 &* row))
    let even = multiplyAdd(load(at + 4 &* row), square, load(at))
    return (
      multiplyAdd(odd, Vector(repeating: p), even), multiplyAdd(odd, Vector(repeating: -p), even)
    )
  }

  /// The two rows of the transformed tile that belong to the points ±p.
  @_transparent
  static func pair(
    _ p: Float, _ q: Float, _ source: UnsafePointer<Float>, _ row: Int, _ step: Int,
    _ planes: UnsafeMutablePointer<Float>, _ plane: Int
  ) {
    var plus = InlineArray<5, Vector>(repeating: .zero)
    var minus = InlineArray<5, Vector>(repeating: .zero)
    var column = 0
    while column < 5 {
      let values = finite(p, q, source + 2 &* column &* step, row)
      plus[unchecked: column] = values.0
      minus[unchecked: column] = values.1
      column &+= 1
    }
    inputRow(plus, planes, plane)
    inputRow(minus, planes + 9 &* plane, plane)
    column = 0
    while column < 4 {
      let values = finite(p, q, source + (2 &* column &+ 1) &* step, row)
      store(values.0, planes + (5 &+ column) &* plane)
      store(values.1, planes + (14 &+ column) &* plane)
      column &+= 1
    }
  }

  /// Transforms the even positions of a row and stores each value in its plane.
  @_transparent
  static func inputRow(
    _ values: InlineArray<5, Vector>, _ planes: UnsafeMutablePointer<Float>, _ plane: Int
  ) {
    let (d0, d1, d2) = (values[unchecked: 0], values[unchecked: 1], values[unchecked: 2])
    let (d3, d4) = (values[unchecked: 3], values[unchecked: 4])
    let oddA = multiplyAdd(d3, Vector(repeating: -b * b), d1)
    let evenA = multiplyAdd(d2, Vector(repeating: -b * b), d0)
    store(multiplyAdd(oddA, Vector(repeating: a), evenA), planes)
    store(multiplyAdd(oddA, Vector(repeating: -a), evenA), planes + plane)
    let oddB = multiplyAdd(d3, Vector(repeating: -a * a), d1)
    let evenB = multiplyAdd(d2, Vector(repeating: -a * a), d0)
    store(multiplyAdd(oddB, Vector(repeating: b), evenB), planes + 2 &* plane)
    store(multiplyAdd(oddB, Vector(repeating: -b), evenB), planes + 3 &* plane)
    store(
      multiplyAdd(
        multiplyAdd(d4, Vector(repeating: -(a * a + b * b)), d2),
        Vector(repeating: a * a * b * b), d0), planes + 4 &* plane)
  }

  @_transparent
  static func transformOutput(
    _ arguments: UnsafePointer<WinogradArguments>, _ planes: UnsafePointer<Float>, _ bias: Vector,
    _ target: UnsafeMutablePointer<Float>
  ) {
    let row = arguments.pointee.rowStep
    let step = arguments.pointee.pixelStep
    let plane = arguments.pointee.planeStep
    // Output rows 0 and 2 take the sums of the planes of ±p, rows 1 and 3 their differences.
    var first = InlineArray<5, Vector>(repeating: .zero)
    var second = InlineArray<5, Vector>(repeating: .zero)
    var column = 0
    while column < 5 {
      let values = sums(planes + column &* plane, plane)
      first[unchecked: column] = values.0
      second[unchecked: column] = values.1
      column &+= 1
    }
    var upper = outputRow(first, bias)
    var lower = outputRow(second, bias)
    column = 0
    while column < 4 {
      let values = sums(planes + (5 &+ column) &* plane, plane)
      store(upper[unchecked: column] + values.0, target + column &* step)
      store(lower[unchecked: column] + values.1, target + (2 &* row &+ column &* step))
      column &+= 1
    }
    column = 0
    while column < 5 {
      let values = differences(planes + column &* plane, plane)
      first[unchecked: column] = values.0
      second[unchecked: column] = values.1
      column &+= 1
    }
    upper = outputRow(first, bias)
    lower = outputRow(second, bias)
    column = 0
    while column < 4 {
      let values = differences(planes + (5 &+ column) &* plane, plane)
      store(upper[unchecked: column] + values.0, target + (row &+ column &* step))
      store(lower[unchecked: column] + values.1, target + (3 &* row &+ column &* step))
      column &+= 1
    }
  }

  /// A plane column's values for output rows 0 and 2.
  @_transparent
  static func sums(_ at: UnsafePointer<Float>, _ plane: Int) -> (Vector, Vector) {
    let sumA = load(at) + load(at + 9 &* plane)
    let sumB = load(at + 18 &* plane) + load(at + 27 &* plane)
    return (
      load(at + 45 &* plane) + (sumA + sumB),
      multiplyAdd(
        multiplyAdd(load(at + 63 &* plane), Vector(repeating: a * a), sumA),
        Vector(repeating: b * b), sumB)
    )
  }

  /// A plane column's values for output rows 1 and 3.
  @_transparent
  static func differences(_ at: UnsafePointer<Float>, _ plane: Int) -> (Vector, Vector) {
    let differenceA = load(at) - load(at + 9 &* plane)
    let differenceB = load(at + 18 &* plane) - load(at + 27 &* plane)
    return (
      multiplyAdd(
        multiplyAdd(load(at + 54 &* plane), Vector(repeating: a), differenceA),
        Vector(repeating: b), differenceB),
      multiplyAdd(
        multiplyAdd(
          load(at + 36 &* plane) + load(at + 72 &* plane), Vector(repeating: a * a * a),
          differenceA), Vector(repeating: b * b * b), differenceB)
    )
  }

  /// Transforms the even part of a row to what it adds to four output pixels, the bias included.
  @_transparent
  static func outputRow(
    _ values: InlineArray<5, Vector>, _ bias: Vector
  ) -> InlineArray<4, Vector> {
    let (m0, m1, m2) = (values[unchecked: 0], values[unchecked: 1], values[unchecked: 2])
    let (m3, m4) = (values[unchecked: 3], values[unchecked: 4])
    let (sumA, differenceA) = (m0 + m1, m0 - m1)
    let (sumB, differenceB) = (m2 + m3, m2 - m3)
    return [
      bias + (sumA + sumB),
      multiplyAdd(
        multiplyAdd(bias, Vector(repeating: a), differenceA), Vector(repeating: b), differenceB),
      multiplyAdd(
        multiplyAdd(bias, Vector(repeating: a * a), sumA), Vector(repeating: b * b), sumB),
      multiplyAdd(
        multiplyAdd(m4 + bias, Vector(repeating: a * a * a), differenceA),
        Vector(repeating: b * b * b), differenceB),
    ]
  }
}
