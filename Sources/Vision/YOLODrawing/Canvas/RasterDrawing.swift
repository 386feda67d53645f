package import YOLOGeometry
package import YOLOImage

/// A drawing of plots as an image: shapes and text in a system of coordinates of its own.
///
/// Coordinates are units, y pointing down; a unit is `scale` pixels. What lies outside is dropped.
package struct RasterDrawing {
  /// Where text stands relative to its position.
  package enum Anchor: Sendable {
    case start
    case middle
    case end
  }

  private let scale: Double
  private var canvas: Canvas
  private var typesetters: [Int: Typesetter] = [:]

  /// The greatest side of an image in pixels.
  private static let maximumSide = 16_384
  /// The height of capitals in units of the size of a font.
  private static let capitalRatio = 0.727
  /// The characters of a line of text that are drawn at most.
  private static let textLimit = 200

  /// Starts an empty drawing on white.
  ///
  /// - Parameters:
  ///   - width: The width in units.
  ///   - height: The height in units.
  ///   - scale: The pixels of a unit.
  package init(width: Double, height: Double, scale: Double) {
    self.scale = scale
    func pixels(_ length: Double) -> Int {
      min(max(Int((length * scale).rounded()), 1), Self.maximumSide)
    }
    let size = Size(width: pixels(width), height: pixels(height))
    canvas = Canvas(Image(knownSize: size, gray: 255))
  }

  /// The image as it is now.
  package var image: Image { canvas.image }

  private func pixel(_ value: Double) -> Int {
    Int(min(max((value * scale).rounded(), -1e6), 1e6))
  }

  private func point(_ x: Double, _ y: Double) -> Point {
    Point(x: Float(x * scale), y: Float(y * scale))
  }

  /// Fills a rectangle; its edges are those of pixels.
  package mutating func fill(x: Double, y: Double, width: Double, height: Double, _ color: Color) {
    canvas.fill(
      PixelRectangle(
        left: pixel(x), top: pixel(y), right: pixel(x + width), bottom: pixel(y + height)), color)
  }

  /// Mixes a color into a rectangle.
  package mutating func tint(
    x: Double, y: Double, width: Double, height: Double, _ color: Color, opacity: Double
  ) {
    let box = Box(
      x1: Float(x * scale), y1: Float(y * scale), x2: Float((x + width) * scale),
      y2: Float((y + height) * scale))
    canvas.paint(color, opacity: Float(opacity)) { $0.addRectangle(box, cornerRadius: 0) }
  }

  /// Draws the border of a rectangle, its middle on the edges.
  package mutating func frame(
    x: Double, y: Double, width: Double, height: Double, _ color: Color, lineWidth: Double = 1
  ) {
    let thickness = max(Int((lineWidth * scale).rounded()), 1)
    let before = thickness / 2
    canvas.frame(
      PixelRectangle(
        left: pixel(x) - before, top: pixel(y) - before,
        right: pixel(x + width) - before + thickness,
        bottom: pixel(y + height) - before + thickness), thickness: thickness, color)
  }

  /// Draws a straight line: sharp if it is level or upright, smooth otherwise.
  package mutating func line(
    x1: Double, y1: Double, x2: Double, y2: Double, _ color: Color, width: Double = 1
  ) {
    let thickness = max(Int((width * scale).rounded()), 1)
    let before = thickness / 2
    if x1 == x2 || y1 == y2 {
      let (left, top) = (pixel(min(x1, x2)), pixel(min(y1, y2)))
      let (right, bottom) = (pixel(max(x1, x2)), pixel(max(y1, y2)))
      let across = x1 == x2
      canvas.fill(
        PixelRectangle(
          left: left - (across ? before : 0), top: top - (across ? 0 : before),
          right: across ? left - before + thickness : right,
          bottom: across ? bottom : top - before + thickness), color)
      return
    }
    path([(x1, y1), (x2, y2)], color, width: width)
  }

  /// Draws a line through points; those that are not finite part it.
  package mutating func path(
    _ points: [(x: Double, y: Double)], _ color: Color, width: Double, opacity: Double = 1
  ) {
    let radius = Float(max(width * scale, 1) / 2)
    let runs = points.split { !$0.x.isFinite || !$0.y.isFinite }
      .map { run in run.map { point($0.x, $0.y) } }
    canvas.paint(color, opacity: Float(opacity)) { plane in
      for run in runs { plane.addPath(run, isClosed: false, radius: radius) }
    }
  }

  /// Fills a polygon.
  package mutating func polygon(_ points: [(x: Double, y: Double)], _ color: Color) {
    let corners = points.map { point($0.x, $0.y) }
    canvas.paint(color) { $0.addArea(corners) }
  }

  /// Fills discs of a radius.
  package mutating func discs(
    _ centers: [(x: Double, y: Double)], radius: Double, _ color: Color
  ) {
    let centers = centers.filter { $0.x.isFinite && $0.y.isFinite }.map { point($0.x, $0.y) }
    let radius = Float(radius * scale)
    canvas.paint(color) { plane in
      for center in centers { plane.addDisc(center, radius: radius) }
    }
  }

  /// Writes a line of text on the baseline `y`.
  ///
  /// - Parameters:
  ///   - text: The text, of which 200 characters count.
  ///   - x: The position.
  ///   - y: The baseline.
  ///   - size: The size of the font in units.
  ///   - anchor: Where the text stands relative to its position.
  ///   - color: The color.
  ///   - isBold: Whether strokes are thicker.
  ///   - isUpright: Whether the text is read upwards, turned around its position.
  package mutating func text(
    _ text: String, x: Double, y: Double, size: Double, anchor: Anchor, _ color: Color,
    isBold: Bool = false, isUpright: Bool = false
  ) {
    let height = Int((size * Self.capitalRatio * scale).rounded())
    let style = TextStyle(capitalHeight: height)
    var typesetter = typesetters[style.capitalHeight] ?? Typesetter(style: style)
    let line = typesetter.line(String(text.prefix(Self.textLimit)), maximumWidth: 100_000)
    typesetters[style.capitalHeight] = typesetter
    guard let line, line.width > 0 else { return }
    let weight = isBold ? max(Int((size * scale * 0.045).rounded()), 1) : 0
    let width = line.width + weight
    let shift =
      switch anchor {
      case .start: 0
      case .middle: width / 2
      case .end: width
      }
    if isUpright {
      drawUpright(
        line, x: pixel(x), y: pixel(y) + shift, style: style, color, width: width, weight: weight)
      return
    }
    for offset in 0...weight {
      canvas.draw(line, x: pixel(x) - shift + offset, baseline: pixel(y), color)
    }
  }

  /// Draws a line of text upwards from a position, on white.
  private mutating func drawUpright(
    _ line: Typesetter.Line, x: Int, y: Int, style: TextStyle, _ color: Color, width: Int,
    weight: Int
  ) {
    let ascent = style.capitalHeight * 3 / 2
    let height = ascent + style.capitalHeight
    var level = Canvas(Image(knownSize: Size(width: width + 2, height: height), gray: 255))
    for offset in 0...weight { level.draw(line, x: 1 + offset, baseline: ascent, color) }
    let source = level.image
    let (across, along) = (height, width + 2)
    var pixels = [UInt8](repeating: 255, count: 3 * across * along)
    for row in 0..<along {
      for column in 0..<across {
        // A quarter turn against the clock: columns become rows from below.
        let from = 3 * (column * (width + 2) + along - 1 - row)
        let to = 3 * (row * across + column)
        for channel in 0..<3 { pixels[to + channel] = source.pixels[from + channel] }
      }
    }
    place(
      Image(knownSize: Size(width: across, height: along), channels: 3, pixels: pixels),
      left: x - ascent, top: y - width - 1)
  }

  /// Copies the part of an image that lies inside, its upper left corner at a pixel.
  private mutating func place(_ image: Image, left: Int, top: Int) {
    let part = PixelRectangle(
      left: left, top: top, right: left + image.width, bottom: top + image.height
    ).clipped(to: canvas.bounds)
    guard part.width > 0, part.bottom > part.top else { return }
    var pixels = [UInt8]()
    pixels.reserveCapacity(3 * part.width * (part.bottom - part.top))
    for row in part.top..<part.bottom {
      let start = 3 * ((row - top) * image.width + part.left - left)
      pixels += image.pixels[start..<start + 3 * part.width]
    }
    canvas.place(
      Image(
        knownSize: Size(width: part.width, height: part.bottom - part.top), channels: 3,
        pixels: pixels), left: part.left, top: part.top)
  }

  /// Copies an image with its upper left corner at a position; a pixel of it is one here.
  package mutating func place(_ image: Image, x: Double, y: Double) {
    place(image.rgb, left: pixel(x), top: pixel(y))
  }
}
