import YOLOGeometry
import YOLOImage

/// The thickness of lines and the size of labels on an image of a given size.
struct AnnotationStyle {
  /// The thickness of a box's border in pixels.
  let lineWidth: Int
  /// The size of labels.
  let text: TextStyle
  /// The padding above capitals and below the baseline in a label's tag, in pixels.
  let padding: Int
  /// The padding left and right of the text in a label's tag, in pixels.
  let sidePadding: Int
  /// The fraction of the image that a mask's tint hides.
  let maskOpacity: Float
  /// The minimum visibility of a keypoint that is drawn.
  private let minimumVisibility: Float

  /// The maximum thickness of a border; an image of 100 megapixels has a hundredth of it by
  /// default.
  private static let maximumLineWidth = 4096
  /// The greatest height of capitals: that of an image of 100 megapixels, several times over.
  private static let maximumCapitalHeight = 1024

  init(imageSize: Size, options: DrawingOptions = DrawingOptions()) {
    let side = (Double(imageSize.width) + Double(imageSize.height)) / 2
    lineWidth = min(
      max(1, options.lineWidth ?? Int((side * 0.0028).rounded())), Self.maximumLineWidth)
    let capitalHeight = options.capitalHeight ?? Int((4.5 + side * 0.009).rounded())
    text = TextStyle(
      capitalHeight: min(capitalHeight, Self.maximumCapitalHeight), typeface: options.typeface)
    padding = max(3, Int((Double(text.capitalHeight) * 0.4).rounded()))
    sidePadding = max(3, Int((Double(text.capitalHeight) * 0.5).rounded()))
    maskOpacity = options.maskOpacity
    minimumVisibility = options.minimumVisibility
  }

  /// The height of a tag in pixels.
  var tagHeight: Int { text.capitalHeight + 2 * padding }

  /// Returns whether a keypoint is drawn on an image of a size.
  func shows(_ keypoint: Keypoint, in size: Size) -> Bool {
    if let visibility = keypoint.visibility, !(visibility >= minimumVisibility) { return false }
    let point = keypoint.point
    return point.x > 0 && point.y > 0 && point.x < Float(size.width)
      && point.y < Float(size.height)
  }

  /// Returns half the thickness of limbs: thinner for small objects, as far as they stay visible.
  func limbRadius(in frame: PixelRectangle?) -> Float {
    let maximum = Float(lineWidth) * 0.75
    guard let frame else { return maximum }
    let fitting = Float(max(frame.width, frame.height)) * 0.007
    return max(min(maximum, fitting), 0.75)
  }

  /// Returns the radius of keypoints that no limbs join: larger than joints, which limbs lead to,
  /// but not as large as to hide small objects.
  func pointRadius(in frame: PixelRectangle?) -> Float {
    let maximum = max(Float(lineWidth) * 1.5, 2)
    guard let frame else { return maximum }
    return min(maximum, Float(max(frame.width, frame.height)) * 0.025)
  }
}

/// The text of a tag.
struct Label {
  /// What something is.
  var name: String
  /// A number behind it, which is kept when the name is shortened.
  var value: String?
  /// The class, which chooses the tag's color.
  var classIndex: Int

  /// Creates a label of a name and a confidence with two decimals.
  init(name: String, confidence: Float?, classIndex: Int) {
    self.name = name
    value = confidence.map { Self.twoDecimals($0) }
    self.classIndex = classIndex
  }

  /// Returns a fraction, clamped to 0...1, with two decimals; "?" if it is not a finite number.
  static func twoDecimals(_ fraction: Float) -> String {
    guard fraction.isFinite else { return "?" }
    let hundredths = Int((min(max(fraction, 0), 1) * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }
}

/// Where a tag stands.
struct TagAnchor {
  /// The column that a tag is set to by its left edge, its right edge or its middle.
  enum Column {
    case left(Int)
    case right(Int)
    case middle(Int)
  }

  /// The row that the tag stands on.
  var top: Int
  /// The column that it is set to.
  var column: Column
}

extension Canvas {
  /// Returns the outer edge of a box's border in whole pixels, inside the image; nil if an edge
  /// of the box is not finite.
  func frame(_ box: Box, lineWidth: Int) -> PixelRectangle? {
    guard box.isFinite else { return nil }
    func pixel(_ edge: Float, _ limit: Int) -> Int {
      Int(min(max(edge, 0), Float(limit)).rounded())
    }
    // The border is centered on the box's edges where the image allows it, and never lost.
    let before = lineWidth / 2
    let after = lineWidth - before
    func interval(_ first: Float, _ second: Float, _ limit: Int) -> Range<Int> {
      let start = max(0, min(pixel(min(first, second), limit) - before, limit - lineWidth))
      let end = min(pixel(max(first, second), limit) + after, limit)
      return start..<max(start, end)
    }
    let columns = interval(box.x1, box.x2, size.width)
    let rows = interval(box.y1, box.y2, size.height)
    return PixelRectangle(
      left: columns.lowerBound, top: rows.lowerBound, right: columns.upperBound,
      bottom: rows.upperBound)
  }

  /// Draws a label on a tag of its class's color.
  ///
  /// The tag stands on the anchor's row or, where there is no room above, hangs from it; it never
  /// leaves the image.
  mutating func drawTag(
    _ label: Label, at anchor: TagAnchor, style: AnnotationStyle, typesetter: inout Typesetter
  ) {
    let room = max(1, size.width - 2 * style.sidePadding)
    guard
      let line = typesetter.line(name: label.name, value: label.value, maximumWidth: room),
      line.width > 0
    else { return }
    let width = min(line.width + 2 * style.sidePadding, size.width)
    let edge =
      switch anchor.column {
      case .left(let column): column
      case .right(let column): column - width
      case .middle(let column): column - width / 2
      }
    let left = max(0, min(edge, size.width - width))
    let above = anchor.top - style.tagHeight
    let top = above >= 0 ? above : max(0, min(anchor.top, size.height - style.tagHeight))
    let color = ClassPalette.color(ofClass: label.classIndex)
    fill(
      PixelRectangle(left: left, top: top, right: left + width, bottom: top + style.tagHeight),
      color)
    draw(
      line, x: left + style.sidePadding,
      baseline: top + style.padding + style.text.capitalHeight, color.readableText)
  }
}
