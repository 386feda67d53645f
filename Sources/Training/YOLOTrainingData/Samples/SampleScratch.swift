import YOLOGeometry
package import YOLOImage

/// The gray level of what no image covers.
package let paddingGray: UInt8 = 114

/// An RGB image that samples are composed on: rows without padding, and bytes behind the last one
/// so that four samples may be read at any pixel.
package final class Canvas {
  package private(set) var pixels: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  package private(set) var width = 0
  package private(set) var height = 0

  /// The bytes behind the last row.
  private static let slack = 16

  package init() {
    capacity = Self.slack
    pixels = .allocate(capacity: capacity)
    pixels.initialize(repeating: 0, count: capacity)
  }

  deinit { pixels.deallocate() }

  /// The bytes of a row.
  package var stride: Int { 3 * width }

  /// Sets the size of the image, whose pixels are then undefined.
  package func resize(width: Int, height: Int) {
    precondition(width > 0 && height > 0, "an image has a pixel")
    let needed = 3 * width * height + Self.slack
    if needed > capacity {
      pixels.deallocate()
      pixels = .allocate(capacity: needed)
      pixels.initialize(repeating: 0, count: needed)
      capacity = needed
    }
    self.width = width
    self.height = height
  }

  /// Copies an image as a whole.
  package func copy(_ image: Image) {
    resize(width: image.width, height: image.height)
    image.withView { view in
      // SAFETY: both have `3 · width · height` bytes.
      pixels.update(from: view.pixels, count: 3 * view.width * view.height)
    }
  }

  /// Copies another canvas as a whole.
  package func copy(_ other: Canvas) {
    resize(width: other.width, height: other.height)
    pixels.update(from: other.pixels, count: 3 * width * height)
  }

  /// Fills a rectangle, which lies in the image, with one gray level.
  package func fill(left: Int, top: Int, right: Int, bottom: Int) {
    guard left < right else { return }
    var y = top
    while y < bottom {
      (pixels + y * stride + 3 * left).update(repeating: paddingGray, count: 3 * (right - left))
      y += 1
    }
  }
}

/// A sample while it is made: RGB and an undefined byte for each pixel, packed into 32 bits with
/// red in the lowest.
package final class PixelPlane {
  package private(set) var pixels: UnsafeMutablePointer<UInt32>
  private var capacity: Int
  package private(set) var width = 0
  package private(set) var height = 0

  package init() {
    capacity = 8
    pixels = .allocate(capacity: capacity)
    pixels.initialize(repeating: 0, count: capacity)
  }

  deinit { pixels.deallocate() }

  /// The number of pixels.
  package var count: Int { width * height }

  /// Sets the size of the image, whose pixels are then undefined.
  package func resize(width: Int, height: Int) {
    precondition(width > 0 && height > 0, "an image has a pixel")
    let needed = width * height + 8
    if needed > capacity {
      pixels.deallocate()
      pixels = .allocate(capacity: needed)
      pixels.initialize(repeating: 0, count: needed)
      capacity = needed
    }
    self.width = width
    self.height = height
  }

  /// Writes the pixels as numbers from 0 to 1, [row, column, channel].
  ///
  /// - Parameters:
  ///   - output: `3 · width · height` numbers.
  ///   - isFlipped: Whether rows are written from right to left.
  ///   - isUpsideDown: Whether the last row is written first.
  ///   - isBlueFirst: Whether red and blue are exchanged.
  package func write(
    to output: UnsafeMutablePointer<Float>, isFlipped: Bool, isUpsideDown: Bool, isBlueFirst: Bool
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 256) { table in
      // SAFETY: the table has all 256 levels; `3 · width · height` numbers are written.
      for level in 0..<256 { table.initializeElement(at: level, to: Float(level) / 255) }
      guard let table = UnsafePointer(table.baseAddress) else { return }
      let (redShift, blueShift): (UInt32, UInt32) = isBlueFirst ? (16, 0) : (0, 16)
      var y = 0
      while y < height {
        let row = pixels + (isUpsideDown ? height - 1 - y : y) * width
        var source = isFlipped ? row + width - 1 : row
        let step = isFlipped ? -1 : 1
        var target = output + 3 * width * y
        var x = 0
        while x < width {
          let pixel = source.pointee
          target[0] = table[Int(truncatingIfNeeded: (pixel &>> redShift) & 255)]
          target[1] = table[Int(truncatingIfNeeded: (pixel &>> 8) & 255)]
          target[2] = table[Int(truncatingIfNeeded: (pixel &>> blueShift) & 255)]
          source += step
          target += 3
          x &+= 1
        }
        y &+= 1
      }
    }
  }
}

/// The memory that a worker needs to make samples, one after the other.
package final class SampleScratch {
  package let canvas = Canvas()
  /// What copied objects come from.
  package let copyCanvas = Canvas()
  package let plane = PixelPlane()
  /// The second sample of a blend.
  package let secondPlane = PixelPlane()

  /// The pixels of a batch that was resized.
  private var buffer: [Float] = []

  /// Creates memory that grows with the first sample.
  package init() {}

  /// Removes and returns the memory that was kept.
  package func takeBuffer() -> [Float] {
    defer { buffer = [] }
    return buffer
  }

  /// Keeps memory for the next batch.
  package func keepBuffer(_ memory: [Float]) { buffer = memory }
}
