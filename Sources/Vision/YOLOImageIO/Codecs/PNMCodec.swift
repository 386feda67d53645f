import YOLOGeometry
import YOLOImage

/// Decoding of the portable anymaps: PBM, PGM and PPM as OpenCV does it, and PAM.
///
/// Of 16 bits the high byte stays; raw samples are not scaled by the maximum value, plain ones of
/// 8 bits are, as in OpenCV.
enum PNMCodec {
  /// Returns the size of the image.
  static func size(
    of bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> Size {
    var reader = PNMReader(bytes: bytes, source: source)
    return try PNMHeader(&reader, limits: limits).size
  }

  /// Decodes a file.
  static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> Image {
    var reader = PNMReader(bytes: bytes, source: source)
    let header = try PNMHeader(&reader, limits: limits)
    // SAFETY: the caller keeps the bytes alive throughout.
    let span = Span(_unsafeElements: bytes)
    return try Image(stored: header.size, orientation: .upright) { pixels throws(ImageIOError) in
      if header.isPlain {
        try decodePlain(&reader, header: header, into: pixels)
      } else {
        let stride = header.rowBytes
        guard span.range(at: reader.position, count: stride * header.size.height) != nil else {
          throw .truncated(source: source, format: .pnm)
        }
        for y in 0..<header.size.height {
          let start = reader.position + y * stride
          header.expand(
            span.extracting(start..<start + stride), into: pixels + 3 * y * header.size.width)
        }
      }
    }
  }

  private static func decodePlain(
    _ reader: inout PNMReader, header: PNMHeader, into pixels: UnsafeMutablePointer<UInt8>
  ) throws(ImageIOError) {
    func sample() throws(ImageIOError) -> UInt8 {
      if header.kind == .bits { return try reader.number(maximumDigits: 1) == 0 ? 255 : 0 }
      let value = min(try reader.number(), header.maximum)
      return UInt8(truncatingIfNeeded: header.isWide ? value >> 8 : value * 255 / header.maximum)
    }
    // SAFETY: three bytes for each pixel.
    for index in 0..<header.size.width * header.size.height {
      let first = try sample()
      let isGray = header.kind != .color
      pixels[3 * index] = first
      pixels[3 * index + 1] = isGray ? first : try sample()
      pixels[3 * index + 2] = isGray ? first : try sample()
    }
  }
}

/// What the header of a portable anymap says.
struct PNMHeader {
  /// What a pixel is.
  enum Kind {
    /// One bit, 1 for black.
    case bits
    /// One sample; in a PAM also one of alpha behind it.
    case gray
    /// Three samples; in a PAM also one of alpha behind them.
    case color
  }

  /// What a pixel is.
  private(set) var kind = Kind.gray
  /// Whether samples are text.
  private(set) var isPlain = false
  /// The size of the image.
  private(set) var size = Size(width: 0, height: 0)
  /// The greatest value of a sample, 1...65535.
  private(set) var maximum = 1
  /// Samples a pixel, those of alpha included.
  private(set) var sampleCount = 1
  /// Whether the greatest value stands for white also in raw samples: in a PAM of two levels.
  private(set) var isScaled = false

  /// Whether a sample has two bytes.
  var isWide: Bool { maximum > 255 }

  /// The bytes of a raw row.
  var rowBytes: Int {
    kind == .bits ? (size.width + 7) / 8 : size.width * sampleCount * (isWide ? 2 : 1)
  }

  /// Reads a header; throws `truncated`, `corrupt` or `tooManyPixels`.
  init(_ reader: inout PNMReader, limits: ImageLimits) throws(ImageIOError) {
    // Recognition has seen the letter P, a digit and white space.
    reader.position = 1
    let variant = try reader.byte() - 0x30
    if variant == 7 {
      try readFields(&reader)
    } else {
      isPlain = variant <= 3
      kind = [.bits, .gray, .color][(variant - 1) % 3]
      sampleCount = kind == .color ? 3 : 1
      let width = try reader.number()
      size = Size(width: width, height: try reader.number())
      if kind != .bits { maximum = try reader.number() }
    }
    guard (1...65535).contains(maximum) else {
      throw reader.damage("its maximum value is \(maximum), expected 1...65535")
    }
    try limits.check(size, of: reader.source, format: .pnm)
  }

  /// Reads the named fields of a PAM (Netpbm, pam(5)).
  private mutating func readFields(_ reader: inout PNMReader) throws(ImageIOError) {
    var fields: [String: Int] = [:]
    _ = try reader.byte()
    while true {
      let line = try reader.line()
      let words = line.split(whereSeparator: \.isWhitespace)
      guard let name = words.first, !name.hasPrefix("#") else { continue }
      if name == "ENDHDR" { break }
      // What the samples are follows from their number.
      if name == "TUPLTYPE" { continue }
      guard ["WIDTH", "HEIGHT", "DEPTH", "MAXVAL"].contains(name), fields[String(name)] == nil,
        words.count == 2, let value = Int(words[1]), (1...Int(Int32.max)).contains(value)
      else { throw reader.damage("the line \(line.prefix(40)) of its header is not understood") }
      fields[String(name)] = value
    }
    guard let width = fields["WIDTH"], let height = fields["HEIGHT"],
      let depth = fields["DEPTH"], let maximum = fields["MAXVAL"]
    else { throw reader.damage("its header lacks WIDTH, HEIGHT, DEPTH or MAXVAL") }
    guard (1...4).contains(depth) else {
      throw reader.damage("it has \(depth) samples a pixel, expected 1...4")
    }
    size = Size(width: width, height: height)
    self.maximum = maximum
    sampleCount = depth
    kind = depth < 3 ? .gray : .color
    isScaled = maximum == 1
  }

  /// Writes a raw row of `rowBytes` bytes as RGB.
  func expand(_ row: Span<UInt8>, into target: UnsafeMutablePointer<UInt8>) {
    // The high byte comes first.
    let sampleBytes = isWide ? 2 : 1
    // SAFETY: `target` has three bytes for each of the `size.width` pixels.
    for x in 0..<size.width {
      let pixel = target + 3 * x
      for channel in 0..<3 {
        if kind == .bits {
          pixel[channel] = row[x >> 3] & 0x80 >> UInt8(x & 7) == 0 ? 255 : 0
        } else {
          let sample = x * sampleCount + (kind == .color ? channel : 0)
          let value = row[sample * sampleBytes]
          pixel[channel] = isScaled ? (value == 0 ? 0 : 255) : value
        }
      }
    }
  }
}

/// Reads the text of a portable anymap.
struct PNMReader {
  /// The whole file.
  let bytes: UnsafeBufferPointer<UInt8>
  /// What errors call it.
  let source: String
  /// The index of the next byte.
  var position = 0

  init(bytes: UnsafeBufferPointer<UInt8>, source: String) {
    self.bytes = bytes
    self.source = source
  }

  /// Creates the error of a damaged file.
  func damage(_ reason: String) -> ImageIOError {
    .corrupt(source: source, format: .pnm, reason: reason)
  }

  /// Reads a byte; throws `truncated` at the end.
  mutating func byte() throws(ImageIOError) -> Int {
    guard position < bytes.count else { throw .truncated(source: source, format: .pnm) }
    position += 1
    return Int(bytes[position - 1])
  }

  /// Reads a number behind white space and comments, and one byte behind its digits unless there
  /// are already as many as `maximumDigits`.
  mutating func number(maximumDigits: Int = .max) throws(ImageIOError) -> Int {
    var code = try byte()
    while !(0x30...0x39).contains(code) {
      switch code {
      case 0x23:
        repeat { code = try byte() } while code != 0x0A && code != 0x0D
        code = try byte()
      case 0x09...0x0D, 0x20:
        code = try byte()
      default:
        throw damage("a number is expected at byte \(position - 1)")
      }
    }
    var value = 0
    var digits = 0
    while (0x30...0x39).contains(code) {
      value = value * 10 + code - 0x30
      guard value <= Int(Int32.max) else { throw damage("a number is too large") }
      digits += 1
      // The last number of a plain file may end with the file.
      guard digits < maximumDigits, position < bytes.count else { break }
      code = try byte()
    }
    return value
  }

  /// Reads a line of a PAM's header, at most 255 bytes, without its end.
  mutating func line() throws(ImageIOError) -> String {
    let start = position
    var code = try byte()
    while code != 0x0A && code != 0x0D {
      guard position - start <= 255 else { throw damage("a line of its header is too long") }
      code = try byte()
    }
    return String(decoding: bytes[start..<position - 1], as: UTF8.self)
  }
}
