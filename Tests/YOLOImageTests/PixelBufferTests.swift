import Testing
import YOLOGeometry
import YOLOImage
import YOLOTestSupport

/// Images from raw bytes.
@Suite struct PixelBufferTests {
  /// Bytes of an image in a format, with something else between the rows.
  private static func buffer(
    _ pixels: [[UInt8]], _ size: Size, _ format: PixelFormat, padding: Int, last: Int
  ) -> [UInt8] {
    var bytes = [UInt8]()
    for y in 0..<size.height {
      for x in 0..<size.width {
        let pixel = pixels[y * size.width + x]
        switch format {
        case .rgb: bytes += pixel
        case .bgr: bytes += pixel.reversed()
        case .rgba: bytes += pixel + [7]
        case .bgra: bytes += pixel.reversed() + [7]
        case .gray: bytes.append(pixel[0])
        }
      }
      bytes += [UInt8](repeating: 99, count: y == size.height - 1 ? last : padding)
    }
    return bytes
  }

  @Test(arguments: PixelFormat.allCases, [0, 1, 5])
  func everyFormatIsRead(_ format: PixelFormat, padding: Int) throws {
    var random = SplitMix64(seed: 3)
    for size in [Size(width: 1, height: 1), Size(width: 7, height: 5), Size(width: 64, height: 2)] {
      let pixels = (0..<size.width * size.height).map { _ -> [UInt8] in
        let first = UInt8.random(in: 0...255, using: &random)
        return format == .gray
          ? [first, first, first]
          : [first, .random(in: 0...255, using: &random), .random(in: 0...255, using: &random)]
      }
      let expected = Image(knownSize: size, pixels: pixels.flatMap(\.self))
      let rowStride = size.width * format.bytesPerPixel + padding
      for last in Set([0, padding, padding + 3]) {
        let bytes = Self.buffer(pixels, size, format, padding: padding, last: last)
        #expect(
          try Image(bytes: bytes, size: size, format: format, rowStride: rowStride) == expected)
      }
      if padding == 0 {
        let bytes = Self.buffer(pixels, size, format, padding: 0, last: 0)
        #expect(try Image(bytes: bytes.span, size: size, format: format) == expected)
      }
    }
  }

  @Test func whatIsNoImageIsRefused() {
    let bytes = [UInt8](repeating: 0, count: 30)
    func error(_ width: Int, _ height: Int, _ stride: Int? = nil) -> PixelBufferError? {
      do throws(PixelBufferError) {
        _ = try Image(
          bytes: bytes, size: Size(width: width, height: height), format: .rgb, rowStride: stride)
        return nil
      } catch {
        return error
      }
    }
    #expect(error(2, 5) == nil && error(5, 2) == nil && error(2, 3, 12) == nil)
    for (width, height) in [(0, 5), (5, 0), (-1, 5), (5, .min), (.max, 1), (1, 1 << 17)] {
      #expect(
        error(width, height) == .size(Size(width: width, height: height), limit: 1 << 16))
    }
    for stride in [5, 0, -6, .min] {
      #expect(error(2, 2, stride) == .rowStride(stride, minimum: 6))
    }
    #expect(error(2, 6) == .tooShort(bytes: 30, expected: 36))
    #expect(error(2, 3, 13) == .tooShort(bytes: 30, expected: 32))
    #expect(error(2, 3, .max) == .tooShort(bytes: 30, expected: .max))
    #expect(error(2, 2, .max - 3) == .tooShort(bytes: 30, expected: .max))
    #expect("\(PixelBufferError.rowStride(5, minimum: 6))".contains("at least the 6 bytes"))
  }

  private static func error(_ body: () throws(PixelBufferError) -> Void) -> PixelBufferError? {
    do throws(PixelBufferError) {
      try body()
      return nil
    } catch {
      return error
    }
  }

  /// Sizes of no image, with the error of each.
  private static let wrongSizes: [(Size, PixelBufferError)] = {
    let limit = Image.pixelLimit
    let empty: [(Int, Int)] = [(0, 5), (5, 0), (-1, -6), (5, .min)]
    let large: [(Int, Int)] = [(.max, 2), (.max, .max), (limit, 2), (limit >> 1, 3)]
    return empty.map { Size(width: $0, height: $1) }.map { ($0, .size($0, limit: limit)) }
      + large.map { Size(width: $0, height: $1) }.map { ($0, .pixelCount($0, limit: limit)) }
  }()

  @Test func sizesThatDoNotMatchAreRefused() {
    let size = Size(width: 2, height: 5)
    func error(_ size: Size, bytes: Int) -> PixelBufferError? {
      Self.error { () throws(PixelBufferError) in
        _ = try Image(size: size, pixels: [UInt8](repeating: 7, count: bytes))
      }
    }
    #expect(error(size, bytes: 30) == nil)
    for bytes in [0, 10, 29, 31] {
      #expect(error(size, bytes: bytes) == .count(bytes: bytes, expected: 30))
    }
    for (size, expected) in Self.wrongSizes {
      #expect(error(size, bytes: 30) == expected)
      #expect(
        Self.error { () throws(PixelBufferError) in _ = try Image(size: size, gray: 7) } == expected
      )
    }
    #expect("\(PixelBufferError.count(bytes: 29, expected: 30))".contains("has 30 bytes, but 29"))
    #expect("\(Self.wrongSizes[4].1)".contains("at most 1073741824 pixels"))
  }

  @Test func viewsOfRowsThatDoNotMatchAreRefused() {
    let bytes = [UInt8](repeating: 7, count: 30)
    bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      func error(_ size: Size, _ stride: Int) -> PixelBufferError? {
        Self.error { () throws(PixelBufferError) in
          _ = try ImageView(pixels: base, size: size, rowStride: stride)
        }
      }
      let size = Size(width: 2, height: 5)
      #expect(error(size, 6) == nil)
      for stride in [5, 0, -6, .min] {
        #expect(error(size, stride) == .rowStride(stride, minimum: 6))
      }
      #expect(error(size, .max) == .tooShort(bytes: .max, expected: .max))
      for (size, expected) in Self.wrongSizes { #expect(error(size, 6) == expected) }
    }
  }
}
