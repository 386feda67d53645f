extension Mask {
  /// The number of pixels that belong to the object.
  public var area: Int { Self.sum(pixels) }

  /// Whether no pixel belongs to the object.
  public var isEmpty: Bool { !pixels.contains(1) }

  /// Returns the number of pixels that belong to both objects; the frames must be the same.
  public func intersection(with other: Mask) -> Int {
    precondition(frame == other.frame, "masks of different images do not overlap")
    let first = max(left, other.left)
    let end = min(left + width, other.left + other.width)
    guard first < end else { return 0 }
    var count = 0
    for y in max(top, other.top)..<max(top, other.top, min(top + height, other.top + other.height))
    {
      let start = (y - top) * width + first - left
      let otherStart = (y - other.top) * other.width + first - other.left
      count += Self.sharedCount(
        pixels[start..<start + end - first], other.pixels[otherStart..<otherStart + end - first])
    }
    return count
  }

  /// Returns the pixels that belong to both objects, divided by 1e-7 plus those that belong to
  /// either.
  ///
  /// The counts are exact; the division is one of float32, as the metrics' definition has it.
  public func intersectionOverUnion(with other: Mask) -> Float {
    let shared = intersection(with: other)
    return Self.overlap(shared: shared, union: area + other.area - shared)
  }

  /// Returns the overlap from exact counts, for those who compare many masks with each other and
  /// count each area but once.
  public static func overlap(shared: Int, union: Int) -> Float {
    Float(shared) / (Float(union) + 1e-7)
  }

  private static func sum(_ pixels: [UInt8]) -> Int {
    pixels.withUnsafeBytes { bytes in
      var total = 0
      forEachWord(bytes, bytes) { total &+= $0 }
      return total
    }
  }

  private static func sharedCount(_ first: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>) -> Int {
    first.withUnsafeBytes { first in
      second.withUnsafeBytes { second in
        var total = 0
        forEachWord(first, second) { total &+= $0 }
        return total
      }
    }
  }

  /// Hands out the number of ones that eight bytes, 0 or 1 each, have in common.
  @inline(__always)
  private static func forEachWord(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer, _ body: (Int) -> Void
  ) {
    // SAFETY: both buffers have the same count, and words are loaded inside of it only.
    let whole = first.count & ~7
    var offset = 0
    while offset < whole {
      let word =
        first.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        & second.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      // The product gathers the sum of all bytes in the highest one.
      body(Int(truncatingIfNeeded: (word &* 0x0101_0101_0101_0101) >> 56))
      offset &+= 8
    }
    while offset < first.count {
      body(Int(first[offset] & second[offset]))
      offset &+= 1
    }
  }
}
