public import YOLOGeometry
public import YOLOImage

extension Image {
  /// Returns the image with objects and their labels drawn on it, the first ones on top.
  ///
  /// Line widths and letters grow with the image. Boxes may reach beyond the image; what is not
  /// finite is left out.
  ///
  /// - Borders of boxes, outlines of masks and keypoints stand out from whatever is behind them:
  ///   where that is of about their color, they have a casing, black or white.
  /// - A label stands on its box or, where there is no room above, inside at the box's upper edge,
  ///   and never leaves the image. That of an oriented box stands on the topmost corner.
  /// - A mask is tinted in its class's color and has an outline; its label stands over the
  ///   uppermost pixels. A mask of a letterbox of the image is brought to the image's size.
  /// - Seventeen keypoints are joined to a person's skeleton, the limbs of a part of the body in
  ///   one color; other numbers of keypoints are shown as points. A keypoint is left out if its
  ///   visibility is below the minimum and if it does not lie inside the image: keypoints that were
  ///   clipped to its edge do not.
  public func annotated(
    with instances: [Instance], options: DrawingOptions = DrawingOptions()
  ) -> Image {
    var canvas = Canvas(self)
    let style = AnnotationStyle(imageSize: size, options: options)
    let instances = instances.reversed()
    let anchors = instances.map { instance in
      canvas.draw(
        instance.geometry, ClassPalette.color(ofClass: instance.classIndex), style: style)
    }
    for instance in instances {
      guard case .keypoints(let box, let keypoints) = instance.geometry else { continue }
      let points = keypoints.map { style.shows($0, in: size) ? $0.point : nil }
      let frame = canvas.frame(box, lineWidth: style.lineWidth)
      canvas.drawSkeleton(
        points, radius: style.limbRadius(in: frame), pointRadius: style.pointRadius(in: frame))
    }
    guard options.showsLabels else { return canvas.image }
    var typesetter = Typesetter(style: style.text)
    for (instance, anchor) in zip(instances, anchors) {
      guard let anchor else { continue }
      let label = Label(
        name: instance.className,
        confidence: options.showsConfidences && instance.confidence.isFinite
          ? instance.confidence : nil,
        classIndex: instance.classIndex)
      canvas.drawTag(label, at: anchor, style: style, typesetter: &typesetter)
    }
    return canvas.image
  }
}

extension Canvas {
  /// Draws an object without keypoints and label, and returns where the label goes; nil if nowhere.
  fileprivate mutating func draw(
    _ geometry: Geometry, _ color: Color, style: AnnotationStyle
  ) -> TagAnchor? {
    switch geometry {
    case .box(let box), .keypoints(let box, _), .outline(let box, _):
      guard let frame = frame(box, lineWidth: style.lineWidth) else { return nil }
      frameCasing(frame, thickness: style.lineWidth, of: color)
      self.frame(frame, thickness: style.lineWidth, color)
      return TagAnchor(top: frame.top, column: .left(frame.left))
    case .orientedBox(let box):
      return draw(box, color, style: style)
    case .mask(let box, let mask, _):
      if let anchor = draw(mask, color, style: style) { return anchor }
      return frame(box, lineWidth: style.lineWidth)
        .map { TagAnchor(top: $0.top, column: .left($0.left)) }
    }
  }

  private mutating func draw(
    _ box: OrientedBox, _ color: Color, style: AnnotationStyle
  ) -> TagAnchor? {
    let corners = box.corners
    guard corners.allSatisfy({ $0.x.isFinite && $0.y.isFinite }),
      let top = corners.min(by: { ($0.y, $0.x) < ($1.y, $1.x) }),
      let frame = frame(
        Box(x1: top.x, y1: top.y, x2: top.x, y2: top.y), lineWidth: style.lineWidth)
    else { return nil }
    let radius = max(1, Float(style.lineWidth)) / 2
    paintCasing(of: color) { $0.addPath(corners, isClosed: true, radius: radius + 1) }
    paint(color) { $0.addPath(corners, isClosed: true, radius: radius) }
    // The tag lies over the box, towards its middle.
    return TagAnchor(
      top: frame.top, column: top.x > box.x ? .right(frame.right) : .left(frame.left))
  }

  /// Returns nil for an empty mask.
  private mutating func draw(
    _ mask: Mask, _ color: Color, style: AnnotationStyle
  ) -> TagAnchor? {
    let own = mask
    let mask = own.pixels.isEmpty ? Mask(emptyOf: size) : own.resampled(to: size)
    let radius = max(1, Float(style.lineWidth) * 0.45)
    let step = Self.step(of: own, in: size)
    // Below the tint, which would be taken for background of the outline's color otherwise.
    let casing = MaskOutline(mask, lineRadius: radius + 1, step: step)
    paintCasing(of: color) { casing.add(to: &$0) }
    tint(mask, color, opacity: style.maskOpacity)
    let outline = MaskOutline(mask, lineRadius: radius, step: step)
    paint(color) { outline.add(to: &$0) }
    return Self.peak(of: mask).map {
      TagAnchor(top: max(0, $0.y - style.lineWidth), column: .middle($0.x))
    }
  }

  /// Returns the middle of the uppermost row that has pixels of a mask.
  private static func peak(of mask: Mask) -> (x: Int, y: Int)? {
    guard let index = mask.pixels.firstIndex(of: 1) else { return nil }
    let row = index / mask.width
    let pixels = mask.pixels[index..<(row + 1) * mask.width]
    guard let last = pixels.lastIndex(of: 1) else { return nil }
    return (mask.left + (index + last) / 2 - row * mask.width, mask.top + row)
  }

  /// Returns the number of pixels of the image that a pixel of the mask covers along an axis, at
  /// least 1.
  private static func step(of mask: Mask, in size: Size) -> Float {
    guard mask.frame != size else { return 1 }
    let inverse = LetterboxInverse(padded: mask.frame, source: size)
    return max(1, 1 / min(inverse.gainX, inverse.gainY))
  }
}
