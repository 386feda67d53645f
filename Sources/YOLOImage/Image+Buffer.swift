public import YOLOGeometry

extension Image {
  /// The maximum number of pixels of a side of a raw image.
  public static let sideLimit = 1 << 16

  /// Creates an image from raw bytes, which are copied.
  ///
  /// - Parameters:
  ///   - bytes: The rows, from the top.
  ///   - size: The extent in pixels.
  ///   - format: What a pixel's bytes are.
  ///   - rowStride: The distance between the first bytes of neighboring rows, in bytes; that of rows
  ///     without anything between them if nil. What lies between them is not looked at, nor need it be
  ///     there after the last row.
  /// - Throws: `PixelBufferError`.
  public init(
    bytes: Span<UInt8>, size: Size, format: PixelFormat, rowStride: Int? = nil
  ) throws(PixelBufferError) {
    guard (1...Self.sideLimit).contains(size.width), (1...Self.sideLimit).contains(size.height)
    else { throw .extent(size, limit: Self.sideLimit) }
    let rowLength = size.width * format.bytesPerPixel
    let rowStride = rowStride ?? rowLength
    guard rowStride >= rowLength else { throw .rowStride(rowStride, least: rowLength) }
    // Rows may lie so far apart that the whole cannot be counted.
    let (between, overflow) = rowStride.multipliedReportingOverflow(by: size.height - 1)
    let (expected, isTooMuch) = between.addingReportingOverflow(rowLength)
    guard !overflow, !isTooMuch, bytes.count >= expected else {
      throw .tooShort(bytes: bytes.count, expected: overflow || isTooMuch ? .max : expected)
    }
    let (red, green, blue) = format.places
    let step = format.bytesPerPixel
    let count = 3 * size.width * size.height
    let pixels = bytes.withUnsafeBufferPointer { source in
      [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
        // SAFETY: `expected` bytes are there, and `count` are written.
        guard let base = source.baseAddress, var pixel = target.baseAddress else { return }
        for y in 0..<size.height {
          var sample = base + y * rowStride
          for _ in 0..<size.width {
            pixel[0] = sample[red]
            pixel[1] = sample[green]
            pixel[2] = sample[blue]
            sample += step
            pixel += 3
          }
        }
        initialized = count
      }
    }
    self.init(size: size, pixels: pixels)
  }

  /// Creates an image from raw bytes in an array; see the same with a span.
  ///
  /// - Throws: `PixelBufferError`.
  public init(
    bytes: [UInt8], size: Size, format: PixelFormat, rowStride: Int? = nil
  ) throws(PixelBufferError) {
    try self.init(bytes: bytes.span, size: size, format: format, rowStride: rowStride)
  }
}
