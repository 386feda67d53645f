import Testing
import YOLODrawing
import YOLOGeometry
import YOLOImage
import YOLOTestSupport

/// The level of the images that these tests draw on.
private let gray: UInt8 = 128

@Suite struct DrawingTests {
  private static let background = Color(red: gray, green: gray, blue: gray)

  private static func color(_ image: Image, x: Int, y: Int) -> Color {
    let index = 3 * (y * image.width + x)
    return Color(
      red: image.pixels[index], green: image.pixels[index + 1], blue: image.pixels[index + 2])
  }

  /// Compares outside of an expectation, which would print all pixels.
  private static func isSame(_ first: Image, _ second: Image) -> Bool { first == second }

  private static func blank(_ width: Int, _ height: Int) -> Image {
    Image(knownSize: Size(width: width, height: height), gray: gray)
  }

  /// Counts the pixels that differ from the background.
  private static func changes(_ image: Image) -> Int {
    stride(from: 0, to: image.pixels.count, by: 3).count {
      image.pixels[$0] != gray || image.pixels[$0 + 1] != gray || image.pixels[$0 + 2] != gray
    }
  }

  // MARK: Shapes

  /// Returns how many pixels white shapes cover on black, parts of pixels included.
  private static func area(_ shape: ShapeAnnotation.Shape, thickness: Float, fill: Float) -> Double
  {
    let image = Image(knownSize: Size(width: 120, height: 100), gray: 0).annotated(with: [
      ShapeAnnotation(shape: shape, color: .white, thickness: thickness, fillOpacity: fill)
    ])
    return stride(from: 0, to: image.pixels.count, by: 3).reduce(0) {
      $0 + Double(image.pixels[$1]) / 255
    }
  }

  private static func isNear(_ found: Double, _ expected: Double) -> Bool {
    // Edges are soft by the distance of pixels' middles, not by exact coverage, and levels are
    // rounded: 1 % holds for shapes of some hundred pixels.
    abs(found - expected) <= 0.01 * expected
  }

  @Test func linesCoverTheirRows() {
    let red = Color(red: 255, green: 0, blue: 0)
    let image = Self.blank(100, 60).annotated(with: [
      ShapeAnnotation(
        shape: .line(Point(x: 20, y: 30.5), Point(x: 80, y: 30.5)), color: red, thickness: 3)
    ])
    for x in 21..<79 {
      for y in 29...31 { #expect(Self.color(image, x: x, y: y) == red, "\(x), \(y)") }
      for y in [27, 28, 32, 33] {
        #expect(Self.color(image, x: x, y: y) == Self.background, "\(x), \(y)")
      }
    }
    #expect(Self.color(image, x: 17, y: 30) == Self.background)
    #expect(Self.color(image, x: 83, y: 30) == Self.background)
  }

  @Test func areasAreCoveredToTheFractionOfAPixel() {
    let ends = 9 * Double.pi / 4
    let diagonal = Self.area(
      .line(Point(x: 20, y: 20), Point(x: 100, y: 80)), thickness: 3, fill: 0)
    #expect(Self.isNear(diagonal, 300 + ends), "\(diagonal)")
    let disc = Self.area(
      .circle(center: Point(x: 60.3, y: 50.7), radius: 20), thickness: 0, fill: 1)
    #expect(Self.isNear(disc, 400 * .pi), "\(disc)")
    let ring = Self.area(
      .circle(center: Point(x: 60.3, y: 50.7), radius: 20), thickness: 4, fill: 0)
    #expect(Self.isNear(ring, 160 * .pi), "\(ring)")
    let triangle = Polygon(points: [
      Point(x: 10.5, y: 10.25), Point(x: 100, y: 40), Point(x: 30, y: 90.5),
    ])
    let filled = Self.area(.polygon(triangle), thickness: 0, fill: 1)
    #expect(Self.isNear(filled, Double(triangle.area)), "\(filled)")
    let half = Self.area(.polygon(triangle), thickness: 0, fill: 0.5)
    // An opacity of 0.5 is 128 of 255 levels.
    #expect(Self.isNear(half, Double(triangle.area) * 128 / 255), "\(half)")
  }

  @Test func crossedPolygonsAreFilledEverywhere() {
    let star = Polygon(points: [
      Point(x: 60, y: 5), Point(x: 85, y: 90), Point(x: 15, y: 35), Point(x: 105, y: 35),
      Point(x: 35, y: 90),
    ])
    let image = Self.blank(120, 100).annotated(with: [
      ShapeAnnotation(shape: .polygon(star), color: .white, thickness: 0, fillOpacity: 1)
    ])
    #expect(Self.color(image, x: 60, y: 50) == .white)
    #expect(Self.color(image, x: 60, y: 20) == .white)
    #expect(Self.color(image, x: 60, y: 90) == Self.background)
    #expect(Self.color(image, x: 20, y: 20) == Self.background)
  }

  /// A polyline's joints leave no trace: it is as light as one line.
  @Test func piecesOfALineJoin() {
    func drawn(_ points: [Point]) -> Image {
      Self.blank(100, 60).annotated(with: [
        ShapeAnnotation(shape: .polyline(points), color: .white, thickness: 5)
      ])
    }
    let whole = drawn([Point(x: 10, y: 10), Point(x: 90, y: 50)])
    let pieces = drawn((0...16).map { Point(x: 10 + Float($0) * 5, y: 10 + Float($0) * 2.5) })
    let worst = zip(whole.pixels, pieces.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
    // The same distances computed from other ends differ by roundings: one level at most.
    #expect(worst <= 1)
  }

  /// An image shows what a larger one shows at the same place.
  @Test func shapesAreCutOffAtTheEdges() {
    var random = SplitMix64(seed: 21)
    for _ in 0..<100 {
      func point() -> Point {
        Point(
          x: Float.random(in: -100...140, using: &random),
          y: Float.random(in: -100...130, using: &random))
      }
      let points = (0..<4).map { _ in point() }
      func shapes(_ shift: Float) -> [ShapeAnnotation] {
        let moved = points.map { Point(x: $0.x + shift, y: $0.y + shift) }
        return [
          ShapeAnnotation(shape: .line(moved[0], moved[1]), color: .white, thickness: 3),
          ShapeAnnotation(
            shape: .polygon(Polygon(points: moved)), color: .black, thickness: 2,
            fillOpacity: 0.5),
          ShapeAnnotation(
            shape: .circle(center: moved[2], radius: 30), color: .white, thickness: 4,
            fillOpacity: 0.3),
        ]
      }
      let small = Self.blank(40, 30).annotated(with: shapes(0))
      let large = Self.blank(240, 230).annotated(with: shapes(100))
      var worst = 0
      for y in 0..<30 {
        for x in 0..<40 {
          let here = Self.color(small, x: x, y: y)
          let there = Self.color(large, x: x + 100, y: y + 100)
          worst = max(worst, abs(Int(here.red) - Int(there.red)))
        }
      }
      // Moved coordinates are rounded to float32, by 1e-5 of a pixel: a level for each shape.
      #expect(worst <= 3, "\(points)")
    }
  }

  @Test func firstShapeIsOnTop() {
    let line = ShapeAnnotation.Shape.line(Point(x: 5, y: 5), Point(x: 25, y: 5))
    let image = Self.blank(30, 10).annotated(with: [
      ShapeAnnotation(shape: line, color: .white, thickness: 4),
      ShapeAnnotation(shape: line, color: .black, thickness: 4),
    ])
    #expect(Self.color(image, x: 15, y: 5) == .white)
  }

  // MARK: Masks

  private static func mask(_ size: Size, _ columns: Range<Int>, _ rows: Range<Int>) -> Mask {
    Mask(
      frame: size, left: columns.lowerBound, top: rows.lowerBound, width: columns.count,
      height: rows.count, pixels: [UInt8](repeating: 1, count: columns.count * rows.count))
  }

  private static func drawn(_ mask: Mask, on image: Image, name: String = "") -> Image {
    image.annotated(with: [
      Instance(
        .mask(Box(x1: 0, y1: 0, x2: 0, y2: 0), mask, outline: Polygon()), name: name,
        confidence: nil,
        classIndex: 4)
    ])
  }

  /// The class's color over the background, to the level.
  private static func tint(_ color: Color) -> Color {
    func mixed(_ level: UInt8) -> UInt8 {
      // An opacity of 0.4 is 102 of 255 levels.
      UInt8((Int(gray) * 153 + Int(level) * 102 + 127) / 255)
    }
    return Color(red: mixed(color.red), green: mixed(color.green), blue: mixed(color.blue))
  }

  @Test func masksTintTheirPixelsAndNoOthers() {
    let image = Self.blank(200, 150)
    let columns = 40..<120
    let rows = 30..<100
    let result = Self.drawn(Self.mask(image.size, columns, rows), on: image)
    let color = ClassPalette.color(ofClass: 4)
    for y in 0..<150 {
      for x in 0..<200 {
        // How far the pixel lies inside of the mask's edges, negative outside.
        let depth = min(
          x - columns.lowerBound, columns.upperBound - 1 - x, y - rows.lowerBound,
          rows.upperBound - 1 - y)
        let found = Self.color(result, x: x, y: y)
        // The outline takes a pixel on each side of the edge and half a pixel of softness.
        if depth >= 2 && found != Self.tint(color) {
          Issue.record("\(x), \(y) inside is \(found)")
        } else if depth < -2 && found != Self.background {
          Issue.record("\(x), \(y) outside is \(found)")
        } else if (-1...0).contains(depth), (50..<110).contains(x) || (40..<90).contains(y),
          found != color
        {
          Issue.record("\(x), \(y) on the outline is \(found)")
        }
      }
    }
    #expect(Self.color(result, x: 40, y: 65) == color)
    #expect(Self.color(result, x: 39, y: 65) == color)
    #expect(Self.color(result, x: 80, y: 30) == color)
    #expect(Self.color(result, x: 80, y: 100) == color)
  }

  /// Nothing is known beyond the image: an outline runs where the object ends only.
  @Test func wholeImageHasNoOutline() {
    let image = Self.blank(90, 70)
    let result = Self.drawn(Self.mask(image.size, 0..<90, 0..<70), on: image)
    let tint = Self.tint(ClassPalette.color(ofClass: 4))
    #expect((0..<90 * 70).allSatisfy { Self.color(result, x: $0 % 90, y: $0 / 90) == tint })
  }

  @Test func smallestMaskIsSeen() {
    let image = Self.blank(40, 30)
    for (x, y) in [(20, 15), (0, 0), (39, 29)] {
      let result = Self.drawn(Self.mask(image.size, x..<x + 1, y..<y + 1), on: image)
      #expect(Self.color(result, x: x, y: y) != Self.background)
    }
    #expect(Self.isSame(Self.drawn(Mask(emptyOf: image.size), on: image), image))
  }

  @Test func letterboxMasksAreBroughtToTheImage() {
    // 200×100 in a letterbox of 64×32: a pixel of the mask is 3.125 pixels of the image.
    let image = Self.blank(200, 100)
    let mask = Self.mask(Size(width: 64, height: 32), 16..<32, 8..<24)
    let result = Self.drawn(mask, on: image)
    let color = ClassPalette.color(ofClass: 4)
    #expect(Self.color(result, x: 75, y: 50) == Self.tint(color))
    #expect(Self.color(result, x: 50, y: 50) == color)
    #expect(Self.color(result, x: 99, y: 50) == color)
    #expect(Self.color(result, x: 44, y: 50) == Self.background)
    #expect(Self.color(result, x: 106, y: 50) == Self.background)
    #expect(Self.color(result, x: 75, y: 18) == Self.background)
  }

  @Test func masksAreLabeledAtTheTop() {
    let image = Self.blank(200, 150)
    let mask = Self.mask(image.size, 80..<120, 60..<100)
    let without = Self.drawn(mask, on: image)
    let with = Self.drawn(mask, on: image, name: "dog")
    let changed = (0..<200 * 150).filter {
      Self.color(with, x: $0 % 200, y: $0 / 200) != Self.color(without, x: $0 % 200, y: $0 / 200)
    }
    #expect(!changed.isEmpty)
    #expect(changed.allSatisfy { (40..<60).contains($0 / 200) && (70..<130).contains($0 % 200) })
  }

  // MARK: Poses

  private static func pose(_ keypoints: [Keypoint], on image: Image) -> Image {
    image.annotated(with: [
      Instance(
        .keypoints(Box(x1: 10, y1: 10, x2: 190, y2: 190), keypoints), name: "",
        confidence: nil, classIndex: 0)
    ])
  }

  private static let person = (0..<17).map { index in
    Keypoint(
      Point(x: 30 + Float(index % 5) * 35, y: 30 + Float(index / 5) * 40), visibility: 0.9)
  }

  @Test func limbsJoinThePointsOfAPerson() {
    let image = Self.blank(200, 200)
    let result = Self.pose(Self.person, on: image)
    for keypoint in Self.person {
      let (x, y) = (Int(keypoint.point.x), Int(keypoint.point.y))
      #expect(Self.color(result, x: x, y: y) != Self.background)
    }
    // From the left shoulder (30, 70) to the right one (65, 70), and no further.
    #expect(Self.color(result, x: 48, y: 70) != Self.background)
    #expect(Self.color(result, x: 20, y: 70) == Self.background)
    // No limb joins the ankles, (30, 150) and (65, 150).
    #expect(Self.color(result, x: 48, y: 150) == Self.background)
    let points = Self.pose(Array(Self.person.dropLast()), on: image)
    #expect(Self.color(points, x: 30, y: 70) != Self.background)
    #expect(Self.color(points, x: 48, y: 70) == Self.background)
  }

  @Test func hiddenPointsAreLeftOut() {
    let image = Self.blank(200, 200)
    let frame = Self.pose([], on: image)
    let size: Float = 200
    let hidden = [
      Keypoint(Point(x: 100, y: 100), visibility: 0.24),
      Keypoint(Point(x: 100, y: 100), visibility: .nan),
      Keypoint(Point(x: 0, y: 0), visibility: nil), Keypoint(Point(x: 0, y: 50), visibility: 1),
      Keypoint(Point(x: size, y: 50), visibility: 1),
      Keypoint(Point(x: 50, y: size), visibility: 1),
      Keypoint(Point(x: .nan, y: 50), visibility: 1),
      Keypoint(Point(x: 50, y: .infinity), visibility: 1),
    ]
    #expect(Self.isSame(Self.pose(hidden, on: image), frame))
    for visibility: Float? in [nil, 0.25, 1, 2] {
      let shown = [Keypoint(Point(x: 100, y: 100), visibility: visibility)]
      #expect(!Self.isSame(Self.pose(shown, on: image), frame))
    }
    // A limb needs both of its ends.
    var person = Self.person
    person[5].visibility = 0
    #expect(Self.color(Self.pose(person, on: image), x: 48, y: 70) == Self.background)
  }

  // MARK: Oriented boxes

  @Test func turnedBoxesHaveTheirSides() {
    let image = Self.blank(300, 200)
    let box = OrientedBox(x: 150, y: 100, width: 120, height: 60, angle: 0.5)
    func drawn(_ name: String) -> Image {
      image.annotated(with: [
        Instance(.orientedBox(box), name: name, confidence: nil, classIndex: 2)
      ])
    }
    let result = drawn("")
    let corners = box.corners
    for (first, second) in zip(corners, corners[1...] + corners[..<1]) {
      let middle = Point(x: (first.x + second.x) / 2, y: (first.y + second.y) / 2)
      #expect(Self.color(result, x: Int(middle.x), y: Int(middle.y)) != Self.background)
    }
    #expect(Self.color(result, x: 150, y: 100) == Self.background)
    // A pixel thick, 360 long, and with soft edges at most three pixels across.
    #expect((360...3 * 360).contains(Self.changes(result)))
    // The tag stands on the topmost corner.
    let top = corners.map(\.y).min() ?? 0
    let tagged = drawn("ship")
    let changed = (0..<300 * 200).filter {
      Self.color(tagged, x: $0 % 300, y: $0 / 300) != Self.color(result, x: $0 % 300, y: $0 / 300)
    }
    #expect(!changed.isEmpty)
    #expect(changed.allSatisfy { Float($0 / 300) < top + 1 && Float($0 / 300) > top - 20 })
  }

  // MARK: Class bars

  private static func bars(_ probabilities: [Float], on image: Image) -> Image {
    image.annotated(
      with: probabilities.enumerated().map {
        ClassBarAnnotation(name: "class \($0)", probability: $1, classIndex: $0)
      })
  }

  private static func count(_ color: Color, in image: Image) -> Int {
    (0..<image.width * image.height).count {
      Self.color(image, x: $0 % image.width, y: $0 / image.width) == color
    }
  }

  @Test func barsAreAsLongAsProbable() {
    let image = Self.blank(400, 300)
    let result = Self.bars([0.8, 0.4, 0.2, 0.1, 0], on: image)
    let counts = (0..<5).map { Self.count(ClassPalette.color(ofClass: $0), in: result) }
    #expect(counts[4] == 0)
    // Some pixels at the round ends are mixed.
    for (count, share) in zip(counts, [1, 0.5, 0.25, 0.125]) {
      let whole = Double(counts[0])
      #expect(abs(Double(count) - whole * share) < 0.06 * whole, "\(counts)")
    }
    // The panel is in the upper left corner.
    #expect(Self.color(result, x: 20, y: 20) != Self.background)
    for y in 0..<300 {
      #expect(Self.color(result, x: 399, y: y) == Self.background)
      #expect(Self.color(result, x: 0, y: y) == Self.background)
    }
  }

  @Test func fiveBarsAtMost() {
    let image = Self.blank(400, 300)
    let five: [Float] = [0.5, 0.2, 0.1, 0.1, 0.05]
    #expect(Self.isSame(Self.bars(five + [0.04, 0.01], on: image), Self.bars(five, on: image)))
    #expect(!Self.isSame(Self.bars(Array(five[..<4]), on: image), Self.bars(five, on: image)))
    #expect(Self.isSame(Self.bars([], on: image), image))
  }

  @Test func barsFitEveryImage() {
    for width in [1, 2, 5, 9, 16, 28, 32, 64, 224, 1000] {
      for height in [1, 2, 5, 9, 16, 28, 32, 64, 224, 1000] {
        let image = Self.blank(width, height)
        let result = Self.bars([0.9, .nan, .infinity, -1, 7], on: image)
        #expect(result.size == image.size)
        #expect(!Self.isSame(result, image), "\(width) × \(height)")
      }
    }
  }

  // MARK: All

  @Test func strangeNumbers() {
    var random = SplitMix64(seed: 31)
    let odd: [Float] = [
      .nan, .infinity, -.infinity, 0, -0.0, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
      .leastNonzeroMagnitude, 1, 0.5, 7, 12.25, 20, -20, 1e9, -1e9, 1e20, -1e30, 3e38,
    ]
    for _ in 0..<3000 {
      func number() -> Float { odd[Int.random(in: 0..<odd.count, using: &random)] }
      func point() -> Point { Point(x: number(), y: number()) }
      let size = Size(
        width: Int.random(in: 1...40, using: &random),
        height: Int.random(in: 1...40, using: &random))
      let image = Image(knownSize: size, gray: gray)
      let box = Box(x1: number(), y1: number(), x2: number(), y2: number())
      let classIndex = Int.random(in: .min ... .max, using: &random)
      let points = (0..<Int.random(in: 0...6, using: &random)).map { _ in point() }
      let shapes: [ShapeAnnotation.Shape] = [
        .line(point(), point()), .polyline(points), .polygon(Polygon(points: points)),
        .circle(center: point(), radius: number()),
      ]
      let drawings = [
        image.annotated(
          with: shapes.map {
            ShapeAnnotation(
              shape: $0, color: .white, thickness: number(), fillOpacity: number())
          }),
        image.annotated(with: [
          Instance(
            .keypoints(
              box, (0..<17).map { _ in Keypoint(point(), visibility: number()) }),
            name: "ä猫\n", confidence: number(), classIndex: classIndex)
        ]),
        image.annotated(with: [
          Instance(
            .orientedBox(
              OrientedBox(
                x: number(), y: number(), width: number(), height: number(), angle: number())),
            name: "", confidence: number(), classIndex: classIndex)
        ]),
        image.annotated(with: [
          Instance(
            .mask(
              box,
              Mask(
                frame: size,
                pixels: (0..<size.width * size.height).map { _ in
                  UInt8.random(in: 0...1, using: &random)
                }), outline: Polygon()), name: "x", confidence: number(), classIndex: classIndex)
        ]),
      ]
      for drawing in drawings { #expect(drawing.size == size) }
    }
  }

  @Test func whatIsNotFiniteIsLeftOut() {
    let image = Self.blank(40, 30)
    for bad: Float in [.nan, .infinity, -.infinity] {
      let point = Point(x: 10, y: bad)
      let inside = Point(x: 10, y: 10)
      let shapes: [ShapeAnnotation.Shape] = [
        .line(point, inside), .polyline([inside, point]),
        .polygon(Polygon(points: [point, point, point])), .circle(center: point, radius: 4),
        .circle(center: inside, radius: bad),
      ]
      for shape in shapes {
        let result = image.annotated(with: [
          ShapeAnnotation(shape: shape, color: .white, thickness: 2, fillOpacity: 0.5)
        ])
        #expect(Self.isSame(result, image), "\(shape)")
      }
      let turned = image.annotated(with: [
        Instance(
          .orientedBox(OrientedBox(x: 20, y: bad, width: 5, height: 5, angle: 0)), name: "a",
          confidence: nil, classIndex: 0)
      ])
      #expect(Self.isSame(turned, image))
    }
  }

  @Test func drawingIsRepeatable() {
    let image = Self.blank(200, 200)
    func drawn() -> Image {
      let posed = Self.pose(Self.person, on: image)
      let masked = Self.drawn(Self.mask(image.size, 20..<90, 40..<120), on: posed, name: "b")
      return Self.bars([0.7, 0.3], on: masked)
    }
    #expect(Self.isSame(drawn(), drawn()))
  }
}
