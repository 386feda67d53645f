import YOLOGeometry
import YOLOImage

/// The smoothed border of a mask.
///
/// The mask is blurred by a box filter twice along each axis, which turns a straight edge into a
/// ramp; from a pixel's level follows how far away the edge is. So the steps of pixels disappear,
/// and the line comes out equally thick everywhere. A strip of rows is blurred at a time: memory is
/// bounded by the image's width, time is linear in the mask's rectangle.
struct MaskOutline {
  private let mask: Mask
  /// Half the thickness of the line in pixels.
  private let lineRadius: Double
  /// The radius of the box filter in pixels, without the middle one.
  private let blurRadius: Int

  /// The greatest radius for which sums of four passes fit 32 bits.
  private static let maximumRadius = 100

  /// Prepares the outline of a mask.
  ///
  /// - Parameters:
  ///   - mask: The mask, whose frame is the image.
  ///   - lineRadius: Half the thickness of the line in pixels.
  ///   - step: The size of the mask's steps in pixels: 1 unless it was upsampled.
  init(_ mask: Mask, lineRadius: Float, step: Float) {
    self.mask = mask
    self.lineRadius = Double(lineRadius)
    let wanted = max(lineRadius, min(step, Float(Self.maximumRadius)))
    blurRadius = max(1, min(Int(wanted.rounded(.up)), Self.maximumRadius))
  }

  /// The taps of the box filter.
  private var taps: Int { 2 * blurRadius + 1 }

  /// Adds the outline to a plane of the image.
  func add(to plane: inout CoveragePlane) {
    guard let object = bounds() else { return }
    let part = PixelRectangle(
      left: object.left - taps, top: object.top - taps, right: object.right + taps,
      bottom: object.bottom + taps
    ).clipped(
      to: PixelRectangle(left: 0, top: 0, right: mask.frame.width, bottom: mask.frame.height))
    let stripHeight = max(64, 4 * taps)
    for top in stride(from: part.top, to: part.bottom, by: stripHeight) {
      let strip = PixelRectangle(
        left: part.left, top: top, right: part.right, bottom: min(top + stripHeight, part.bottom))
      add(strip, to: &plane)
    }
  }

  /// Returns the smallest rectangle around the object, in pixels of the image.
  private func bounds() -> PixelRectangle? {
    var bounds: PixelRectangle?
    for row in 0..<mask.height {
      let pixels = mask.pixels[row * mask.width..<(row + 1) * mask.width]
      guard let first = pixels.firstIndex(of: 1), let last = pixels.lastIndex(of: 1) else {
        continue
      }
      let left = mask.left + first - pixels.startIndex
      let right = mask.left + last - pixels.startIndex + 1
      let known = bounds
      bounds = PixelRectangle(
        left: min(left, known?.left ?? left), top: known?.top ?? mask.top + row,
        right: max(right, known?.right ?? right), bottom: mask.top + row + 1)
    }
    return bounds
  }

  private func add(_ strip: PixelRectangle, to plane: inout CoveragePlane) {
    let width = strip.width
    // Both vertical passes need `blurRadius` more rows above and below.
    let rowCount = strip.height + 4 * blurRadius
    let whole = Double(taps * taps * taps * taps)
    let span = Double(taps)
    let step = 1 + 1 / (4 * span * span)
    let limit = lineRadius + 0.5
    // SAFETY: the block has `rowCount` rows of `width` levels; all indices below stay inside.
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: rowCount * width) { block in
      guard let rows = block.baseAddress else { return }
      block.initialize(repeating: 0)
      blurRows(of: strip, count: rowCount, into: rows)
      blurColumns(rows, width: width, count: rowCount)
      blurColumns(rows, width: width, count: rowCount - 2 * blurRadius)

      for row in 0..<strip.height {
        let levels = rows + row * width - strip.left
        plane.cover(strip.top + row, strip.left..<strip.right) { column in
          let sum = levels[column]
          guard sum != 0 else { return 0 }
          // Where the ramp has ended no edge is near.
          let level = abs(Double(sum) / whole - 0.5)
          guard level < 0.5 else { return 0 }
          // At a distance d from a straight edge, which lies between pixels, it is
          // d/n − d²/2n² + 1/8n², n being the filter's taps.
          return limit - span * (1 - (step - 2 * level).squareRoot())
        }
      }
    }
  }

  /// Blurs the mask's rows that a strip needs, each twice, into `taps²` levels.
  private func blurRows(
    of strip: PixelRectangle, count: Int, into rows: UnsafeMutablePointer<Int32>
  ) {
    let width = strip.width
    let padded = width + 4 * blurRadius
    // Beyond the image's edges the outermost pixels go on, so that no line is drawn there.
    let before = strip.left - 2 * blurRadius
    let last = mask.frame.width - 1
    // SAFETY: a row of bits has `padded` bytes, one of sums `padded - 2 · blurRadius` numbers.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: padded) { bits in
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: padded - 2 * blurRadius) { once in
        guard let bits = bits.baseAddress, let once = once.baseAddress else { return }
        bits.initialize(repeating: 0, count: padded)
        var known: Int?
        for row in 0..<count {
          let y = min(max(strip.top - 2 * blurRadius + row, 0), mask.frame.height - 1)
          let target = rows + row * width
          guard y >= mask.top, y < mask.top + mask.height else { continue }
          if known == y {
            target.update(from: target - width, count: width)
            continue
          }
          known = y
          mask.pixels.withUnsafeBufferPointer { pixels in
            let start = (y - mask.top) * mask.width - mask.left
            let inside = max(mask.left, before)..<min(mask.left + mask.width, before + padded)
            for column in inside { bits[column - before] = pixels[start + column] }
            if before < 0 {
              let outermost = mask.left == 0 ? pixels[start] : 0
              for index in 0..<min(-before, padded) { bits[index] = outermost }
            }
            if before + padded - 1 > last {
              let outermost = mask.left + mask.width - 1 == last ? pixels[start + last] : 0
              for index in max(0, last - before)..<padded { bits[index] = outermost }
            }
          }
          Self.slide(taps, count: padded, from: { Int32(bits[$0]) }, into: once)
          Self.slide(taps, count: padded - 2 * blurRadius, from: { once[$0] }, into: target)
        }
      }
    }
  }

  /// Writes the sums of `taps` neighboring values, as many as `count` values give.
  @inline(__always)
  private static func slide(
    _ taps: Int, count: Int, from value: (Int) -> Int32, into target: UnsafeMutablePointer<Int32>
  ) {
    var sum: Int32 = 0
    for index in 0..<taps - 1 { sum &+= value(index) }
    var index = 0
    while index &+ taps <= count {
      sum &+= value(index &+ taps &- 1)
      target[index] = sum
      sum &-= value(index)
      index &+= 1
    }
  }

  /// Replaces row `i` of `count` by the sum of `taps` rows from `i` on, where there are so many.
  private func blurColumns(_ rows: UnsafeMutablePointer<Int32>, width: Int, count: Int) {
    // SAFETY: rows 0..<count lie in the caller's block.
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: width) { sums in
      guard let sums = sums.baseAddress else { return }
      sums.initialize(repeating: 0, count: width)
      for row in 0..<taps - 1 {
        let values = rows + row * width
        for column in 0..<width { sums[column] &+= values[column] }
      }
      for row in 0...count - taps {
        let first = rows + row * width
        let last = rows + (row + taps - 1) * width
        for column in 0..<width {
          let sum = sums[column] &+ last[column]
          sums[column] = sum &- first[column]
          first[column] = sum
        }
      }
    }
  }
}
