import Testing
import YOLOGeometry
import YOLOImage
import YOLOTestSupport

@Suite struct ClassificationTests {
  @Test func agreesWithUltralytics() throws {
    var fixture = try Fixture("classify.bin")
    var cases = 0
    while !fixture.isAtEnd {
      let given = try fixture.integers(4)
      let size = Size(width: given[0], height: given[1])
      let target = Size(width: given[2], height: given[3])
      let image = Image(knownSize: size, pixels: try fixture.data(3 * size.width * size.height))
      let wanted = Image(
        knownSize: target, pixels: try fixture.data(3 * target.width * target.height))
      #expect(isSame(image.classificationInput(size: target), wanted), "\(given)")
      cases += 1
    }
    #expect(cases == 27)
  }

  @Test func crop() {
    func crop(_ width: Int, _ height: Int, _ target: Size) -> CenterCrop {
      CenterCrop(source: Size(width: width, height: height), target: target)
    }
    let square = Size(width: 224, height: 224)
    let tall = crop(810, 1080, square)
    #expect(tall.resized == Size(width: 224, height: 298))
    #expect((tall.left, tall.top) == (0, 37))
    let wide = crop(1280, 720, square)
    #expect(wide.resized == Size(width: 398, height: 224))
    #expect((wide.left, wide.top) == (87, 0))
    // Half a pixel goes to the even neighbor: 1/2 to 0, 3/2 to 2.
    #expect(crop(224, 225, square).top == 0)
    #expect(crop(227, 224, square).left == 2)
    let stretched = crop(810, 1080, Size(width: 320, height: 224))
    #expect(stretched.resized == Size(width: 320, height: 224))
    #expect((stretched.left, stretched.top) == (0, 0))
  }

  /// Pillow's arithmetic written down plainly: both passes over the whole image, then the crop.
  private static func plainInput(_ image: Image, _ target: Size) -> Image {
    let crop = CenterCrop(source: image.size, target: target)
    let resized = crop.resized
    func weights(_ length: Int, _ result: Int) -> [[(Int, Int)]] {
      let scale = Double(length) / Double(result)
      let support = max(scale, 1)
      return (0..<result).map { index in
        let center = (Double(index) + 0.5) * scale
        let low = max(Int(center - support + 0.5), 0)
        let high = min(Int(center + support + 0.5), length)
        let raw = (low..<high).map { max(0, 1 - abs((Double($0) - center + 0.5) / support)) }
        let sum = raw.reduce(0, +)
        return zip(low..<high, raw).map { ($0, Int($1 / sum * 4_194_304 + 0.5)) }
      }
    }
    var grid = (0..<image.height).map { y in
      (0..<image.width).map { x in (0..<3).map { Int(image.pixels[3 * (y * image.width + x) + $0]) }
      }
    }
    func mix(_ taps: [(Int, Int)], _ pixel: (Int) -> [Int]) -> [Int] {
      (0..<3).map { channel in
        let sum = taps.reduce(1 << 21) { $0 + pixel($1.0)[channel] * $1.1 }
        return min(sum >> 22, 255)
      }
    }
    func mixColumns() {
      let table = weights(image.width, resized.width)
      grid = grid.map { row in table.map { taps in mix(taps) { row[$0] } } }
    }
    func mixRows() {
      let table = weights(image.height, resized.height)
      let width = grid[0].count
      grid = table.map { taps in (0..<width).map { x in mix(taps) { grid[$0][x] } } }
    }
    let saved = image.height - resized.height
    if saved > 0 && saved > 2 * (image.width - resized.width) {
      mixRows()
      mixColumns()
    } else {
      mixColumns()
      mixRows()
    }
    let rows = grid[crop.top..<crop.top + target.height]
    let pixels = rows.flatMap { row in
      row[crop.left..<crop.left + target.width].flatMap { $0.map { UInt8($0) } }
    }
    return Image(knownSize: target, pixels: pixels)
  }

  @Test func plainArithmetic() {
    var random = SplitMix64(seed: 8)
    let sides = [1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 40]
    for turn in 0..<150 {
      func side() -> Int { sides[Int.random(in: 0..<sides.count, using: &random)] }
      let image = Image.random(Size(width: side(), height: side()), using: &random)
      let width = side()
      let target = Size(width: width, height: turn % 2 == 0 ? width : side())
      #expect(
        isSame(image.classificationInput(size: target), Self.plainInput(image, target)),
        "\(image.size) to \(target)")
    }
  }

  @Test func extremesStay() {
    for gray: UInt8 in [0, 1, 254, 255] {
      let image = Image(knownSize: Size(width: 37, height: 23), gray: gray)
      for target in [Size(width: 16, height: 16), Size(width: 91, height: 11)] {
        #expect(
          isSame(image.classificationInput(size: target), Image(knownSize: target, gray: gray))
        )
      }
    }
  }

  /// Scaled as a whole, the first of these images would have 49 thousand million pixels.
  @Test(arguments: [(1, 30000), (30000, 1), (3, 20000), (20000, 3)])
  func longImages(width: Int, height: Int) {
    let size = Size(width: width, height: height)
    let length = max(width, height)
    var pixels: [UInt8] = []
    for y in 0..<height {
      for x in 0..<width {
        let isBehind = 2 * max(x, y) >= length
        pixels += [isBehind ? 200 : 100, 50, 0]
      }
    }
    let image = Image(knownSize: size, pixels: pixels)
    let square = image.classificationInput(size: Size(width: 1280, height: 1280))
    let last = square.pixels.count - 3
    // The middle of the image is kept: its two halves meet in the middle of the result.
    #expect(square.pixels[..<3] == [100, 50, 0])
    #expect(square.pixels[last...] == [200, 50, 0])
    let stretched = image.classificationInput(size: Size(width: 1280, height: 32))
    #expect(stretched.pixels[..<3] == [100, 50, 0])
  }

  @Test func sameSizeIsTheSameImage() {
    var random = SplitMix64(seed: 9)
    let image = Image.random(Size(width: 32, height: 32), using: &random)
    #expect(isSame(image.classificationInput(size: image.size), image))
  }
}
