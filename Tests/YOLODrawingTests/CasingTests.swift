import Testing
import YOLODrawing
import YOLOGeometry
import YOLOImage

/// What is drawn is seen on any background.
@Suite struct CasingTests {
  private static let size = Size(width: 120, height: 120)

  /// Backgrounds: gray levels, and each color that anything is drawn in.
  private static let backgrounds: [Color] =
    [0, 64, 128, 192, 255].map { Color(red: $0, green: $0, blue: $0) } + ClassPalette.colors

  private static func filled(_ color: Color) throws -> Image {
    var pixels: [UInt8] = []
    for _ in 0..<size.width * size.height { pixels += [color.red, color.green, color.blue] }
    return try Image(size: size, pixels: pixels)
  }

  /// How many pixels differ from the background by more than the samples of colors that are hard to
  /// tell apart.
  private static func clearPixels(_ image: Image, on color: Color, by contrast: Int = 64) -> Int {
    let background = [Int(color.red), Int(color.green), Int(color.blue)]
    return stride(from: 0, to: image.pixels.count, by: 3).count { index in
      (0..<3).contains { abs(Int(image.pixels[index + $0]) - background[$0]) > contrast }
    }
  }

  private static func drawn(
    _ geometry: Geometry, classIndex: Int, on color: Color
  ) throws -> Image {
    var options = DrawingOptions()
    options.showsLabels = false
    return try filled(color).annotated(
      with: [Instance(geometry, name: "", confidence: nil, classIndex: classIndex)],
      options: options)
  }

  @Test(arguments: backgrounds) func boxesAreSeen(background: Color) throws {
    let box = Box(x1: 20, y1: 20, x2: 100, y2: 90)
    for index in ClassPalette.colors.indices {
      // The border has 300 pixels.
      let image = try Self.drawn(.box(box), classIndex: index, on: background)
      #expect(Self.clearPixels(image, on: background) >= 290, "class \(index)")
    }
  }

  @Test(arguments: backgrounds) func orientedBoxesAreSeen(background: Color) throws {
    let box = OrientedBox(x: 60, y: 60, width: 80, height: 40, angle: 0.5)
    for index in ClassPalette.colors.indices {
      // The border is 240 pixels long; its pixels share it with a neighbor, the half each.
      let image = try Self.drawn(.orientedBox(box), classIndex: index, on: background)
      #expect(Self.clearPixels(image, on: background, by: 32) >= 230, "class \(index)")
    }
  }

  @Test(arguments: backgrounds) func outlinesOfMasksAreSeen(background: Color) throws {
    var pixels = [UInt8](repeating: 0, count: Self.size.width * Self.size.height)
    for y in 30..<90 {
      for x in 20..<100 { pixels[y * Self.size.width + x] = 1 }
    }
    let mask = Mask(frame: Self.size, pixels: pixels)
    let box = Box(x1: 20, y1: 30, x2: 100, y2: 90)
    for index in ClassPalette.colors.indices {
      // The outline is 280 pixels long.
      let image = try Self.drawn(
        .mask(box, mask, outline: Polygon()), classIndex: index, on: background)
      #expect(Self.clearPixels(image, on: background) >= 240, "class \(index)")
    }
  }

  @Test(arguments: backgrounds) func keypointsAreSeen(background: Color) throws {
    let points = (0..<17).map { index -> Keypoint in
      let (column, row) = (index % 5, index / 5)
      return Keypoint(Point(x: Float(15 + column * 20), y: Float(15 + row * 25)), visibility: 1)
    }
    for count in [1, 4, 17] {
      let image = try Self.drawn(
        .keypoints(Box(x1: .nan, y1: 0, x2: 0, y2: 0), Array(points.prefix(count))),
        classIndex: 0, on: background)
      #expect(Self.clearPixels(image, on: background) >= 8 * count, "\(count) keypoints")
    }
  }

  /// A line that stands out by itself has no casing.
  @Test func nothingIsAddedWhereLinesAreSeen() throws {
    let gray = Color(red: 128, green: 128, blue: 128)
    let image = try Self.drawn(.box(Box(x1: 20, y1: 20, x2: 100, y2: 90)), classIndex: 0, on: gray)
    let color = ClassPalette.color(ofClass: 0)
    for index in stride(from: 0, to: image.pixels.count, by: 3) {
      let pixel = Color(
        red: image.pixels[index], green: image.pixels[index + 1], blue: image.pixels[index + 2])
      #expect(pixel == gray || pixel == color)
      if pixel != gray && pixel != color { break }
    }
  }

  @Test func boxesLargerThanTheImageHaveACasing() throws {
    let color = ClassPalette.color(ofClass: 4)
    for box in [
      Box(x1: -50, y1: -50, x2: 500, y2: 500), Box(x1: 0, y1: 0, x2: 120, y2: 120),
      Box(x1: 60, y1: 60, x2: 60, y2: 60), Box(x1: 119, y1: 0, x2: 119, y2: 120),
    ] {
      let image = try Self.drawn(.box(box), classIndex: 4, on: color)
      #expect(Self.clearPixels(image, on: color) > 0, "\(box)")
    }
  }
}
