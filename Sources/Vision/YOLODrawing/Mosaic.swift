import YOLOGeometry
package import YOLOImage

extension Image {
  /// Returns images side by side in rows, each with a name, under a title.
  ///
  /// - Parameters:
  ///   - tiles: The images, all of one size, and what stands in their upper left corners.
  ///   - columns: How many stand in a row.
  ///   - title: What stands above.
  /// - Returns: The mosaic.
  package static func mosaic(
    of tiles: [(image: Image, name: String)], columns: Int, title: String
  ) -> Image {
    precondition(!tiles.isEmpty && columns > 0, "something to show")
    let tile = tiles[0].image.size
    let (gap, head) = (4, 26)
    let rows = (tiles.count + columns - 1) / columns
    let across = min(columns, tiles.count)
    var canvas = Canvas(
      Image(
        knownSize: Size(
          width: max(across * (tile.width + gap) + gap, 240),
          height: head + rows * (tile.height + gap)), gray: 24))
    var typesetter = Typesetter(style: TextStyle(capitalHeight: 10))
    if let line = typesetter.line(
      name: title, value: nil, maximumWidth: canvas.size.width - 2 * gap)
    {
      canvas.draw(line, x: gap, baseline: 18, .white)
    }
    var names = Typesetter(style: TextStyle(capitalHeight: 7))
    for (index, entry) in tiles.enumerated() {
      precondition(entry.image.size == tile, "all tiles have one size")
      let left = gap + index % columns * (tile.width + gap)
      let top = head + index / columns * (tile.height + gap)
      canvas.place(entry.image, left: left, top: top)
      if let line = names.line(entry.name, maximumWidth: tile.width - 6) {
        canvas.fill(
          PixelRectangle(left: left, top: top, right: left + line.width + 6, bottom: top + 13),
          Color(red: 24, green: 24, blue: 24))
        canvas.draw(line, x: left + 3, baseline: top + 10, .white)
      }
    }
    return canvas.image
  }

  /// Returns the image with a line of text on a dark bar at its upper edge.
  package func captioned(_ text: String) -> Image {
    var canvas = Canvas(self)
    let style = AnnotationStyle(imageSize: size)
    var typesetter = Typesetter(style: style.text)
    let room = size.width - 2 * style.sidePadding
    guard room > 0, let line = typesetter.line(name: text, value: nil, maximumWidth: room) else {
      return self
    }
    canvas.fill(
      PixelRectangle(
        left: 0, top: 0, right: line.width + 2 * style.sidePadding, bottom: style.tagHeight),
      Color(red: 24, green: 24, blue: 24))
    canvas.draw(
      line, x: style.sidePadding, baseline: style.padding + style.text.capitalHeight, .white)
    return canvas.image
  }

  /// Returns the image under colors for the values of a plane of its size, the stronger the
  /// higher the value.
  ///
  /// - Parameters:
  ///   - values: The plane, row by row, in 0...1.
  ///   - scale: The colors.
  /// - Returns: The tinted image.
  package func tinted(by values: [Float], _ scale: ColorScale) -> Image {
    precondition(values.count == width * height, "a value for each pixel")
    let (minimum, maximum) = (Float(0.12), Float(0.85))
    let pixels = [UInt8](unsafeUninitializedCapacity: 3 * values.count) { target, count in
      for (index, value) in values.enumerated() {
        let color = scale.color(of: value)
        let opacity = value.isNaN ? 1 : minimum + (maximum - minimum) * min(max(value, 0), 1)
        for (channel, sample) in [color.red, color.green, color.blue].enumerated() {
          let below = Float(self.pixels[3 * index + channel])
          target[3 * index + channel] = UInt8((below + (Float(sample) - below) * opacity).rounded())
        }
      }
      count = 3 * values.count
    }
    return Image(knownSize: size, pixels: pixels)
  }
}
