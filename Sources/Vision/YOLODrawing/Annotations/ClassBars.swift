import YOLOGeometry
public import YOLOImage

/// What an image may show as a whole, to be drawn as a bar.
public struct ClassBarAnnotation: Sendable, Hashable {
  /// What the image may show; it is shortened if there is no room for it.
  public var name: String
  /// How probable that is, 0...1: the length of the bar.
  public var probability: Float
  /// The class, which chooses the color.
  public var classIndex: Int

  /// Creates an annotation.
  public init(name: String, probability: Float, classIndex: Int) {
    self.name = name
    self.probability = probability
    self.classIndex = classIndex
  }
}

extension Image {
  /// The number of classes that are shown at most.
  private static let maximumBars = 5

  /// Returns the image with a panel in the upper left corner: the first five classes, in order,
  /// with their probabilities as numbers and bars.
  ///
  /// Only as many classes are shown as the image has room for, one at least.
  public func annotated(
    with annotations: [ClassBarAnnotation], options: DrawingOptions = DrawingOptions()
  ) -> Image {
    guard !annotations.isEmpty else { return self }
    var canvas = Canvas(self)
    canvas.drawBars(
      annotations.prefix(Self.maximumBars),
      layout: ClassBarLayout(style: AnnotationStyle(imageSize: size, options: options), on: size))
    return canvas.image
  }
}

extension Canvas {
  fileprivate mutating func drawBars(
    _ annotations: ArraySlice<ClassBarAnnotation>, layout: ClassBarLayout
  ) {
    var typesetter = Typesetter(style: layout.text)
    let rows = annotations.prefix(layout.maximumRows)
    let panel = layout.panel(rows: rows.count)
    paint(Color(red: 16, green: 18, blue: 22), opacity: 0.72) { plane in
      plane.addRectangle(panel, cornerRadius: layout.cornerRadius)
    }
    for (row, annotation) in rows.enumerated() {
      let baseline = layout.baseline(ofRow: row)
      let right = layout.inner.upperBound
      var room = layout.inner.count
      let value = Label.twoDecimals(annotation.probability)
      // Where there is room for one of both only, the name is shown: the bar tells the number.
      if let line = typesetter.line(value, maximumWidth: room - layout.gap - layout.minimumName) {
        draw(line, x: right - line.width, baseline: baseline, .white)
        room -= line.width + layout.gap
      }
      if let line = typesetter.line(name: annotation.name, value: nil, maximumWidth: room) {
        draw(line, x: layout.inner.lowerBound, baseline: baseline, .white)
      }
      let track = layout.track(ofRow: row)
      let radius = (track.y2 - track.y1) / 2
      paint(.white, opacity: 0.22) { $0.addRectangle(track, cornerRadius: radius) }
      let fraction = annotation.probability
      guard fraction > 0 else { continue }
      var bar = track
      // A bar is never shorter than it is high: the round ends need that much.
      bar.x2 = track.x1 + max(track.width * min(fraction, 1), track.height)
      paint(ClassPalette.color(ofClass: annotation.classIndex)) {
        $0.addRectangle(bar, cornerRadius: radius)
      }
    }
  }
}

/// Where the parts of a panel with class bars are on an image of a given size.
struct ClassBarLayout {
  /// The size of the text.
  let text: TextStyle
  /// The minimum gap between a name and its number, in pixels.
  let gap: Int
  /// The minimum width of a name beside its number, in pixels.
  let minimumName: Int
  /// The radius of the panel's corners in pixels.
  let cornerRadius: Float
  /// The columns of text and bars.
  let inner: Range<Int>
  /// The number of classes that fit, at least 1.
  let maximumRows: Int

  /// The distance between panel and image's edge.
  private let margin: Int
  /// The distance between the panel's edge and its contents.
  private let padding: Int
  private let barHeight: Int
  /// The distance from one row to the next.
  private let pitch: Int
  private let right: Int

  init(style: AnnotationStyle, on imageSize: Size) {
    text = style.text
    let capitals = text.capitalHeight
    let smaller = min(imageSize.width, imageSize.height)
    margin = min(capitals, smaller / 24)
    padding = min(capitals, max(2, smaller / 20))
    gap = capitals / 2 + 2
    minimumName = capitals * 2
    barHeight = max(2, Int((Double(capitals) * 0.4).rounded()))
    // Letters reach below the baseline by a third of their height.
    let textHeight = capitals + barHeight + max(3, Int((Double(capitals) * 0.55).rounded()))
    pitch = textHeight + max(3, capitals * 2 / 3)
    cornerRadius = Float(padding) * 0.6
    right = min(imageSize.width - margin, margin + 2 * padding + 20 * capitals)
    let left = min(margin + padding, max(right - padding - 1, 0))
    inner = left..<max(left + 1, right - padding)
    let room = imageSize.height - 2 * margin - 2 * padding
    maximumRows = max(1, (room - textHeight) / pitch + 1)
  }

  /// Returns the panel's rectangle for a number of rows.
  func panel(rows: Int) -> Box {
    Box(
      x1: Float(margin), y1: Float(margin), x2: Float(right),
      y2: track(ofRow: rows - 1).y2 + Float(padding))
  }

  /// Returns the row that a line of text stands on.
  func baseline(ofRow row: Int) -> Int { margin + padding + row * pitch + text.capitalHeight }

  /// Returns the rectangle of a whole bar.
  func track(ofRow row: Int) -> Box {
    let descent = max(3, Int((Double(text.capitalHeight) * 0.55).rounded()))
    let top = Float(baseline(ofRow: row) + descent)
    return Box(
      x1: Float(inner.lowerBound), y1: top, x2: Float(inner.upperBound),
      y2: top + Float(barHeight))
  }
}
