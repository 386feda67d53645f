import Testing
import YOLODrawing
import YOLOGeometry
import YOLOImage
import YOLOTestSupport

@Suite struct AnnotationTests {
  private static func color(_ image: Image, x: Int, y: Int) -> Color {
    let index = 3 * (y * image.width + x)
    return Color(
      red: image.pixels[index], green: image.pixels[index + 1], blue: image.pixels[index + 2])
  }

  /// Compares outside of an expectation, which would print all pixels.
  private static func isSame(_ first: Image, _ second: Image) -> Bool { first == second }

  @Test func borderLiesOnTheBox() {
    let image = Image(knownSize: Size(width: 400, height: 300), gray: 128)
    let box = Box(x1: 100, y1: 120, x2: 300, y2: 250)
    let result = image.annotated(with: [
      Instance(.box(box), name: "", confidence: nil, classIndex: 3)
    ])
    let color = ClassPalette.color(ofClass: 3)
    let gray = Color(red: 128, green: 128, blue: 128)
    // 350 px of mean size give a border of one pixel, starting at the edges.
    #expect(Self.color(result, x: 100, y: 200) == color)
    #expect(Self.color(result, x: 300, y: 200) == color)
    #expect(Self.color(result, x: 200, y: 120) == color)
    #expect(Self.color(result, x: 200, y: 250) == color)
    #expect(Self.color(result, x: 99, y: 200) == gray)
    #expect(Self.color(result, x: 101, y: 200) == gray)
    #expect(Self.color(result, x: 299, y: 200) == gray)
    #expect(Self.color(result, x: 301, y: 200) == gray)
    #expect(Self.color(result, x: 200, y: 185) == gray)
  }

  /// Changed pixels form a tag of which each corner has the class's color, wherever the box is.
  @Test func tagsStayInsideTheImage() {
    let size = Size(width: 160, height: 120)
    let image = Image(knownSize: size, gray: 128)
    for x in [-30, 0, 5, 80, 140, 155, 159, 400] {
      for y in [-30, 0, 3, 60, 110, 119, 400] {
        // Without size a box has a border of a few pixels only; the rest is the tag.
        let edge = (x: Float(x), y: Float(y))
        let result = image.annotated(with: [
          Instance(
            .box(Box(x1: edge.x, y1: edge.y, x2: edge.x, y2: edge.y)), name: "dog",
            confidence: 0.5, classIndex: 0)
        ])
        let color = ClassPalette.color(ofClass: 0)
        let width = (0..<size.height).map { row in
          (0..<size.width).count { Self.color(result, x: $0, y: row) == color }
        }
        let full = width.max() ?? 0
        let rows = width.count { $0 == full }
        #expect(full > 30 && rows >= 4, "tag at \(x), \(y)")
        let changed = (0..<size.width * size.height).count {
          Self.color(result, x: $0 % size.width, y: $0 / size.width)
            != Color(red: 128, green: 128, blue: 128)
        }
        // The tag as a whole: 13 rows.
        #expect((full * 13...full * 13 + 4).contains(changed), "\(changed) pixels at \(x), \(y)")
      }
    }
  }

  @Test func firstAnnotationIsOnTop() {
    let image = Image(knownSize: Size(width: 200, height: 200), gray: 0)
    let box = Box(x1: 50, y1: 50, x2: 150, y2: 150)
    let result = image.annotated(with: [
      Instance(.box(box), name: "a", confidence: nil, classIndex: 1),
      Instance(.box(box), name: "a", confidence: nil, classIndex: 2),
    ])
    #expect(Self.color(result, x: 50, y: 100) == ClassPalette.color(ofClass: 1))
    #expect(
      !result.pixels.indices.contains { index in
        index % 3 == 0
          && Self.color(result, x: index / 3 % 200, y: index / 600)
            == ClassPalette.color(ofClass: 2)
      })
  }

  @Test func longNamesAreShortenedAndKeepTheConfidence() {
    let image = Image(knownSize: Size(width: 64, height: 64), gray: 128)
    let box = Box(x1: 5, y1: 30, x2: 40, y2: 60)
    func drawn(_ name: String) -> Image {
      image.annotated(with: [
        Instance(.box(box), name: name, confidence: 0.87, classIndex: 0)
      ])
    }
    let long = drawn("traffic light that has a long name")
    #expect(Self.isSame(long, drawn("traffic light that has another name")))
    #expect(!Self.isSame(long, drawn("dog")))
    #expect(!Self.isSame(long, image))
    #expect(Self.isSame(long, drawn(String(repeating: "traffic ", count: 100_000))))
  }

  @Test func strangeBoxesAndTinyImages() {
    var random = SplitMix64(seed: 6)
    let odd: [Float] = [
      .nan, .infinity, -.infinity, 0, -0.0, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
      1, 0.5, 7, 1e9,
    ]
    for _ in 0..<500 {
      func edge() -> Float { odd[Int.random(in: 0..<odd.count, using: &random)] }
      let size = Size(
        width: Int.random(in: 1...40, using: &random),
        height: Int.random(in: 1...40, using: &random))
      let image = Image(knownSize: size, gray: 50)
      let box = Box(x1: edge(), y1: edge(), x2: edge(), y2: edge())
      let result = image.annotated(with: [
        Instance(
          .box(box), name: "ä猫\n", confidence: edge(), classIndex: Int.random(in: .min ... .max))
      ])
      #expect(result.size == size)
      if !(box.x1.isFinite && box.y1.isFinite && box.x2.isFinite && box.y2.isFinite) {
        #expect(Self.isSame(result, image), "\(box)")
      } else {
        #expect(!Self.isSame(result, image), "\(box)")
      }
    }
  }

  @Test func linesAndLettersGrowWithTheImage() {
    func changed(_ side: Int) -> Int {
      let image = Image(knownSize: Size(width: side, height: side), gray: 128)
      let edge = Float(side)
      let result = image.annotated(with: [
        Instance(
          .box(Box(x1: edge * 0.2, y1: edge * 0.3, x2: edge * 0.8, y2: edge * 0.8)),
          name: "person", confidence: 0.9, classIndex: 0)
      ])
      return stride(from: 0, to: image.pixels.count, by: 3).count {
        result.pixels[$0] != 128 || result.pixels[$0 + 1] != 128 || result.pixels[$0 + 2] != 128
      }
    }
    let medium = changed(1000)
    let large = changed(2000)
    #expect(large > 2 * medium)
  }
}
