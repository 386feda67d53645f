/// Maps a canvas into a sample, bilinearly, gray where the canvas ends.
///
/// Positions are 32.32 fixed-point numbers; a pixel is mixed of its four neighbors with weights of
/// 15 bits in 16-bit arithmetic of 6 fractional bits, so that a result is at most one level away
/// from the exact one. Whole positions are exact.
struct BilinearWarp {
  private let canvas: UnsafeRawPointer
  private let stride: Int
  private let width: Int
  private let height: Int

  private static let fractionBits: Int64 = 32
  private static let one = 4_294_967_296.0
  /// Positions that far out are outside of any canvas.
  private static let limit = 1_000_000.0
  private static let gray: UInt32 = 0x0072_7272

  init(_ canvas: Canvas) {
    self.canvas = UnsafeRawPointer(canvas.pixels)
    stride = canvas.stride
    width = canvas.width
    height = canvas.height
  }

  /// Fills a plane, whose size is set, with what `transform` maps into it.
  func warp(by transform: PlaneTransform, into plane: PixelPlane) {
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
    let right = Int16(truncatingIfNeeded: (x &>> 17) & 0x7FFF)
    let lower = Int16(truncatingIfNeeded: (y &>> 17) & 0x7FFF)
    guard UInt(bitPattern: column) < UInt(bitPattern: width &- 1),
      UInt(bitPattern: row) < UInt(bitPattern: height &- 1)
    else { return borderPixel(column: column, row: row, right: right, lower: lower) }
    // SAFETY: the four pixels lie in the canvas, and the byte behind the last one in its slack.
    let above = canvas + (row &* stride &+ 3 &* column)
    let below = above + stride
    return Self.mixed(
      Self.load(above), Self.load(above + 3), Self.load(below), Self.load(below + 3), right, lower)
  }

  @_transparent
  private static func load(_ pixel: UnsafeRawPointer) -> SIMD4<UInt8> {
    pixel.loadUnaligned(as: SIMD4<UInt8>.self)
  }

  @inline(__always)
  private static func mixed(
    _ topLeft: SIMD4<UInt8>, _ topRight: SIMD4<UInt8>, _ bottomLeft: SIMD4<UInt8>,
    _ bottomRight: SIMD4<UInt8>, _ right: Int16, _ lower: Int16
  ) -> UInt32 {
    let left =
      SIMD8<Int16>(
        truncatingIfNeeded: SIMD8<UInt8>(lowHalf: topLeft, highHalf: bottomLeft)) &<< 6
    let next =
      SIMD8<Int16>(
        truncatingIfNeeded: SIMD8<UInt8>(lowHalf: topRight, highHalf: bottomRight)) &<< 6
    let rows = left &+ upperHalf((next &- left) &<< 1, SIMD8(repeating: right))
    let top = rows.lowHalf
    let result =
      top &+ upperHalf((rows.highHalf &- top) &<< 1, SIMD4(repeating: lower)) &+ 32
    return unsafeBitCast(SIMD4<UInt8>(truncatingIfNeeded: result &>> 6), to: UInt32.self)
  }

  @_transparent
  private static func upperHalf(_ a: SIMD8<Int16>, _ b: SIMD8<Int16>) -> SIMD8<Int16> {
    let product = SIMD8<Int32>(truncatingIfNeeded: a) &* SIMD8<Int32>(truncatingIfNeeded: b)
    return SIMD8<Int16>(truncatingIfNeeded: product &>> 16)
  }

  @_transparent
  private static func upperHalf(_ a: SIMD4<Int16>, _ b: SIMD4<Int16>) -> SIMD4<Int16> {
    let product = SIMD4<Int32>(truncatingIfNeeded: a) &* SIMD4<Int32>(truncatingIfNeeded: b)
    return SIMD4<Int16>(truncatingIfNeeded: product &>> 16)
  }

  /// Returns a pixel some of whose neighbors lie outside, which are gray.
  @inline(never)
  private func borderPixel(column: Int, row: Int, right: Int16, lower: Int16) -> UInt32 {
    guard column >= -1, row >= -1, column < width, row < height else { return Self.gray }
    func neighbor(_ column: Int, _ row: Int) -> SIMD4<UInt8> {
      guard column >= 0, row >= 0, column < width, row < height else {
        return SIMD4(repeating: paddingGray)
      }
      return Self.load(canvas + (row * stride + 3 * column))
    }
    return Self.mixed(
      neighbor(column, row), neighbor(column + 1, row), neighbor(column, row + 1),
      neighbor(column + 1, row + 1), right, lower)
  }
}
