import Testing
import YOLODrawing
import YOLOGeometry
import YOLOImage

@Suite struct DrawingOptionsTests {
  private static let image = Image(knownSize: Size(width: 200, height: 150), gray: 128)
  private static let box = Box(x1: 40, y1: 60, x2: 150, y2: 120)

  private static func drawn(
    _ geometry: Geometry, name: String = "dog",
    confidence: Float? = 0.9, _ change: (inout DrawingOptions) -> Void = { _ in }
  ) -> Image {
    var options = DrawingOptions()
    options.typeface = .embedded
    change(&options)
    return image.annotated(
      with: [Instance(geometry, name: name, confidence: confidence, classIndex: 1)],
      options: options)
  }

  private static func isSame(_ first: Image, _ second: Image) -> Bool { first == second }

  @Test func labelsCanBeLeftOut() {
    let plain = Self.drawn(.box(Self.box), name: "", confidence: nil)
    #expect(Self.isSame(Self.drawn(.box(Self.box)) { $0.showsLabels = false }, plain))
    #expect(!Self.isSame(Self.drawn(.box(Self.box)), plain))
  }

  @Test func absurdSizesDoNotTrap() {
    for size in [Int.max, .min, 0] {
      _ = Self.drawn(.box(Self.box)) { $0.lineWidth = size }
      _ = Self.drawn(.keypoints(Self.box, [Keypoint(Point(x: 50, y: 70), visibility: 1)])) {
        $0.lineWidth = size
      }
    }
  }

  @Test func confidencesCanBeLeftOut() {
    let plain = Self.drawn(.box(Self.box), confidence: nil)
    #expect(Self.isSame(Self.drawn(.box(Self.box)) { $0.showsConfidences = false }, plain))
    #expect(!Self.isSame(Self.drawn(.box(Self.box)), plain))
  }

  @Test func linesAndLettersHaveTheirSizes() {
    func changed(_ change: (inout DrawingOptions) -> Void) -> Int {
      let result = Self.drawn(.box(Self.box), change)
      return zip(result.pixels, Self.image.pixels).count { $0 != $1 }
    }
    let usual = changed { _ in }
    #expect(changed { $0.lineWidth = 5 } > usual)
    #expect(changed { $0.capitalHeight = 20 } > usual)
    for size in [Int.min, -1, 0, 1, 7, 1000, 5000, .max] {
      #expect(changed { $0.capitalHeight = size } > 0)
    }
    for width in [Int.min, -1, 0, 1, 200, 5000, 1 << 40] {
      #expect(changed { $0.lineWidth = width } > 0)
    }
  }

  @Test func masksAreTintedAsMuchAsIsAskedFor() {
    let mask = Mask(
      frame: Self.image.size, left: 40, top: 50, width: 60, height: 60,
      pixels: [UInt8](repeating: 1, count: 3600))
    func level(_ opacity: Float) -> UInt8 {
      let result = Self.drawn(.mask(Self.box, mask, outline: Polygon()), name: "", confidence: nil)
      {
        $0.maskOpacity = opacity
      }
      return result.pixels[3 * (80 * 200 + 70)]
    }
    #expect(level(0) == 128 && level(.nan) == 128 && level(-1) == 128)
    let color = ClassPalette.color(ofClass: 1)
    #expect(level(1) == color.red && level(2) == color.red)
    #expect(level(0.4) != 128 && level(0.4) != color.red)
  }

  @Test func keypointsAreShownFromAVisibilityOn() {
    let keypoints = [Keypoint(Point(x: 100, y: 90), visibility: 0.5)]
    func drawn(_ minimum: Float) -> Image {
      Self.drawn(.keypoints(Self.box, keypoints)) { $0.minimumVisibility = minimum }
    }
    #expect(Self.isSame(drawn(0.5), drawn(0)))
    #expect(!Self.isSame(drawn(0.5), drawn(0.51)))
    #expect(Self.isSame(drawn(.nan), drawn(0.9)))
  }
}
