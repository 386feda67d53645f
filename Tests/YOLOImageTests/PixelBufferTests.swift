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
      let expected = Image(size: size, pixels: pixels.flatMap(\.self))
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
}
