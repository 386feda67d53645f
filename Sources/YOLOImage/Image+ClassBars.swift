import YOLOGeometry

extension Image {
  /// How many classes are shown at most.
  private static let maximumBars = 5

  /// Returns the image with a panel in the upper left corner: the first five classes, in order,
  /// with their probabilities as numbers and bars.
  ///
  /// Only as many classes are shown as the image has room for, one at least.
  public func annotated(with annotations: [ClassBarAnnotation]) -> Image {
    guard !annotations.isEmpty else { return self }
    var canvas = Canvas(self)
    canvas.drawBars(
      annotations.prefix(Self.maximumBars), layout: ClassBarLayout(imageSize: size))
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
      let share = annotation.probability
      guard share > 0 else { continue }
      var bar = track
      // A bar is never shorter than it is high: the round ends need that much.
      bar.x2 = track.x1 + max(track.width * min(share, 1), track.height)
      paint(ClassPalette.color(ofClass: annotation.classIndex)) {
        $0.addRectangle(bar, cornerRadius: radius)
      }
    }
  }
}
