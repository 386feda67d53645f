import YOLOGeometry

extension Image {
  /// How much of the image a mask's tint hides.
  private static let tintOpacity: Float = 0.4

  /// Returns the image with masks, their outlines and labels drawn on it, the first ones on top.
  ///
  /// A mask is tinted in its class's color. A mask of a letterbox of the image is brought to the
  /// image's size. A label stands over the mask's uppermost pixels; that of an empty mask stands
  /// on the object's box, unless that is not finite.
  public func annotated(with annotations: [MaskAnnotation]) -> Image {
    var canvas = Canvas(self)
    let style = AnnotationStyle(imageSize: size)
    var typesetter = Typesetter(style: style.text)
    var peaks: [(x: Int, y: Int)?] = []
    for annotation in annotations.reversed() {
      let mask =
        annotation.mask.pixels.isEmpty
        ? Mask(emptyOf: size) : annotation.mask.resampled(to: size)
      let color = ClassPalette.color(ofClass: annotation.classIndex)
      canvas.tint(mask, color, opacity: Self.tintOpacity)
      let outline = MaskOutline(
        mask, lineRadius: max(1, Float(style.lineWidth) * 0.45),
        step: Self.step(of: annotation.mask, in: size))
      canvas.paint(color) { outline.add(to: &$0) }
      peaks.append(Self.peak(of: mask))
    }
    for (annotation, peak) in zip(annotations.reversed(), peaks) {
      let label = Label(
        name: annotation.name, confidence: annotation.confidence,
        classIndex: annotation.classIndex)
      if let peak {
        let top = max(0, peak.y - style.lineWidth)
        canvas.drawTag(label, top: top, style: style, typesetter: &typesetter) {
          peak.x - $0 / 2
        }
      } else if let frame = canvas.frame(annotation.box, lineWidth: style.lineWidth) {
        canvas.drawTag(label, on: frame, style: style, typesetter: &typesetter)
      }
    }
    return canvas.image
  }

  /// Returns the middle of the uppermost row that has pixels of a mask.
  private static func peak(of mask: Mask) -> (x: Int, y: Int)? {
    guard let index = mask.pixels.firstIndex(of: 1) else { return nil }
    let row = index / mask.width
    let pixels = mask.pixels[index..<(row + 1) * mask.width]
    guard let last = pixels.lastIndex(of: 1) else { return nil }
    return (mask.left + (index + last) / 2 - row * mask.width, mask.top + row)
  }

  /// Returns how many pixels of the image a pixel of the mask covers along an axis, at least 1.
  private static func step(of mask: Mask, in size: Size) -> Float {
    guard mask.frame != size else { return 1 }
    let inverse = LetterboxInverse(padded: mask.frame, source: size)
    return max(1, 1 / min(inverse.gainX, inverse.gainY))
  }
}
