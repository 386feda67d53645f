public import YOLOGeometry

/// An image of 8-bit pixels: interleaved, row-major, top row first, no padding between rows.
///
/// Nearly all images are RGB. One of a single channel is gray; the channels of any other number
/// mean what the model that takes them was trained on, in the order of its training.
public struct Image: Sendable, Equatable {
  /// The size in pixels; both sides are at least 1.
  public let size: Size
  /// The samples of a pixel: 3 for R, G, B, 1 for gray, or others up to `channelLimit`.
  public let channels: Int
  /// The samples, `channels · width · height` bytes, those of a pixel in their order.
  public let pixels: [UInt8]

  /// The width in pixels.
  public var width: Int { size.width }
  /// The height in pixels.
  public var height: Int { size.height }

  /// Creates an image from interleaved bytes.
  ///
  /// - Parameters:
  ///   - size: The size in pixels.
  ///   - pixels: `channels · width · height` bytes; they are not copied.
  ///   - channels: The samples of a pixel; 3 are R, G, B.
  /// - Throws: `PixelBufferError` if a side is less than 1, the channels are none or too many, or
  ///   the bytes are not as many.
  public init(size: Size, pixels: [UInt8], channels: Int = 3) throws(PixelBufferError) {
    let expected = try Self.byteCount(of: size, channels: channels)
    guard pixels.count == expected else {
      throw .count(bytes: pixels.count, expected: expected)
    }
    self.init(knownSize: size, channels: channels, pixels: pixels)
  }

  /// Creates an image of one gray level in all channels.
  ///
  /// Throws `PixelBufferError` if a side is less than 1, the channels are none or too many, or
  /// there are more than 2³⁰ pixels.
  public init(size: Size, gray: UInt8, channels: Int = 3) throws(PixelBufferError) {
    let count = try Self.byteCount(of: size, channels: channels)
    self.init(
      knownSize: size, channels: channels, pixels: [UInt8](repeating: gray, count: count))
  }

  /// Creates an image from bytes that are known to be as many as the size needs.
  package init(knownSize size: Size, channels: Int = 3, pixels: [UInt8]) {
    precondition(size.width > 0 && size.height > 0, "an image has at least one pixel")
    precondition(
      channels > 0 && pixels.count == channels * size.width * size.height,
      "as many bytes a pixel as channels")
    self.size = size
    self.channels = channels
    self.pixels = pixels
  }

  /// Creates an image of one gray level and of a size that is known to be one of an image.
  package init(knownSize size: Size, channels: Int = 3, gray: UInt8) {
    self.init(
      knownSize: size, channels: channels,
      pixels: [UInt8](repeating: gray, count: channels * size.width * size.height))
  }

  /// Returns the bytes of an image, which must have a pixel and not more than the limits.
  static func byteCount(of size: Size, channels: Int) throws(PixelBufferError) -> Int {
    guard size.width >= 1, size.height >= 1 else { throw .size(size, limit: pixelLimit) }
    guard (1...channelLimit).contains(channels) else {
      throw .channels(channels, limit: channelLimit)
    }
    let (pixels, overflows) = size.width.multipliedReportingOverflow(by: size.height)
    let limit = pixelLimit(channels: channels)
    guard !overflows, pixels <= limit else { throw .pixelCount(size, limit: limit) }
    return channels * pixels
  }
}

extension Image {
  /// The maximum number of pixels of an image, as of those that are decoded.
  public static let pixelLimit = 1 << 30

  /// The maximum number of channels of an image, as of OpenCV's.
  public static let channelLimit = 512

  /// The maximum number of pixels of an image of so many channels: no more bytes than RGB has.
  package static func pixelLimit(channels: Int) -> Int {
    channels <= 3 ? pixelLimit : pixelLimit * 3 / channels
  }

  /// The maximum number of pixels of a side of a raw image.
  public static let sideLimit = 1 << 16

  /// Creates an image from raw bytes, which are copied.
  ///
  /// - Parameters:
  ///   - bytes: The rows, from the top.
  ///   - size: The size in pixels.
  ///   - format: What a pixel's bytes are.
  ///   - rowStride: The distance between the first bytes of neighboring rows, in bytes; that of
  ///     rows without anything between them if nil. What lies between them is not looked at, nor
  ///     need it be there after the last row.
  /// - Throws: `PixelBufferError`.
  public init(
    bytes: Span<UInt8>, size: Size, format: PixelFormat, rowStride: Int? = nil
  ) throws(PixelBufferError) {
    let rowStride = try format.checkedRowStride(rowStride, size: size, byteCount: bytes.count)
    let (red, green, blue) = format.offsets
    let step = format.bytesPerPixel
    let count = 3 * size.width * size.height
    let pixels = bytes.withUnsafeBufferPointer { source in
      [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
        // SAFETY: the bytes of all rows are there, and `count` are written.
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
    self.init(knownSize: size, pixels: pixels)
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

/// The layout of a raw image: the samples of a pixel in their order, 8 bits each.
public enum PixelFormat: String, Sendable, Hashable, CaseIterable {
  /// Red, green, blue.
  case rgb
  /// Blue, green, red; what OpenCV has.
  case bgr
  /// Red, green, blue, and an opacity that is ignored.
  case rgba
  /// Blue, green, red, and an opacity that is ignored.
  case bgra
  /// One level of gray.
  case gray

  /// The number of bytes of a pixel.
  public var bytesPerPixel: Int {
    switch self {
    case .rgb, .bgr: 3
    case .rgba, .bgra: 4
    case .gray: 1
    }
  }

  /// Checks that a buffer has the rows of an image, and returns their stride in bytes.
  func checkedRowStride(
    _ rowStride: Int?, size: Size, byteCount: Int
  ) throws(PixelBufferError) -> Int {
    let limit = Image.sideLimit
    guard (1...limit).contains(size.width), (1...limit).contains(size.height) else {
      throw .size(size, limit: limit)
    }
    let rowLength = size.width * bytesPerPixel
    let rowStride = rowStride ?? rowLength
    guard rowStride >= rowLength else { throw .rowStride(rowStride, minimum: rowLength) }
    // Rows may lie so far apart that the whole cannot be counted.
    let (between, overflow) = rowStride.multipliedReportingOverflow(by: size.height - 1)
    let (expected, isTooMuch) = between.addingReportingOverflow(rowLength)
    guard !overflow, !isTooMuch, byteCount >= expected else {
      throw .tooShort(bytes: byteCount, expected: overflow || isTooMuch ? .max : expected)
    }
    return rowStride
  }

  /// The offsets of red, green and blue among a pixel's bytes.
  var offsets: (red: Int, green: Int, blue: Int) {
    switch self {
    case .rgb, .rgba: (0, 1, 2)
    case .bgr, .bgra: (2, 1, 0)
    case .gray: (0, 0, 0)
    }
  }
}

/// The reason why bytes are no image.
public enum PixelBufferError: Error, Equatable, CustomStringConvertible {
  /// A side of no pixels, or of more than `limit`.
  case size(Size, limit: Int)
  /// No channels, or more than `limit`.
  case channels(Int, limit: Int)
  /// More pixels than `limit`.
  case pixelCount(Size, limit: Int)
  /// Rows that lie closer together than they are long, in bytes.
  case rowStride(Int, minimum: Int)
  /// Fewer bytes than the rows take.
  case tooShort(bytes: Int, expected: Int)
  /// Not as many bytes as an image of this size has.
  case count(bytes: Int, expected: Int)

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .size(let size, let limit):
      "an image's sides must be from 1 to \(limit) pixels, "
        + "but \(size.width)x\(size.height) were given"
    case .channels(let channels, let limit):
      "an image has from 1 to \(limit) channels, but \(channels) were given"
    case .rowStride(let stride, let minimum):
      "the row stride must be at least the \(minimum) bytes of a row, but \(stride) was given"
    case .pixelCount(let size, let limit):
      "an image has at most \(limit) pixels, but \(size.width)x\(size.height) were given"
    case .count(let bytes, let expected):
      "the image has \(expected) bytes, but \(bytes) were given"
    case .tooShort(let bytes, let expected):
      "the image's rows take \(expected) bytes, but \(bytes) were given"
    }
  }
}
