import Testing
import YOLOGeometry
import YOLOImage
import YOLOTestSupport

@Suite struct ImageViewTests {
  private static func rectangle(in size: Size, using random: inout SplitMix64) -> PixelRectangle {
    let left = Int.random(in: 0..<size.width, using: &random)
    let top = Int.random(in: 0..<size.height, using: &random)
    return PixelRectangle(
      left: left, top: top, right: Int.random(in: left + 1...size.width, using: &random),
      bottom: Int.random(in: top + 1...size.height, using: &random))
  }

  /// The pixels of a rectangle, one by one.
  private static func cut(_ image: Image, _ part: PixelRectangle) -> Image {
    var pixels: [UInt8] = []
    for y in part.top..<part.bottom {
      for x in part.left..<part.right {
        let index = 3 * (y * image.width + x)
        pixels += image.pixels[index..<index + 3]
      }
    }
    return Image(knownSize: Size(width: part.width, height: part.height), pixels: pixels)
  }

  /// A view of a crop is read as a copy of it is.
  @Test func viewsOfCropsAreAsGoodAsCopies() {
    var random = SplitMix64(seed: 12)
    for _ in 0..<150 {
      func side(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
      let image = Image.random(
        Size(width: side(1...90), height: side(1...90)), using: &random)
      let part = Self.rectangle(in: image.size, using: &random)
      let copy = Self.cut(image, part)
      let target =
        Bool.random(using: &random) ? copy.size : Size(width: side(1...80), height: side(1...80))
      let letterbox = Letterbox(
        source: copy.size, target: target, stride: 32, isRectangular: Bool.random(using: &random))
      let rows = side(0...letterbox.padded.height)
      image.withView(of: part) { view in
        #expect(view.size == copy.size && view.rowStride == 3 * image.width)
        #expect(isSame(Image(view), copy))
        #expect(isSame(view.resized(to: target), copy.resized(to: target)))
        #expect(isSame(view.letterboxed(letterbox), copy.letterboxed(letterbox)))
        #expect(
          isSame(
            view.classificationInput(size: target), copy.classificationInput(size: target)))
        var pixels: [UInt8] = []
        for part in [0..<rows, rows..<letterbox.padded.height] {
          view.forEachRow(of: letterbox, in: part) { _, samples in
            pixels += UnsafeBufferPointer(start: samples, count: 3 * letterbox.padded.width)
          }
        }
        #expect(pixels == copy.letterboxed(letterbox).pixels)
      }
    }
  }

  @Test func cropsOfCropsAddUp() {
    var random = SplitMix64(seed: 13)
    let image = Image.random(Size(width: 30, height: 20), using: &random)
    let inner = image.withView { view in
      Image(
        view.cropped(to: PixelRectangle(left: 5, top: 3, right: 25, bottom: 18))
          .cropped(to: PixelRectangle(left: 2, top: 4, right: 9, bottom: 15)))
    }
    #expect(
      isSame(inner, Self.cut(image, PixelRectangle(left: 7, top: 7, right: 14, bottom: 18))))
    #expect(image.withView { isSame(Image($0.cropped(to: $0.bounds)), image) })
  }

  /// Rows of a camera lie further apart than they are long, and nothing follows the last one.
  @Test func buffersWithPaddingAreRead() throws {
    let bytes = (0..<3 * 16 + 9).map { UInt8($0) }
    try bytes.withUnsafeBufferPointer { buffer in
      let size = Size(width: 3, height: 4)
      let view = try ImageView(bytes: buffer, size: size, rowStride: 16)
      let expected = try Image(bytes: bytes, size: size, format: .rgb, rowStride: 16)
      #expect(Image(view) == expected)
      func error(_ width: Int, _ height: Int, _ stride: Int?) -> PixelBufferError? {
        do throws(PixelBufferError) {
          _ = try ImageView(
            bytes: buffer, size: Size(width: width, height: height), rowStride: stride)
          return nil
        } catch {
          return error
        }
      }
      #expect(error(3, 5, 16) == .tooShort(bytes: 57, expected: 73))
      #expect(error(3, 4, 8) == .rowStride(8, minimum: 9))
      #expect(error(0, 4, 8) == .size(Size(width: 0, height: 4), limit: Image.sideLimit))
      #expect(error(19, 1, nil) == nil && error(20, 1, nil) != nil)
    }
    let empty = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    #expect(throws: PixelBufferError.tooShort(bytes: 0, expected: 3)) {
      try ImageView(bytes: empty, size: Size(width: 1, height: 1))
    }
  }

  @Test func errorsPassThrough() {
    let image = Image(knownSize: Size(width: 2, height: 2), gray: 1)
    #expect(throws: CancellationError.self) {
      try image.withView { _ in throw CancellationError() }
    }
  }

  @Test func rectanglesGoAroundBoxes() {
    let size = Size(width: 10, height: 8)
    func around(_ x1: Float, _ y1: Float, _ x2: Float, _ y2: Float) -> PixelRectangle? {
      PixelRectangle(around: Box(x1: x1, y1: y1, x2: x2, y2: y2), in: size)
    }
    #expect(around(1.5, 2, 3.1, 4) == PixelRectangle(left: 1, top: 2, right: 4, bottom: 4))
    #expect(around(-1e30, -3, 1e30, 99) == PixelRectangle(left: 0, top: 0, right: 10, bottom: 8))
    #expect(around(3, 3, 3, 5) == nil && around(5, 2, 3, 4) == nil && around(11, 0, 12, 5) == nil)
    #expect(around(.nan, 0, 5, 5) == nil && around(0, 0, .infinity, 5) == nil)
  }

  @Test func rectanglesAreClipped() {
    let frame = PixelRectangle(left: 0, top: 0, right: 10, bottom: 8)
    func clipped(_ left: Int, _ top: Int, _ right: Int, _ bottom: Int) -> PixelRectangle {
      PixelRectangle(left: left, top: top, right: right, bottom: bottom).clipped(to: frame)
    }
    #expect(clipped(-3, 2, 5, 20) == PixelRectangle(left: 0, top: 2, right: 5, bottom: 8))
    #expect(clipped(12, 2, 15, 4).width == 0 && clipped(-9, -9, -2, -2).height == 0)
  }
}
