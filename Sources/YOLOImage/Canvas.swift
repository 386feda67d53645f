import YOLOGeometry

/// A picture being drawn on.
struct Canvas {
  /// The picture's extent.
  let size: Size
  private var pixels: [UInt8]

  init(_ image: Image) {
    size = image.size
    pixels = image.pixels
  }

  /// The picture as it is now.
  var image: Image { Image(size: size, pixels: pixels) }

  /// All pixels of the picture.
  var bounds: PixelRectangle {
    PixelRectangle(left: 0, top: 0, right: size.width, bottom: size.height)
  }

  /// Fills the part of a rectangle that lies in the picture.
  mutating func fill(_ rectangle: PixelRectangle, _ color: Color) {
    let part = rectangle.clipped(to: bounds)
    guard part.width > 0 else { return }
    let stride = 3 * size.width
    // SAFETY: the part lies in the picture.
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

  /// Draws a line of text, its first ink at column `x`, standing on row `baseline - 1`.
  mutating func draw(_ line: Typesetter.Line, x: Int, baseline: Int, _ color: Color) {
    for placement in line.placements {
      blend(placement.bitmap, x: x + placement.x, baseline: baseline, color)
    }
  }

  /// Mixes a colour into the picture by a shape's coverage; parts outside the picture are dropped.
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

  private static func mix(_ below: UInt8, _ above: UInt8, _ coverage: Int) -> UInt8 {
    UInt8((Int(below) * (255 - coverage) + Int(above) * coverage + 127) / 255)
  }
}
