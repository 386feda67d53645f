import YOLOGeometry
import YOLOImage

/// Decoding of the first frame of a GIF as OpenCV does it: onto the background's color, which also
/// stands where the frame is transparent.
enum GIFCodec {
  /// Returns the size of the image.
  static func size(
    of bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> Size {
    var reader = GIFReader(bytes: bytes, source: source)
    return try reader.screen(limits: limits).size
  }

  /// Decodes the first frame.
  ///
  /// Needs a byte for each pixel of the frame beside the image.
  static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> Image {
    var reader = GIFReader(bytes: bytes, source: source)
    let screen = try reader.screen(limits: limits)
    let transparent = try reader.extensions()
    let frame = try reader.frame(on: screen)
    let indices = try reader.indices(count: frame.size.width * frame.size.height)
    try reader.skipToTrailer()
    let background = screen.background
    return try Image(stored: screen.size, orientation: .upright) { pixels throws(ImageIOError) in
      // SAFETY: three bytes for each pixel of the screen, in which the frame lies.
      for index in 0..<screen.size.width * screen.size.height {
        pixels[3 * index] = background.0
        pixels[3 * index + 1] = background.1
        pixels[3 * index + 2] = background.2
      }
      var next = 0
      for y in frame.rows {
        var pixel = pixels + 3 * ((frame.top + y) * screen.size.width + frame.left)
        for _ in 0..<frame.size.width {
          let index = Int(indices[next])
          next += 1
          if index != transparent {
            guard let color = frame.color(index) else {
              throw reader.damage("a pixel has a color that its table has not")
            }
            pixel[0] = color.0
            pixel[1] = color.1
            pixel[2] = color.2
          }
          pixel += 3
        }
      }
    }
  }
}

/// The canvas of all frames of a GIF.
private struct GIFScreen {
  let size: Size
  /// The colors of frames that have no table of their own; empty where there is none.
  let palette: Range<Int>
  /// The color where no frame is.
  let background: (UInt8, UInt8, UInt8)
}

/// A frame of a GIF.
private struct GIFFrame {
  let left: Int
  let top: Int
  let size: Size
  let isInterlaced: Bool
  let bytes: UnsafeBufferPointer<UInt8>
  /// The tables of colors in which one is looked up, one behind the other.
  let palettes: [Range<Int>]

  /// The rows in the order in which they are stored.
  var rows: [Int] {
    guard isInterlaced else { return Array(0..<size.height) }
    return [(0, 8), (4, 8), (2, 4), (1, 2)].flatMap { start, step in
      Array(stride(from: start, to: size.height, by: step))
    }
  }

  /// Returns a color, nil for an index beyond every table; grays where there is no table.
  func color(_ index: Int) -> (UInt8, UInt8, UInt8)? {
    guard !palettes.isEmpty else {
      let gray = index == 1 ? 255 : UInt8(truncatingIfNeeded: index)
      return (gray, gray, gray)
    }
    guard let palette = palettes.first(where: { 3 * index < $0.count }) else { return nil }
    let offset = palette.lowerBound + 3 * index
    return (bytes[offset], bytes[offset + 1], bytes[offset + 2])
  }
}

/// Reads the blocks of a GIF (CompuServe, GIF89a).
private struct GIFReader {
  let bytes: UnsafeBufferPointer<UInt8>
  let source: String
  var position = 6

  init(bytes: UnsafeBufferPointer<UInt8>, source: String) {
    self.bytes = bytes
    self.source = source
  }

  func damage(_ reason: String) -> ImageIOError {
    .corrupt(source: source, format: .gif, reason: reason)
  }

  private mutating func skip(_ count: Int) throws(ImageIOError) {
    guard count <= bytes.count - position else { throw .truncated(source: source, format: .gif) }
    position += count
  }

  private mutating func byte() throws(ImageIOError) -> Int {
    try skip(1)
    return Int(bytes[position - 1])
  }

  private mutating func word() throws(ImageIOError) -> Int {
    let low = try byte()
    return try low | byte() << 8
  }

  /// Reads a table of colors whose size the flags tell; an empty range where they tell of none.
  private mutating func table(_ flags: Int) throws(ImageIOError) -> Range<Int> {
    guard flags & 0x80 != 0 else { return position..<position }
    let start = position
    try skip(3 << (flags & 7 + 1))
    return start..<position
  }

  mutating func screen(limits: ImageLimits) throws(ImageIOError) -> GIFScreen {
    let width = try word()
    let size = Size(width: width, height: try word())
    try limits.check(size, of: source, format: .gif)
    let flags = try byte()
    let background = try byte()
    try skip(1)
    let palette = try table(flags)
    guard !palette.isEmpty else {
      return GIFScreen(size: size, palette: palette, background: (0, 0, 0))
    }
    guard 3 * background < palette.count else {
      throw damage("the background has a color that the table has not")
    }
    let offset = palette.lowerBound + 3 * background
    return GIFScreen(
      size: size, palette: palette,
      background: (bytes[offset], bytes[offset + 1], bytes[offset + 2]))
  }

  /// Skips what precedes a frame, and returns the index that stands for no color, -1 for none.
  mutating func extensions() throws(ImageIOError) -> Int {
    var transparent = -1
    while true {
      guard try byte() == 0x21 else {
        position -= 1
        return transparent
      }
      if try byte() == 0xF9 {
        guard try byte() == 4 else { throw damage("the block before a frame has another length") }
        let flags = try byte()
        try skip(2)
        let index = try byte()
        transparent = flags & 1 == 0 ? -1 : index
        guard flags >> 2 & 7 <= 3 else { throw damage("the disposal of a frame is unknown") }
      }
      try skipBlocks()
    }
  }

  private mutating func skipBlocks() throws(ImageIOError) {
    while true {
      let length = try byte()
      guard length > 0 else { return }
      try skip(length)
    }
  }

  mutating func frame(on screen: GIFScreen) throws(ImageIOError) -> GIFFrame {
    guard try byte() == 0x2C else { throw damage("it has no frame") }
    let left = try word()
    let top = try word()
    let width = try word()
    let height = try word()
    guard width > 0, height > 0, left + width <= screen.size.width,
      top + height <= screen.size.height
    else { throw damage("the first frame does not lie in the image") }
    let flags = try byte()
    let palettes = [try table(flags), screen.palette].filter { !$0.isEmpty }
    return GIFFrame(
      left: left, top: top, size: Size(width: width, height: height),
      isInterlaced: flags & 0x40 != 0, bytes: bytes, palettes: palettes)
  }

  /// Walks the blocks behind the first frame: a file that ends before its trailer is cut.
  mutating func skipToTrailer() throws(ImageIOError) {
    while true {
      switch try byte() {
      case 0x3B: return
      case 0x21:
        try skip(1)
        try skipBlocks()
      case 0x2C:
        try skip(8)
        _ = try table(try byte())
        try skip(1)
        try skipBlocks()
      default: throw damage("a block is unknown")
      }
    }
  }

  /// Decodes the color indices of a frame, LZW with codes of up to 12 bits.
  mutating func indices(count: Int) throws(ImageIOError) -> [UInt8] {
    let minimumBits = try byte()
    guard (2...11).contains(minimumBits) else {
      throw damage("its codes begin with \(minimumBits) bits")
    }
    let clear = 1 << minimumBits
    let end = clear + 1
    var result: [UInt8] = []
    result.reserveCapacity(min(count, 64 * (bytes.count - position)))
    // A string is the string `prefix`, and `suffix` behind it; it stands in the result already.
    var starts = [Int](repeating: 0, count: 4096)
    var lengths = [Int](repeating: 0, count: 4096)
    var (bits, next) = (minimumBits + 1, end)
    var (value, valueBits) = (0, 0)
    var isEnded = false
    while true {
      let length = try byte()
      guard length > 0 else { break }
      let blockEnd = position + length
      try skip(length)
      for index in blockEnd - length..<blockEnd where !isEnded {
        value |= Int(bytes[index]) << valueBits
        valueBits += 8
        while valueBits >= bits, !isEnded {
          let code = value & (1 << bits - 1)
          value >>= bits
          valueBits -= bits
          if code == clear {
            (bits, next) = (minimumBits + 1, end)
            continue
          }
          if code == end {
            isEnded = true
            break
          }
          guard result.count < count else { throw damage("its frame has too many pixels") }
          // The string that the code before began ends with the first color of this one.
          let start = result.count
          if code < clear {
            result.append(UInt8(truncatingIfNeeded: code))
          } else {
            guard code <= next, result.count + lengths[code] <= count else {
              throw damage("a code is unknown or too long")
            }
            for offset in starts[code]..<starts[code] + lengths[code] {
              result.append(result[offset])
            }
          }
          if next < 4096 {
            next += 1
            if next < 4096 {
              (starts[next], lengths[next]) = (start, result.count - start + 1)
            }
          }
          if next == 1 << bits, bits < 12 { bits += 1 }
        }
      }
    }
    guard result.count == count else { throw damage("its frame has too few pixels") }
    return result
  }
}
