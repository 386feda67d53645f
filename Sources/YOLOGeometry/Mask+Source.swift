extension Mask {
  /// Returns the mask in pixels of the image whose letterbox this mask's frame is.
  ///
  /// Each source pixel takes the letterbox pixel under its middle. A mask whose frame already is
  /// the image is returned as it is. Cost: linear in the source pixels under the stored part.
  public func resampled(to source: Size) -> Mask {
    guard frame != source else { return self }
    let inverse = LetterboxInverse(padded: frame, source: source)
    let columns = Self.positions(
      count: source.width, gain: inverse.gainX, shift: inverse.left, of: left..<left + width,
      in: frame.width)
    let rows = Self.positions(
      count: source.height, gain: inverse.gainY, shift: inverse.top, of: top..<top + height,
      in: frame.height)
    var pixels = [UInt8]()
    pixels.reserveCapacity(columns.places.count * rows.places.count)
    for row in rows.places {
      let start = (row - top) * width - left
      for column in columns.places { pixels.append(self.pixels[start + column]) }
    }
    return Mask(
      frame: source, left: columns.first, top: rows.first, width: columns.places.count,
      height: rows.places.count, binary: pixels)
  }

  /// Returns the first of the `count` source positions that lie on `stored`, and where it and the
  /// following ones lie.
  private static func positions(
    count: Int, gain: Float, shift: Float, of stored: Range<Int>, in extent: Int
  ) -> (first: Int, places: [Int]) {
    var first = 0
    var places: [Int] = []
    for position in 0..<count {
      let place = min(Int((Float(position) + 0.5) * gain + shift), extent - 1)
      guard stored.contains(place) else { continue }
      if places.isEmpty { first = position }
      places.append(place)
    }
    return (first, places)
  }

  /// Returns the mask with only the least rectangle stored that holds all its pixels.
  package func trimmed() -> Mask {
    var used = [UInt8](repeating: 0, count: width)
    var rows = 0..<0
    // SAFETY: rows of `width` bytes, `height` of them; columns are inside 0..<width.
    pixels.withUnsafeBufferPointer { pixels in
      used.withUnsafeMutableBufferPointer { used in
        for row in 0..<height {
          let start = row * width
          var any: UInt8 = 0
          for column in 0..<width {
            any |= pixels[start + column]
            used[column] |= pixels[start + column]
          }
          if any != 0 { rows = (rows.isEmpty ? row : rows.lowerBound)..<row + 1 }
        }
      }
    }
    guard let first = used.firstIndex(of: 1), let last = used.lastIndex(of: 1) else {
      return Mask(emptyOf: frame)
    }
    let count = last - first + 1
    guard rows.count < height || count < width else { return self }
    var kept = [UInt8]()
    kept.reserveCapacity(rows.count * count)
    for row in rows {
      kept.append(contentsOf: pixels[row * width + first..<row * width + last + 1])
    }
    return Mask(
      frame: frame, left: left + first, top: top + rows.lowerBound, width: count,
      height: rows.count, binary: kept)
  }
}
