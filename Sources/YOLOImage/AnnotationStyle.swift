import YOLOGeometry

/// How thick lines and how large labels are on an image of a given size.
struct AnnotationStyle {
  /// The thickness of a box's border in pixels.
  let lineWidth: Int
  /// The size of labels.
  let text: TextStyle
  /// The room above capitals and below the baseline in a label's tag, in pixels.
  let padding: Int
  /// The room left and right of the text in a label's tag, in pixels.
  let sidePadding: Int

  init(imageSize: Size) {
    let extent = (Double(imageSize.width) + Double(imageSize.height)) / 2
    lineWidth = max(1, Int((extent * 0.0028).rounded()))
    text = TextStyle(capitalHeight: Int((4.5 + extent * 0.009).rounded()))
    padding = max(3, Int((Double(text.capitalHeight) * 0.4).rounded()))
    sidePadding = max(3, Int((Double(text.capitalHeight) * 0.5).rounded()))
  }

  /// The height of a tag in pixels.
  var tagHeight: Int { text.capitalHeight + 2 * padding }
}
