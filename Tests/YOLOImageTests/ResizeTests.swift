import Testing
import YOLOGeometry
import YOLOImage
import YOLOTestSupport

@Suite struct ResizeTests {
  @Test func agreesWithUltralytics() throws {
    var fixture = try Fixture("resize.bin")
    var cases = 0
    while !fixture.isAtEnd {
      let given = try fixture.integers(6)
      let size = Size(width: given[0], height: given[1])
      let target = Size(width: given[2], height: given[3])
      let image = Image(knownSize: size, pixels: try fixture.data(3 * size.width * size.height))
      let wantedSize = try fixture.integers(2)
      let wanted = Image(
        knownSize: Size(width: wantedSize[0], height: wantedSize[1]),
        pixels: try fixture.data(3 * wantedSize[0] * wantedSize[1]))
      if given[4] == 0 {
        #expect(isSame(image.resized(to: target), wanted), "\(given)")
      } else {
        let letterbox = Letterbox(
          source: size, target: target, stride: given[4], isRectangular: given[5] == 1)
        #expect(isSame(image.letterboxed(letterbox), wanted), "\(given)")
      }
      cases += 1
    }
    #expect(cases == 24)
  }

  /// OpenCV's arithmetic written down plainly, one sample at a time.
  private static func plainlyResized(_ image: Image, to size: Size) -> Image {
    func taps(_ length: Int, _ target: Int, clampsWeight: Bool) -> [(Int, Int, Int, Int)] {
      let scale = 1 / (Double(target) / Double(length))
      return (0..<target).map { index in
        let position = Float((Double(index) + 0.5) * scale - 0.5)
        var first = Int(position.rounded(.down))
        var part = position - position.rounded(.down)
        if clampsWeight && first < 0 { (first, part) = (0, 0) }
        if clampsWeight && first >= length - 1 { (first, part) = (length - 1, 0) }
        let second = min(max(first + 1, 0), length - 1)
        return (
          min(max(first, 0), length - 1), second,
          Int(((1 - part) * 2048).rounded(.toNearestOrEven)),
          Int((part * 2048).rounded(.toNearestOrEven))
        )
      }
    }
    let columns = taps(image.width, size.width, clampsWeight: true)
    let rows = taps(image.height, size.height, clampsWeight: false)
    var pixels: [UInt8] = []
    for (upper, lower, upperWeight, lowerWeight) in rows {
      for (left, right, leftWeight, rightWeight) in columns {
        for channel in 0..<3 {
          func sample(_ row: Int) -> Int {
            let start = row * image.width
            return Int(image.pixels[3 * (start + left) + channel]) * leftWeight
              + Int(image.pixels[3 * (start + right) + channel]) * rightWeight
          }
          let sum =
            (upperWeight * (sample(upper) >> 4)) >> 16 + (lowerWeight * (sample(lower) >> 4)) >> 16
          pixels.append(UInt8(min(max((sum + 2) >> 2, 0), 255)))
        }
      }
    }
    return Image(knownSize: size, pixels: pixels)
  }

  @Test func plainArithmetic() {
    var random = SplitMix64(seed: 3)
    let sides = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65]
    for _ in 0..<400 {
      func size() -> Size {
        Size(
          width: sides[Int.random(in: 0..<sides.count, using: &random)],
          height: sides[Int.random(in: 0..<sides.count, using: &random)])
      }
      let image = Image.random(size(), using: &random)
      let target = size()
      #expect(
        isSame(image.resized(to: target), Self.plainlyResized(image, to: target)),
        "\(image.size) to \(target)")
    }
  }

  @Test func extremesStay() {
    for gray: UInt8 in [0, 1, 254, 255] {
      let image = Image(knownSize: Size(width: 37, height: 23), gray: gray)
      let target = Size(width: 91, height: 11)
      #expect(isSame(image.resized(to: target), Image(knownSize: target, gray: gray)))
    }
  }

  @Test func sameSizeIsTheSameImage() {
    var random = SplitMix64(seed: 4)
    let image = Image.random(Size(width: 32, height: 64), using: &random)
    #expect(isSame(image.resized(to: image.size), image))
    let letterbox = Letterbox(
      source: image.size, target: image.size, stride: 32, isRectangular: true)
    #expect(isSame(image.letterboxed(letterbox), image))
  }

  @Test func paddingIsGray() {
    let image = Image(knownSize: Size(width: 10, height: 5), gray: 9)
    let letterbox = Letterbox(
      source: image.size, target: Size(width: 32, height: 32), stride: 32, isRectangular: false)
    let result = image.letterboxed(letterbox)
    for y in 0..<32 {
      let isInside = (letterbox.top..<letterbox.top + letterbox.resized.height).contains(y)
      let row = result.pixels[96 * y..<96 * (y + 1)]
      #expect(row.allSatisfy { $0 == (isInside ? 9 : 114) }, "row \(y)")
    }
  }

  /// Whatever rows are asked for, they are those of the whole image.
  @Test func rowsAreThoseOfTheLetterbox() {
    var random = SplitMix64(seed: 9)
    for _ in 0..<60 {
      func side(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
      let size = Size(width: side(1...90), height: side(1...90))
      let target =
        Bool.random(using: &random) ? size : Size(width: side(8...80), height: side(8...80))
      let letterbox = Letterbox(
        source: size, target: target, stride: 32, isRectangular: Bool.random(using: &random))
      let image = Image.random(size, using: &random)
      let whole = image.letterboxed(letterbox)
      let cut = side(0...letterbox.padded.height)
      var rows: [Int] = []
      var pixels: [UInt8] = []
      for part in [0..<cut, cut..<letterbox.padded.height] {
        image.withView { view in
          view.forEachRow(of: letterbox, in: part) { row, samples in
            rows.append(row)
            pixels += UnsafeBufferPointer(start: samples, count: 3 * letterbox.padded.width)
          }
        }
      }
      #expect(rows == Array(0..<letterbox.padded.height))
      #expect(
        isSame(Image(knownSize: letterbox.padded, pixels: pixels), whole), "\(letterbox)")
    }
  }
}
