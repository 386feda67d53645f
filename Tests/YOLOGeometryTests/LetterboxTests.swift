import Testing
import YOLOGeometry
import YOLOTestSupport

@Suite struct LetterboxTests {
  @Test func agreesWithUltralytics() throws {
    var fixture = try Fixture("letterbox.bin")
    var cases = 0
    while !fixture.isAtEnd {
      let given = try fixture.integers(6)
      let wanted = try fixture.integers(4)
      let letterbox = Letterbox(
        source: Size(width: given[0], height: given[1]),
        target: Size(width: given[2], height: given[3]), stride: given[4],
        isRectangular: given[5] == 1)
      #expect(letterbox.padded == Size(width: wanted[0], height: wanted[1]), "\(given)")
      #expect(letterbox.left == wanted[2] && letterbox.top == wanted[3], "\(given)")
      let boxes = try fixture.floats(16)
      let mapped = try fixture.floats(16)
      for index in stride(from: 0, to: 16, by: 4) {
        let box = Box(
          x1: boxes[index], y1: boxes[index + 1], x2: boxes[index + 2], y2: boxes[index + 3])
        let source = Box(
          x1: mapped[index], y1: mapped[index + 1], x2: mapped[index + 2], y2: mapped[index + 3])
        #expect(letterbox.sourceBox(box) == source, "\(given)")
      }
      cases += 1
    }
    #expect(cases == 69)
  }

  @Test(arguments: [
    (Size(width: 810, height: 1080), Size(width: 640, height: 640), Size(width: 480, height: 640)),
    (Size(width: 1280, height: 720), Size(width: 640, height: 640), Size(width: 640, height: 384)),
    (Size(width: 640, height: 480), Size(width: 640, height: 416), Size(width: 576, height: 416)),
    (Size(width: 2000, height: 3), Size(width: 640, height: 640), Size(width: 640, height: 32)),
  ])
  func rectangular(source: Size, target: Size, padded: Size) {
    let letterbox = Letterbox(source: source, target: target, stride: 32, isRectangular: true)
    #expect(letterbox.padded == padded)
  }

  @Test func paddingFillsUp() {
    var random = SplitMix64(seed: 2)
    for _ in 0..<2000 {
      let source = Size(
        width: Int.random(in: 1...3000, using: &random),
        height: Int.random(in: 1...3000, using: &random))
      let target = Size(
        width: 32 * Int.random(in: 1...40, using: &random),
        height: 32 * Int.random(in: 1...40, using: &random))
      let isRectangular = Bool.random(using: &random)
      let letterbox = Letterbox(
        source: source, target: target, stride: 32, isRectangular: isRectangular)
      let resized = letterbox.resized
      let padded = letterbox.padded
      #expect(letterbox.left >= 0 && letterbox.top >= 0)
      #expect((0...1).contains(letterbox.right - letterbox.left))
      #expect((0...1).contains(letterbox.bottom - letterbox.top))
      #expect(letterbox.left + resized.width + letterbox.right == padded.width)
      #expect(letterbox.top + resized.height + letterbox.bottom == padded.height)
      #expect(resized.width == target.width || resized.height == target.height)
      #expect(padded.width % 32 == 0 && padded.height % 32 == 0)
      #expect(isRectangular || padded == target)
    }
  }

  @Test func boxesAreClippedToTheImage() {
    let letterbox = Letterbox(
      source: Size(width: 100, height: 50), target: Size(width: 64, height: 64), stride: 32,
      isRectangular: false)
    let everything = Box(x1: -1000, y1: -1000, x2: 1000, y2: 1000)
    #expect(letterbox.sourceBox(everything) == Box(x1: 0, y1: 0, x2: 100, y2: 50))
    #expect(letterbox.sourceBox(Box(x1: .nan, y1: 0, x2: 1, y2: 1)).x1.isNaN)
  }

  @Test(arguments: [
    (640, 32, 640), (600, 32, 608), (1, 32, 32), (0, 32, 32), (-5, 32, 32), (33, 8, 64),
    (640, 64, 640), (641, 64, 704), (1280, 64, 1280),
  ])
  func networkInput(side: Int, stride: Int, rounded: Int) {
    let size = Size(width: side, height: 32).networkInput(largestStride: stride)
    #expect(size == Size(width: rounded, height: max(32, stride)))
  }
}
