public import YOLOGeometry

extension Image {
  /// The gray level of a letterbox's padding.
  private static let paddingGray: UInt8 = 114

  /// Returns the image resized bilinearly, without antialiasing.
  ///
  /// Bit-exact to OpenCV's `INTER_LINEAR` for 8-bit samples. Both sides must be at least 1.
  public func resized(to newSize: Size) -> Image {
    precondition(newSize.width > 0 && newSize.height > 0, "an image has at least one pixel")
    guard newSize != size else { return self }
    let stride = 3 * newSize.width
    let pixels = [UInt8](unsafeUninitializedCapacity: stride * newSize.height) { target, count in
      count = stride * newSize.height
      guard let base = target.baseAddress else { return }
      self.resize(to: newSize, into: base, stride: stride)
    }
    return Image(size: newSize, pixels: pixels)
  }

  /// Returns the image scaled and padded with gray (114) as the letterbox plans it.
  ///
  /// The letterbox's source size must be this image's size.
  public func letterboxed(_ letterbox: Letterbox) -> Image {
    precondition(letterbox.source == size, "the letterbox was planned for another image")
    guard letterbox.padded != size || letterbox.resized != size else { return self }
    let stride = 3 * letterbox.padded.width
    let total = stride * letterbox.padded.height
    let pixels = [UInt8](unsafeUninitializedCapacity: total) { target, count in
      count = total
      guard let base = target.baseAddress else { return }
      // SAFETY: the resized image lies inside the padded one; both are written in full.
      let leading = 3 * letterbox.left
      let inner = 3 * letterbox.resized.width
      let above = stride * letterbox.top
      base.initialize(repeating: Self.paddingGray, count: above)
      let first = base + above
      for row in 0..<letterbox.resized.height {
        let start = first + row * stride
        start.initialize(repeating: Self.paddingGray, count: leading)
        (start + leading + inner).initialize(
          repeating: Self.paddingGray, count: stride - leading - inner)
      }
      (first + stride * letterbox.resized.height).initialize(
        repeating: Self.paddingGray, count: stride * letterbox.bottom)
      self.resize(to: letterbox.resized, into: first + leading, stride: stride)
    }
    return Image(size: letterbox.padded, pixels: pixels)
  }

  /// Hands out rows of `letterboxed(_:)` without making the whole of it.
  ///
  /// The letterbox's source size must be this image's size. Bit-exact whatever rows are asked
  /// for, so that several threads may share the work. Allocates the tables of the resizing and some
  /// rows.
  ///
  /// - Parameters:
  ///   - letterbox: How the image is scaled and padded.
  ///   - rows: The rows of the padded image.
  ///   - body: Takes a row's index and its `3 · letterbox.padded.width` samples, valid inside only.
  package func forEachRow(
    of letterbox: Letterbox, in rows: Range<Int>, _ body: (Int, UnsafePointer<UInt8>) -> Void
  ) {
    precondition(letterbox.source == size, "the letterbox was planned for another image")
    precondition(rows.lowerBound >= 0 && rows.upperBound <= letterbox.padded.height)
    let (top, inner) = (letterbox.top, letterbox.resized)
    let content = rows.clamped(to: top..<top + inner.height)
    // SAFETY: `line` holds a padded row, the resized row lies inside of it; `pixels` has the samples
    // of `size`.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 3 * letterbox.padded.width) { buffer in
      buffer.initialize(repeating: Self.paddingGray)
      guard let line = buffer.baseAddress else { return }
      for y in rows where y < top { body(y, line) }
      pixels.withUnsafeBufferPointer { input in
        guard let samples = input.baseAddress, !content.isEmpty else { return }
        let start = line + 3 * letterbox.left
        if inner != size {
          BilinearResizer(source: size, result: inner).resize(
            input, rows: content.lowerBound - top..<content.upperBound - top
          ) { _ in
            start
          } finish: {
            body($0 + top, line)
          }
        } else if inner.width == letterbox.padded.width {
          for y in content { body(y, samples + (y - top) * 3 * width) }
        } else {
          for y in content {
            start.update(from: samples + (y - top) * 3 * width, count: 3 * width)
            body(y, line)
          }
        }
      }
      buffer.update(repeating: Self.paddingGray)
      for y in rows where y >= top + inner.height { body(y, line) }
    }
  }

  /// Writes the resized image into rows that lie `stride` bytes apart.
  private func resize(to newSize: Size, into output: UnsafeMutablePointer<UInt8>, stride: Int) {
    // SAFETY: `pixels` has exactly the samples of `size`; the caller gives room for `newSize`.
    pixels.withUnsafeBufferPointer { input in
      if newSize == size {
        guard let base = input.baseAddress else { return }
        for row in 0..<height {
          (output + row * stride).initialize(from: base + row * 3 * width, count: 3 * width)
        }
      } else {
        BilinearResizer(source: size, result: newSize)
          .resize(input, rows: 0..<newSize.height) {
            output + $0 * stride
          } finish: { _ in
          }
      }
    }
  }
}
