import YOLOGeometry
import YOLOImage

/// An image being drawn on.
struct Canvas {
  /// The image's size.
  let size: Size
  private var pixels: [UInt8]
  /// Where shapes are collected before they are painted; made when it is needed.
  private var plane: CoveragePlane?

  /// Starts with an image as it is shown: one of other channels than RGB becomes RGB.
  init(_ image: Image) {
    size = image.size
    pixels = image.rgb.pixels
  }

  /// The image as it is now.
  var image: Image { Image(knownSize: size, pixels: pixels) }

  /// All pixels of the image.
  var bounds: PixelRectangle {
    PixelRectangle(left: 0, top: 0, right: size.width, bottom: size.height)
  }

  /// Fills the part of a rectangle that lies in the image.
  mutating func fill(_ rectangle: PixelRectangle, _ color: Color) {
    let part = rectangle.clipped(to: bounds)
    guard part.width > 0 else { return }
    let stride = 3 * size.width
    // SAFETY: the part lies in the image.
    pixels.withUnsafeMutableBufferPointer { pixels in
      for row in part.top..<part.bottom {
        var index = row * stride + 3 * part.left
        let end = row * stride + 3 * part.right
        while index < end {
          pixels[index] = color.red
          pixels[index + 1] = color.green
          pixels[index + 2] = color.blue
          index += 3
        }
      }
    }
  }

  /// Copies an image, which must lie in this one.
  mutating func place(_ image: Image, left: Int, top: Int) {
    let image = image.rgb
    precondition(left >= 0 && left + image.width <= size.width, "the image lies in this one")
    precondition(top >= 0 && top + image.height <= size.height, "the image lies in this one")
    for y in 0..<image.height {
      let source = 3 * y * image.width
      let target = 3 * ((top + y) * size.width + left)
      pixels.replaceSubrange(
        target..<target + 3 * image.width, with: image.pixels[source..<source + 3 * image.width])
    }
  }

  /// Draws the border of a rectangle, `thickness` pixels inwards.
  mutating func frame(_ rectangle: PixelRectangle, thickness: Int, _ color: Color) {
    let (left, top) = (rectangle.left, rectangle.top)
    let (right, bottom) = (rectangle.right, rectangle.bottom)
    let innerTop = min(top + thickness, bottom)
    let innerBottom = max(bottom - thickness, innerTop)
    let innerLeft = min(left + thickness, right)
    let innerRight = max(right - thickness, innerLeft)
    fill(PixelRectangle(left: left, top: top, right: right, bottom: innerTop), color)
    fill(PixelRectangle(left: left, top: innerBottom, right: right, bottom: bottom), color)
    fill(PixelRectangle(left: left, top: innerTop, right: innerLeft, bottom: innerBottom), color)
    fill(PixelRectangle(left: innerRight, top: innerTop, right: right, bottom: innerBottom), color)
  }

  /// Sets a line off from its background where that is of about the line's color: paints a casing,
  /// black or white, on those pixels of the shapes that the line would not stand out from.
  ///
  /// - Parameters:
  ///   - color: The color of the line.
  ///   - draw: Adds the shapes: the line, a little thicker.
  mutating func paintCasing(of color: Color, _ draw: (inout CoveragePlane) -> Void) {
    paint(color.readableText, opacity: Self.casingOpacity, near: color, draw)
  }

  /// Draws the casing of a rectangle's border, a pixel on each side of it.
  mutating func frameCasing(_ rectangle: PixelRectangle, thickness: Int, of color: Color) {
    let outer = PixelRectangle(
      left: rectangle.left - 1, top: rectangle.top - 1, right: rectangle.right + 1,
      bottom: rectangle.bottom + 1)
    let inside = thickness + 2
    let rows = min(inside, max(0, outer.bottom - outer.top))
    let columns = min(inside, max(0, outer.right - outer.left))
    for part in [
      PixelRectangle(
        left: outer.left, top: outer.top, right: outer.right, bottom: outer.top + rows),
      PixelRectangle(
        left: outer.left, top: max(outer.bottom - inside, outer.top + rows), right: outer.right,
        bottom: outer.bottom),
      PixelRectangle(
        left: outer.left, top: outer.top + rows, right: outer.left + columns,
        bottom: max(outer.bottom - inside, outer.top + rows)),
      PixelRectangle(
        left: max(outer.right - inside, outer.left + columns), top: outer.top + rows,
        right: outer.right, bottom: max(outer.bottom - inside, outer.top + rows)),
    ] {
      let part = part.clipped(to: bounds)
      guard part.width > 0 else { continue }
      for row in part.top..<part.bottom {
        blend(
          row: row, part.left..<part.right, color.readableText, near: color
        ) { _ in Self.level(Self.casingOpacity) }
      }
    }
  }

  /// How much of the background a casing hides.
  private static let casingOpacity: Float = 0.75
  /// The maximum difference of samples of two colors that are hard to tell apart in a thin line.
  private static let nearness = 64

  /// Paints the shapes that `draw` adds to an empty plane.
  ///
  /// - Parameters:
  ///   - color: The color of the shapes.
  ///   - opacity: How much of what lies below is hidden, 0 (nothing) to 1 (all).
  ///   - near: Pixels of other colors than about this one are left as they are; nil for none.
  ///   - draw: Adds the shapes.
  mutating func paint(
    _ color: Color, opacity: Float = 1, near: Color? = nil,
    _ draw: (inout CoveragePlane) -> Void
  ) {
    var plane = self.plane ?? CoveragePlane(size: size)
    self.plane = nil
    draw(&plane)
    let scale = Self.level(opacity)
    let width = size.width
    for (row, columns) in plane.touched.enumerated() where !columns.isEmpty {
      blend(row: row, columns, color, near: near) { column in
        (Int(plane.samples[row * width + column]) * scale + 127) / 255
      }
    }
    plane.clear()
    self.plane = plane
  }

  /// Tints the pixels of a mask, whose frame is this image.
  mutating func tint(_ mask: Mask, _ color: Color, opacity: Float) {
    precondition(mask.frame == size, "the mask belongs to another image")
    let scale = Self.level(opacity)
    for row in 0..<mask.height {
      let start = row * mask.width - mask.left
      blend(row: mask.top + row, mask.left..<mask.left + mask.width, color) { column in
        mask.pixels[start + column] == 0 ? 0 : scale
      }
    }
  }

  /// Returns an opacity as a coverage, 0...255; what is not a number counts as nothing.
  private static func level(_ opacity: Float) -> Int {
    opacity > 0 ? Int(min(opacity, 1) * 255 + 0.5) : 0
  }

  /// Mixes a color into pixels of a row by their coverage, 0...255.
  @inline(__always)
  private mutating func blend(
    row: Int, _ columns: Range<Int>, _ color: Color, near: Color? = nil, coverage: (Int) -> Int
  ) {
    let start = 3 * row * size.width
    // SAFETY: the columns lie in the image.
    pixels.withUnsafeMutableBufferPointer { pixels in
      for column in columns {
        let coverage = coverage(column)
        guard coverage > 0 else { continue }
        let index = start + 3 * column
        if let near {
          let (red, green, blue) = (pixels[index], pixels[index + 1], pixels[index + 2])
          guard Self.isNear(near, Color(red: red, green: green, blue: blue)) else { continue }
        }
        pixels[index] = Self.mix(pixels[index], color.red, coverage)
        pixels[index + 1] = Self.mix(pixels[index + 1], color.green, coverage)
        pixels[index + 2] = Self.mix(pixels[index + 2], color.blue, coverage)
      }
    }
  }

  /// Draws a line of text, its first ink at column `x`, standing on row `baseline - 1`.
  mutating func draw(_ line: Typesetter.Line, x: Int, baseline: Int, _ color: Color) {
    for placement in line.placements {
      blend(placement.bitmap, x: x + placement.x, baseline: baseline, color)
    }
  }

  /// Mixes a color into the image by a shape's coverage; parts outside the image are dropped.
  private mutating func blend(_ bitmap: GlyphBitmap, x: Int, baseline: Int, _ color: Color) {
    let left = x + bitmap.left
    let top = baseline + bitmap.top
    let part = PixelRectangle(
      left: left, top: top, right: left + bitmap.width, bottom: top + bitmap.height
    ).clipped(to: bounds)
    for row in part.top..<part.bottom {
      for column in part.left..<part.right {
        let coverage = Int(bitmap.coverage[(row - top) * bitmap.width + column - left])
        guard coverage > 0 else { continue }
        let index = 3 * (row * size.width + column)
        pixels[index] = Self.mix(pixels[index], color.red, coverage)
        pixels[index + 1] = Self.mix(pixels[index + 1], color.green, coverage)
        pixels[index + 2] = Self.mix(pixels[index + 2], color.blue, coverage)
      }
    }
  }

  private static func isNear(_ first: Color, _ second: Color) -> Bool {
    abs(Int(first.red) - Int(second.red)) <= nearness
      && abs(Int(first.green) - Int(second.green)) <= nearness
      && abs(Int(first.blue) - Int(second.blue)) <= nearness
  }

  private static func mix(_ below: UInt8, _ above: UInt8, _ coverage: Int) -> UInt8 {
    UInt8((Int(below) * (255 - coverage) + Int(above) * coverage + 127) / 255)
  }
}
