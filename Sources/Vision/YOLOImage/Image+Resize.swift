public import YOLOGeometry

extension ImageView {
  /// The gray level of a letterbox's padding.
  private static let paddingGray: UInt8 = 114

  /// Returns the image resized bilinearly, without antialiasing.
  ///
  /// Bit-exact to OpenCV's `INTER_LINEAR` for 8-bit samples of any number of channels. Both sides
  /// must be at least 1.
  public func resized(to newSize: Size) -> Image {
    precondition(newSize.width > 0 && newSize.height > 0, "an image has at least one pixel")
    guard newSize != size else { return Image(self) }
    let stride = channels * newSize.width
    let pixels = [UInt8](unsafeUninitializedCapacity: stride * newSize.height) { target, count in
      count = stride * newSize.height
      guard let base = target.baseAddress else { return }
      resize(to: newSize, into: base, stride: stride)
    }
    return Image(knownSize: newSize, channels: channels, pixels: pixels)
  }

  /// Returns the image scaled and padded with gray (114) as the letterbox plans it.
  ///
  /// The letterbox's source size must be this image's size.
  public func letterboxed(_ letterbox: Letterbox) -> Image {
    precondition(letterbox.source == size, "the letterbox was planned for another image")
    let stride = channels * letterbox.padded.width
    let total = stride * letterbox.padded.height
    let pixels = [UInt8](unsafeUninitializedCapacity: total) { target, count in
      count = total
      guard let base = target.baseAddress else { return }
      // SAFETY: the resized image lies inside the padded one; both are written in full.
      let leading = channels * letterbox.left
      let inner = channels * letterbox.resized.width
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
      resize(to: letterbox.resized, into: first + leading, stride: stride)
    }
    return Image(knownSize: letterbox.padded, channels: channels, pixels: pixels)
  }

  /// Returns the image scaled and cut to a classification network's input size.
  ///
  /// The shorter side is brought to a square target, and the middle is kept; for any other target
  /// the image is stretched, see ``CenterCrop``. Scaling is bilinear with antialiasing. Bit-exact
  /// to torchvision's `Resize` and `CenterCrop` on Pillow 13. Memory beyond the result is a row of
  /// the source, or as many rows of the result as a source row's filter spans. Both sides of the
  /// target must be at least 1, and the image must be RGB.
  public func classificationInput(size target: Size) -> Image {
    precondition(channels == 3, "classifiers take RGB")
    let crop = CenterCrop(source: size, target: target)
    let total = 3 * target.width * target.height
    let result = [UInt8](unsafeUninitializedCapacity: total) { output, count in
      count = total
      guard let base = output.baseAddress else { return }
      AntialiasedResizer(crop).resize(self, into: base)
    }
    return Image(knownSize: target, pixels: result)
  }

  /// Hands out rows of `letterboxed(_:)` without making the whole of it.
  ///
  /// The letterbox's source size must be this image's size. Bit-exact whatever rows are asked
  /// for, so that several threads may share the work. Allocates the tables of the resizing and some
  /// rows.
  ///
  /// - Parameters:
  ///   - letterbox: The scaling and padding of the image.
  ///   - rows: The rows of the padded image.
  ///   - body: Takes a row's index and its `channels · letterbox.padded.width` samples, valid
  ///     inside only.
  package func forEachRow(
    of letterbox: Letterbox, in rows: Range<Int>, _ body: (Int, UnsafePointer<UInt8>) -> Void
  ) {
    precondition(letterbox.source == size, "the letterbox was planned for another image")
    precondition(rows.lowerBound >= 0 && rows.upperBound <= letterbox.padded.height)
    let (top, inner) = (letterbox.top, letterbox.resized)
    let content = rows.clamped(to: top..<top + inner.height)
    // SAFETY: `line` holds a padded row, the resized row lies inside of it.
    withUnsafeTemporaryAllocation(
      of: UInt8.self, capacity: channels * letterbox.padded.width
    ) { buffer in
      buffer.initialize(repeating: Self.paddingGray)
      guard let line = buffer.baseAddress else { return }
      for y in rows where y < top { body(y, line) }
      if !content.isEmpty {
        let start = line + channels * letterbox.left
        if inner != size {
          let rows = content.lowerBound - top..<content.upperBound - top
          if channels == 3 {
            BilinearResizer(source: size, result: inner).resize(self, rows: rows) { _ in
              start
            } finish: {
              body($0 + top, line)
            }
          } else {
            ChannelResizer(source: size, result: inner, channels: channels)
              .resize(self, rows: rows) { _ in
                start
              } finish: {
                body($0 + top, line)
              }
          }
        } else if inner.width == letterbox.padded.width {
          for y in content { body(y, row(y - top)) }
        } else {
          for y in content {
            start.update(from: row(y - top), count: channels * width)
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
    // SAFETY: the caller provides rows for `newSize`.
    if newSize == size {
      for y in 0..<height {
        (output + y * stride).initialize(from: row(y), count: channels * width)
      }
    } else if channels != 3 {
      ChannelResizer(source: size, result: newSize, channels: channels)
        .resize(self, rows: 0..<newSize.height) {
          output + $0 * stride
        } finish: { _ in
        }
    } else {
      BilinearResizer(source: size, result: newSize)
        .resize(self, rows: 0..<newSize.height) {
          output + $0 * stride
        } finish: { _ in
        }
    }
  }
}

extension Image {
  /// Returns the image resized bilinearly; see ``ImageView/resized(to:)``.
  public func resized(to newSize: Size) -> Image {
    newSize == size ? self : withView { $0.resized(to: newSize) }
  }

  /// Returns the image scaled and padded with gray; see ``ImageView/letterboxed(_:)``.
  public func letterboxed(_ letterbox: Letterbox) -> Image {
    letterbox.source == size && letterbox.padded == size && letterbox.resized == size
      ? self : withView { $0.letterboxed(letterbox) }
  }

  /// Returns the image scaled and cut to a classification network's input size; see
  /// ``ImageView/classificationInput(size:)``.
  public func classificationInput(size target: Size) -> Image {
    channels == 3 && CenterCrop(source: size, target: target).isIdentity
      ? self : withView { $0.classificationInput(size: target) }
  }
}
