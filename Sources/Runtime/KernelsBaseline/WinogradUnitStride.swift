import KernelInterface

/// F(4×4, 3×3): 36 products a channel for 16 outputs of a 3×3 convolution, which takes 144 directly
/// (Winograd 1980; Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016).
///
/// The points of interpolation are 0, ±2/3, ±3/2 and ∞. They halve the rounding error of the usual
/// 0, ±1, ±2 and ∞, and as ⅔ · 3/2 = 1 they cost no more.
enum WinogradUnitStride: WinogradTransform {
  @_transparent static var a: Float { 2 / 3 }
  @_transparent static var b: Float { 3 / 2 }

  /// Rows of the transformed tile come singly or in pairs ±p, which share their even and odd parts:
  /// no more than twelve vectors live at a time.
  @_transparent
  static func transformInput(
    _ arguments: UnsafePointer<WinogradArguments>, _ source: UnsafePointer<Float>,
    _ planes: UnsafeMutablePointer<Float>
  ) {
    let row = arguments.pointee.rowStep
    let step = arguments.pointee.pixelStep
    let plane = arguments.pointee.planeStep
    single(source, row, step, planes, plane)
    pair(a, b, source, row, step, planes + 6 &* plane, plane)
    pair(b, a, source, row, step, planes + 18 &* plane, plane)
    single(source + row, row, step, planes + 30 &* plane, plane)
  }

  /// Row 0 or, one row of pixels further down, row 5 of the transformed tile.
  @_transparent
  static func single(
    _ source: UnsafePointer<Float>, _ row: Int, _ step: Int,
    _ planes: UnsafeMutablePointer<Float>, _ plane: Int
  ) {
    var values = InlineArray<6, Vector>(repeating: .zero)
    var column = 0
    while column < 6 {
      let at = source + column &* step
      values[unchecked: column] = multiplyAdd(
        load(at) + load(at + 4 &* row), Vector(repeating: -(a * a + b * b)), load(at + 2 &* row))
      column &+= 1
    }
    inputRow(values, planes, plane)
  }

  /// The two rows of the transformed tile that belong to the points ±p; ±q is the other pair.
  @_transparent
  static func pair(
    _ p: Float, _ q: Float, _ source: UnsafePointer<Float>, _ row: Int, _ step: Int,
    _ planes: UnsafeMutablePointer<Float>, _ plane: Int
  ) {
    var plus = InlineArray<6, Vector>(repeating: .zero)
    var minus = InlineArray<6, Vector>(repeating: .zero)
    var column = 0
    while column < 6 {
      let at = source + column &* step
      let square = Vector(repeating: -q * q)
      let even = multiplyAdd(load(at + 4 &* row), square, load(at + 2 &* row))
      let odd = multiplyAdd(load(at + 3 &* row), square, load(at + row))
      plus[unchecked: column] = multiplyAdd(even, Vector(repeating: p), odd)
      minus[unchecked: column] = multiplyAdd(even, Vector(repeating: -p), odd)
      column &+= 1
    }
    inputRow(plus, planes, plane)
    inputRow(minus, planes + 6 &* plane, plane)
  }

  /// Transforms one row of six values and stores each in its plane.
  @_transparent
  static func inputRow(
    _ values: InlineArray<6, Vector>, _ planes: UnsafeMutablePointer<Float>, _ plane: Int
  ) {
    let (d0, d1, d2) = (values[unchecked: 0], values[unchecked: 1], values[unchecked: 2])
    let (d3, d4, d5) = (values[unchecked: 3], values[unchecked: 4], values[unchecked: 5])
    let sum = Vector(repeating: -(a * a + b * b))
    store(multiplyAdd(d0 + d4, sum, d2), planes)
    let evenA = multiplyAdd(d4, Vector(repeating: -b * b), d2)
    let oddA = multiplyAdd(d3, Vector(repeating: -b * b), d1)
    store(multiplyAdd(evenA, Vector(repeating: a), oddA), planes + plane)
    store(multiplyAdd(evenA, Vector(repeating: -a), oddA), planes + 2 &* plane)
    let evenB = multiplyAdd(d4, Vector(repeating: -a * a), d2)
    let oddB = multiplyAdd(d3, Vector(repeating: -a * a), d1)
    store(multiplyAdd(evenB, Vector(repeating: b), oddB), planes + 3 &* plane)
    store(multiplyAdd(evenB, Vector(repeating: -b), oddB), planes + 4 &* plane)
    store(multiplyAdd(d1 + d5, sum, d3), planes + 5 &* plane)
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
    var first = InlineArray<6, Vector>(repeating: .zero)
    var second = InlineArray<6, Vector>(repeating: .zero)
    var column = 0
    while column < 6 {
      let at = planes + column &* plane
      let sumA = load(at + 6 &* plane) + load(at + 12 &* plane)
      let sumB = load(at + 18 &* plane) + load(at + 24 &* plane)
      first[unchecked: column] = load(at) + (sumA + sumB)
      second[unchecked: column] = multiplyAdd(
        Vector(repeating: a * a) * sumA, Vector(repeating: b * b), sumB)
      column &+= 1
    }
    outputRow(first, bias, target, step)
    outputRow(second, bias, target + 2 &* row, step)
    column = 0
    while column < 6 {
      let at = planes + column &* plane
      let differenceA = load(at + 6 &* plane) - load(at + 12 &* plane)
      let differenceB = load(at + 18 &* plane) - load(at + 24 &* plane)
      first[unchecked: column] = multiplyAdd(
        Vector(repeating: a) * differenceA, Vector(repeating: b), differenceB)
      second[unchecked: column] = multiplyAdd(
        multiplyAdd(load(at + 30 &* plane), Vector(repeating: a * a * a), differenceA),
        Vector(repeating: b * b * b), differenceB)
      column &+= 1
    }
    outputRow(first, bias, target + row, step)
    outputRow(second, bias, target + 3 &* row, step)
  }

  /// Transforms one row of six values to four output pixels.
  @_transparent
  static func outputRow(
    _ values: InlineArray<6, Vector>, _ bias: Vector, _ target: UnsafeMutablePointer<Float>,
    _ step: Int
  ) {
    let (m0, m1, m2) = (values[unchecked: 0], values[unchecked: 1], values[unchecked: 2])
    let (m3, m4, m5) = (values[unchecked: 3], values[unchecked: 4], values[unchecked: 5])
    let (sumA, differenceA) = (m1 + m2, m1 - m2)
    let (sumB, differenceB) = (m3 + m4, m3 - m4)
    store((m0 + bias) + (sumA + sumB), target)
    store(
      multiplyAdd(
        multiplyAdd(bias, Vector(repeating: a), differenceA), Vector(repeating: b), differenceB),
      target + step)
    store(
      multiplyAdd(
        multiplyAdd(bias, Vector(repeating: a * a), sumA), Vector(repeating: b * b), sumB),
      target + 2 &* step)
    store(
      multiplyAdd(
        multiplyAdd(m5 + bias, Vector(repeating: a * a * a), differenceA),
        Vector(repeating: b * b * b), differenceB), target + 3 &* step)
  }
}
