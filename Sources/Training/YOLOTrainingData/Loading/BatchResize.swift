package import YOLOGeometry

/// Resizing of whole batches for `multi_scale`.
package enum BatchResize {
  /// Draws the size of a batch: a multiple of the stride in a range about the input's side.
  ///
  /// - Parameters:
  ///   - size: The size of the batch as it is made.
  ///   - imageSize: The input's side.
  ///   - fraction: How far the side varies.
  ///   - unit: The stride.
  ///   - draws: One index.
  /// - Returns: The size that the batch gets.
  package static func size(
    of size: Size, imageSize: Int, fraction: Double, unit: Int, draws: inout Draws
  ) -> Size {
    let low = Int(Double(imageSize) * (1 - fraction))
    let high = Int(Double(imageSize) * (1 + fraction) + Double(unit))
    let side = max((low + draws.index(below: max(high - low, 1))) / unit * unit, unit)
    let factor = Double(side) / Double(max(size.width, size.height))
    guard factor != 1 else { return size }
    func scaled(_ length: Int) -> Int {
      max(Int((Double(length) * factor / Double(unit)).rounded(.up)) * unit, unit)
    }
    return Size(width: scaled(size.width), height: scaled(size.height))
  }

  /// Resizes the images of a batch bilinearly, without antialiasing, from middle to middle.
  ///
  /// - Parameters:
  ///   - pixels: The images, [image, row, column, channel].
  ///   - count: The number of images.
  ///   - size: Their size.
  ///   - newSize: The size that they get.
  ///   - result: Memory for the result, as many numbers as that has.
  package static func resize(
    _ pixels: UnsafePointer<Float>, count: Int, from size: Size, to newSize: Size,
    into result: UnsafeMutablePointer<Float>
  ) {
    let columns = Axis(size.width, newSize.width)
    let rows = Axis(size.height, newSize.height)
    let stride = 3 * size.width
    // SAFETY: the positions of both axes lie in the images.
    columns.taps.withUnsafeBufferPointer { columns in
      for image in 0..<count {
        let source = pixels + image * stride * size.height
        var target = result + image * 3 * newSize.width * newSize.height
        for row in rows.taps {
          let upper = source + row.lower * stride
          let lower = source + row.upper * stride
          var index = 0
          while index < columns.count {
            let column = columns[index]
            let (left, right) = (3 &* column.lower, 3 &* column.upper)
            var channel = 0
            while channel < 3 {
              let top =
                upper[left &+ channel]
                + (upper[right &+ channel] - upper[left &+ channel]) * column.weight
              let bottom =
                lower[left &+ channel]
                + (lower[right &+ channel] - lower[left &+ channel]) * column.weight
              target[channel] = top + (bottom - top) * row.weight
              channel &+= 1
            }
            target += 3
            index &+= 1
          }
        }
      }
    }
  }

  /// What the samples of a resized axis are mixed of.
  private struct Axis {
    package struct Tap {
      package let lower: Int
      package let upper: Int
      /// The weight of the upper sample.
      package let weight: Float
    }

    package let taps: [Tap]

    package init(_ source: Int, _ result: Int) {
      let scale = Float(source) / Float(result)
      taps = (0..<result).map { index in
        let position = max((Float(index) + 0.5) * scale - 0.5, 0)
        let lower = min(Int(position), source - 1)
        return Tap(
          lower: lower, upper: min(lower + 1, source - 1), weight: position - Float(lower))
      }
    }
  }
}
