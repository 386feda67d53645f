/// The pixels of an image that belong to an object.
///
/// Only a rectangle of the image is stored; outside of it nothing belongs to the object.
public struct Mask: Sendable, Hashable {
  /// The size of the image.
  public let frame: Size
  /// The first column that is stored.
  public let left: Int
  /// The first row that is stored.
  public let top: Int
  /// The number of columns that are stored.
  public let width: Int
  /// The number of rows that are stored.
  public let height: Int
  /// A byte for each stored pixel, row by row: 1 if it belongs to the object, else 0.
  public let pixels: [UInt8]

  /// Creates a mask of a whole image.
  ///
  /// - Parameters:
  ///   - frame: The image's size.
  ///   - pixels: A byte for each pixel, row by row; all but 0 belong to the object.
  public init(frame: Size, pixels: [UInt8]) {
    self.init(
      frame: frame, left: 0, top: 0, width: frame.width, height: frame.height, pixels: pixels)
  }

  /// Creates a mask of a part of an image, which must lie inside of it.
  ///
  /// - Parameters:
  ///   - frame: The image's size.
  ///   - left: The part's first column.
  ///   - top: The part's first row.
  ///   - width: The part's number of columns.
  ///   - height: The part's number of rows.
  ///   - pixels: A byte for each pixel of the part, row by row; all but 0 belong to the object.
  public init(frame: Size, left: Int, top: Int, width: Int, height: Int, pixels: [UInt8]) {
    let isBinary = pixels.reduce(0, |) <= 1
    self.init(
      frame: frame, left: left, top: top, width: width, height: height,
      binary: isBinary ? pixels : pixels.map { $0 == 0 ? 0 : 1 })
  }

  /// Creates a mask of a part of an image from bytes that are 0 or 1 each.
  package init(frame: Size, left: Int, top: Int, width: Int, height: Int, binary pixels: [UInt8]) {
    precondition(left >= 0 && top >= 0 && width >= 0 && height >= 0)
    precondition(left <= frame.width - width && top <= frame.height - height)
    precondition(pixels.count == width * height, "a byte for each pixel")
    self.frame = frame
    self.left = left
    self.top = top
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Creates a mask to which no pixel belongs.
  public init(emptyOf frame: Size) {
    self.init(frame: frame, left: 0, top: 0, width: 0, height: 0, pixels: [])
  }

  /// Whether a pixel belongs to the object; false outside of the image.
  public subscript(x: Int, y: Int) -> Bool {
    guard x >= left, y >= top, x < left + width, y < top + height else { return false }
    return pixels[(y - top) * width + x - left] != 0
  }
}

extension Mask: CustomStringConvertible {
  /// The size of the frame and the number of pixels, which are not printed.
  public var description: String { "mask of \(area) pixels in \(frame.width)x\(frame.height)" }
}

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
    pixels.reserveCapacity(columns.positions.count * rows.positions.count)
    for row in rows.positions {
      let start = (row - top) * width - left
      for column in columns.positions { pixels.append(self.pixels[start + column]) }
    }
    return Mask(
      frame: source, left: columns.first, top: rows.first, width: columns.positions.count,
      height: rows.positions.count, binary: pixels)
  }

  /// Returns the first of the `count` source positions that lie on `stored`, and where it and the
  /// following ones lie.
  private static func positions(
    count: Int, gain: Float, shift: Float, of stored: Range<Int>, in limit: Int
  ) -> (first: Int, positions: [Int]) {
    var first = 0
    var positions: [Int] = []
    for target in 0..<count {
      let position = min(Int((Float(target) + 0.5) * gain + shift), limit - 1)
      guard stored.contains(position) else { continue }
      if positions.isEmpty { first = target }
      positions.append(position)
    }
    return (first, positions)
  }

  /// Returns the mask with only the smallest rectangle stored that holds all its pixels.
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
