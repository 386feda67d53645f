/// Maps a canvas into a sample, bilinearly, gray where the canvas ends.
///
/// Positions are 32.32 fixed-point numbers; a pixel is mixed of its four neighbors in single
/// precision and rounded to the nearest level.
package struct BilinearWarp {
  private let canvas: UnsafeRawPointer
  private let stride: Int
  private let width: Int
  private let height: Int

  private static let fractionBits: Int64 = 32
  private static let one = 4_294_967_296.0
  /// Positions that far out are outside of any canvas.
  private static let limit = 1_000_000.0
  private static let gray: UInt32 = 0x0072_7272

  package init(_ canvas: Canvas) {
    self.canvas = UnsafeRawPointer(canvas.pixels)
    stride = canvas.stride
    width = canvas.width
    height = canvas.height
  }

  /// Fills a plane, whose size is set, with what `transform` maps into it.
  package func warp(by transform: PlaneTransform, into plane: PixelPlane) {
    guard let inverse = transform.inverse else {
      plane.pixels.update(repeating: Self.gray, count: plane.count)
      return
    }
    for y in 0..<plane.height {
      let row = plane.pixels + y * plane.width
      if inverse.isAffine {
        affineRow(inverse, y: Double(y), into: row, count: plane.width)
      } else {
        projectiveRow(inverse, y: Double(y), into: row, count: plane.width)
      }
    }
  }

  private func affineRow(
    _ inverse: PlaneTransform, y: Double, into row: UnsafeMutablePointer<UInt32>, count: Int
  ) {
    let startX = inverse.rows.0.y * y + inverse.rows.0.z
    let startY = inverse.rows.1.y * y + inverse.rows.1.z
    let (stepX, stepY) = (inverse.rows.0.x, inverse.rows.1.x)
    // Far away at one end or so steep: every position is computed by itself.
    let end = Double(count)
    guard abs(startX) < Self.limit, abs(startY) < Self.limit,
      abs(startX + stepX * end) < Self.limit, abs(startY + stepY * end) < Self.limit
    else {
      projectiveRow(inverse, y: y, into: row, count: count)
      return
    }
    var x = Int64(startX * Self.one)
    var y = Int64(startY * Self.one)
    let (dx, dy) = (Int64(stepX * Self.one), Int64(stepY * Self.one))
    var index = 0
    while index < count {
      row[index] = pixel(x, y)
      x &+= dx
      y &+= dy
      index &+= 1
    }
  }

  private func projectiveRow(
    _ inverse: PlaneTransform, y: Double, into row: UnsafeMutablePointer<UInt32>, count: Int
  ) {
    let start = SIMD3(
      inverse.rows.0.y * y + inverse.rows.0.z, inverse.rows.1.y * y + inverse.rows.1.z,
      inverse.rows.2.y * y + inverse.rows.2.z)
    let step = SIMD3(inverse.rows.0.x, inverse.rows.1.x, inverse.rows.2.x)
    var index = 0
    while index < count {
      let position = start + Double(index) * step
      let (x, y) = (position.x / position.z, position.y / position.z)
      // Not so for NaN either.
      if abs(x) < Self.limit, abs(y) < Self.limit {
        row[index] = pixel(Int64(x * Self.one), Int64(y * Self.one))
      } else {
        row[index] = Self.gray
      }
      index &+= 1
    }
  }

  /// Returns the pixel at a position in 32.32 fixed point.
  @inline(__always)
  private func pixel(_ x: Int64, _ y: Int64) -> UInt32 {
    let column = Int(truncatingIfNeeded: x &>> Self.fractionBits)
    let row = Int(truncatingIfNeeded: y &>> Self.fractionBits)
    let right = Self.fraction(x)
    let lower = Self.fraction(y)
    guard UInt(bitPattern: column) < UInt(bitPattern: width &- 1),
      UInt(bitPattern: row) < UInt(bitPattern: height &- 1)
    else { return borderPixel(column: column, row: row, right: right, lower: lower) }
    // SAFETY: the four pixels lie in the canvas, and the byte behind the last one in its slack.
    let above = canvas + (row &* stride &+ 3 &* column)
    let below = above + stride
    return Self.mixed(
      Self.load(above), Self.load(above + 3), Self.load(below), Self.load(below + 3), right, lower)
  }

  /// Returns the fraction of a position, from its upper 23 bits.
  @_transparent
  private static func fraction(_ position: Int64) -> Float {
    Float(bitPattern: UInt32(truncatingIfNeeded: (position &>> 9) & 0x7F_FFFF) | 0x3F80_0000) - 1
  }

  /// Returns the samples of a pixel as floats that are 2²³ too large.
  @_transparent
  private static func load(_ pixel: UnsafeRawPointer) -> SIMD4<Float> {
    let samples = pixel.loadUnaligned(as: SIMD4<UInt8>.self)
    return unsafeBitCast(
      SIMD4<UInt32>(truncatingIfNeeded: samples) | wholeBits, to: SIMD4<Float>.self)
  }

  /// 2²³, below which a float holds whole numbers in its mantissa.
  private static let whole: Float = 8_388_608
  private static let wholeBits: UInt32 = 0x4B00_0000

  /// Mixes four pixels as `load` returns them; sums are rounded to the nearest level.
  @inline(__always)
  private static func mixed(
    _ topLeft: SIMD4<Float>, _ topRight: SIMD4<Float>, _ bottomLeft: SIMD4<Float>,
    _ bottomRight: SIMD4<Float>, _ right: Float, _ lower: Float
  ) -> UInt32 {
    let top = (topLeft - whole) + (topRight - topLeft) * right
    let bottom = (bottomLeft - whole) + (bottomRight - bottomLeft) * right
    let sum = top + (bottom - top) * lower
    let bits = unsafeBitCast(sum + whole, to: SIMD4<UInt32>.self)
    return unsafeBitCast(SIMD4<UInt8>(truncatingIfNeeded: bits), to: UInt32.self)
  }

  /// Returns a pixel some of whose neighbors lie outside, which are gray.
  @inline(never)
  private func borderPixel(column: Int, row: Int, right: Float, lower: Float) -> UInt32 {
    guard column >= -1, row >= -1, column < width, row < height else { return Self.gray }
    func neighbor(_ column: Int, _ row: Int) -> SIMD4<Float> {
      guard column >= 0, row >= 0, column < width, row < height else {
        return SIMD4(repeating: Self.whole + Float(paddingGray))
      }
      return Self.load(canvas + (row * stride + 3 * column))
    }
    return Self.mixed(
      neighbor(column, row), neighbor(column + 1, row), neighbor(column, row + 1),
      neighbor(column + 1, row + 1), right, lower)
  }
}
