import YOLOGeometry
import YOLOImage

/// How masks are made of polygons.
public struct MaskSettings: Sendable, Hashable {
  /// Whether all instances share one map.
  public var isOverlapping: Bool
  /// How many pixels of the input one pixel of a mask has along each side.
  public var ratio: Int

  /// Creates settings; the defaults are those of Ultralytics.
  public init(isOverlapping: Bool = true, ratio: Int = 4) {
    self.isOverlapping = isOverlapping
    self.ratio = ratio
  }
}

/// Draws the polygons of a sample as masks.
///
/// A polygon is filled at the size of the input and reduced bilinearly. The instances are sorted by
/// falling area of their reduced masks, unless each has a map of its own; smaller ones lie on top.
package struct MaskDrawing {
  package let width: Int
  package let height: Int
  package let settings: MaskSettings

  private var columns: Int { max(width / settings.ratio, 1) }
  private var rows: Int { max(height / settings.ratio, 1) }

  /// Returns the order in which the labels belong to the masks, and the masks.
  package func masks(of labels: SampleLabels) -> (order: [Int], masks: TargetMasks) {
    let frame = Size(width: width, height: height)
    var reduced: [Mask] = []
    reduced.reserveCapacity(labels.count)
    for index in 0..<labels.count {
      let points = labels.points[labels.pointRange(index)].map { Point(x: $0.x, y: $0.y) }
      reduced.append(reduce(Polygon(points: points).filled(in: frame)))
    }
    let areas = reduced.map(\.area)
    let falling = reduced.indices.sorted { (-areas[$0], $0) < (-areas[$1], $1) }
    let order = settings.isOverlapping ? falling : Array(reduced.indices)
    let plane = columns * rows
    var values = [UInt16](
      repeating: 0, count: settings.isOverlapping ? plane : plane * labels.count)
    var semantic = [Int32](repeating: -1, count: plane)
    for (position, index) in order.enumerated() {
      let (start, value): (Int, UInt16) =
        settings.isOverlapping ? (0, UInt16(clamping: position + 1)) : (position * plane, 1)
      forEachPixel(of: reduced[index]) { values[start + $0] = value }
    }
    for index in falling {
      forEachPixel(of: reduced[index]) { semantic[$0] = labels.classes[index] }
    }
    return (
      order,
      TargetMasks(
        height: rows, width: columns, isOverlapping: settings.isOverlapping, values: values,
        semantic: semantic)
    )
  }

  /// Calls a closure with the offset of each pixel of a reduced mask.
  private func forEachPixel(of mask: Mask, _ body: (Int) -> Void) {
    for y in 0..<mask.height {
      let target = (mask.top + y) * columns + mask.left
      for x in 0..<mask.width where mask.pixels[y * mask.width + x] != 0 { body(target + x) }
    }
  }

  /// Reduces a mask to the size of the target.
  private func reduce(_ mask: Mask) -> Mask {
    let ratio = settings.ratio
    let frame = Size(width: columns, height: rows)
    guard mask.width > 0, mask.height > 0 else { return Mask(emptyOf: frame) }
    if ratio == 1 { return mask }
    guard ratio % 2 == 0, width % ratio == 0, height % ratio == 0 else {
      return resized(mask, to: frame)
    }
    // The middle of a reduced pixel lies between the four middle ones.
    let (left, top) = (mask.left / ratio, mask.top / ratio)
    let right = min((mask.left + mask.width - 1) / ratio, columns - 1)
    let bottom = min((mask.top + mask.height - 1) / ratio, rows - 1)
    let (newWidth, newHeight) = (right - left + 1, bottom - top + 1)
    var pixels = [UInt8](repeating: 0, count: newWidth * newHeight)
    let middle = ratio / 2 - 1
    mask.pixels.withUnsafeBufferPointer { source in
      func pixel(_ x: Int, _ y: Int) -> UInt8 {
        guard x >= 0, y >= 0, x < mask.width, y < mask.height else { return 0 }
        return source[y * mask.width + x]
      }
      for y in 0..<newHeight {
        let row = (top + y) * ratio + middle - mask.top
        for x in 0..<newWidth {
          let column = (left + x) * ratio + middle - mask.left
          let count =
            pixel(column, row) &+ pixel(column + 1, row) &+ pixel(column, row + 1)
            &+ pixel(column + 1, row + 1)
          pixels[y * newWidth + x] = count >= 2 ? 1 : 0
        }
      }
    }
    return Mask(
      frame: frame, left: left, top: top, width: newWidth, height: newHeight, pixels: pixels)
  }

  /// Reduces a mask as an image of one channel.
  private func resized(_ mask: Mask, to frame: Size) -> Mask {
    var whole = [UInt8](repeating: 0, count: width * height)
    for y in 0..<mask.height {
      for x in 0..<mask.width {
        whole[(mask.top + y) * width + mask.left + x] = mask.pixels[y * mask.width + x]
      }
    }
    let image = Image(knownSize: Size(width: width, height: height), channels: 1, pixels: whole)
    return Mask(frame: frame, pixels: image.withView { $0.resized(to: frame) }.pixels)
  }
}
