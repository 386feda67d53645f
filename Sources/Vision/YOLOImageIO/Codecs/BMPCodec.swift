import YOLOGeometry
import YOLOImage

/// Decoding of BMP as OpenCV does it: alpha and color spaces ignored, no blending.
enum BMPCodec {
  /// Returns the size of the image.
  static func size(
    of bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> Size {
    // SAFETY: the caller keeps the bytes alive throughout.
    try BMPHeader(Span(_unsafeElements: bytes), named: source, limits: limits).size
  }

  /// Decodes a file.
  static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> Image {
    // SAFETY: the caller keeps the bytes alive throughout.
    let span = Span(_unsafeElements: bytes)
    let header = try BMPHeader(span, named: source, limits: limits)
    let size = header.size
    return try Image(stored: size, orientation: header.isTopDown ? .upright : .mirroredVertically) {
      pixels throws(ImageIOError) in
      switch header.coding {
      case .runLength(let bits):
        var decoder = RunLengthDecoder(
          bytes: bytes, position: header.pixelOffset, size: size, palette: header.palette,
          target: pixels)
        guard bits == 8 ? decoder.decode8() : decoder.decode4() else {
          if decoder.ranOut { throw .truncated(source: source, format: .bmp) }
          throw .corrupt(source: source, format: .bmp, reason: "a run passes the end of its row")
        }
      case .plain(let bits):
        // Rows take whole groups of four bytes, the last one too.
        let stride = (size.width * bits + 31) / 32 * 4
        guard span.range(at: header.pixelOffset, count: stride * size.height) != nil else {
          throw .truncated(source: source, format: .bmp)
        }
        for y in 0..<size.height {
          let row = span.extracting(
            header.pixelOffset + y * stride..<header.pixelOffset + (y + 1) * stride)
          header.expand(row, bits: bits, into: pixels + 3 * y * size.width)
        }
      }
    }
  }
}

/// What the headers of a BMP file say.
struct BMPHeader {
  /// How pixels are stored.
  enum Coding: Equatable {
    /// This many bits a pixel, row by row.
    case plain(bits: Int)
    /// Run-length coding of 4 or 8 bits a pixel.
    case runLength(bits: Int)
  }

  /// The size of the image.
  let size: Size
  /// Whether the first row is the top one.
  let isTopDown: Bool
  /// How pixels are stored.
  let coding: Coding
  /// Where pixels begin.
  let pixelOffset: Int
  /// 256 colors as red, green and blue, black where the file has none.
  let palette: [UInt8]
  /// Whether 16 bits hold 6 of green rather than 5.
  let hasWideGreen: Bool
  /// The shift of red, green and blue in 32 bits.
  let shifts: (red: Int, green: Int, blue: Int)

  /// Reads the headers; throws `truncated`, `corrupt` or `tooManyPixels`.
  init(_ bytes: Span<UInt8>, named source: String, limits: ImageLimits) throws(ImageIOError) {
    func number(_ offset: Int, _ count: Int) throws(ImageIOError) -> Int {
      guard let value = bytes.integer(at: offset, count: count, .littleEndian) else {
        throw .truncated(source: source, format: .bmp)
      }
      return value
    }
    func signed(_ offset: Int) throws(ImageIOError) -> Int {
      Int(Int32(truncatingIfNeeded: try number(offset, 4)))
    }
    pixelOffset = try number(10, 4)
    let length = try number(14, 4)
    let isCore = length == 12
    guard isCore || length >= 36 else {
      throw .corrupt(source: source, format: .bmp, reason: "its header has \(length) bytes")
    }
    let width = isCore ? try number(18, 2) : try signed(18)
    let height = isCore ? try number(20, 2) : try signed(22)
    let bits = try number(isCore ? 24 : 28, 2)
    let method = isCore ? 0 : try number(30, 4)
    let end = 14 + length
    size = Size(width: width, height: abs(height))
    isTopDown = height < 0
    try limits.check(size, of: source, format: .bmp)

    func mask(_ index: Int) throws(ImageIOError) -> Int { try number(end + 4 * index, 4) }
    var hasWideGreen = false
    var shifts = (red: 16, green: 8, blue: 0)
    switch (bits, method) {
    case (1, 0), (4, 0), (8, 0), (24, 0), (32, 0):
      coding = .plain(bits: bits)
    case (16, 0) where !isCore:
      coding = .plain(bits: bits)
    case (4, 2), (8, 1):
      coding = .runLength(bits: bits)
    case (16, 3):
      let masks = [try mask(0), try mask(1), try mask(2)]
      guard masks == [0x7C00, 0x3E0, 0x1F] || masks == [0xF800, 0x7E0, 0x1F] else {
        throw .corrupt(
          source: source, format: .bmp, reason: "its 16 bits are divided in an unknown way")
      }
      hasWideGreen = masks[1] == 0x7E0
      coding = .plain(bits: 16)
    case (32, 3):
      shifts = Self.shifts(of: bytes, at: 14 + 40) ?? shifts
      coding = .plain(bits: 32)
    default:
      throw .corrupt(
        source: source, format: .bmp,
        reason: "it has \(bits) bits a pixel and compression \(method), which is not supported")
    }
    self.hasWideGreen = hasWideGreen
    self.shifts = shifts

    var palette = [UInt8](repeating: 0, count: 3 * 256)
    if bits <= 8 {
      let stated = isCore ? 0 : try number(46, 4)
      guard stated <= 256 else {
        throw .corrupt(source: source, format: .bmp, reason: "its palette has \(stated) colors")
      }
      let count = stated == 0 ? 1 << bits : stated
      let entry = isCore ? 3 : 4
      guard bytes.range(at: end, count: count * entry) != nil else {
        throw .truncated(source: source, format: .bmp)
      }
      for index in 0..<count {
        for channel in 0..<3 {
          palette[3 * index + channel] = bytes[end + entry * index + 2 - channel]
        }
      }
    }
    self.palette = palette
  }

  /// Returns the shifts of three masks of 8 bits each, nil where they are no such masks.
  private static func shifts(
    of bytes: Span<UInt8>, at offset: Int
  ) -> (red: Int, green: Int, blue: Int)? {
    func shift(_ index: Int) -> Int? {
      let mask = bytes.integer(at: offset + 4 * index, count: 4, .littleEndian)
      return [0, 8, 16, 24].first { mask == 0xFF << $0 }
    }
    guard let red = shift(0), let green = shift(1), let blue = shift(2) else { return nil }
    return (red, green, blue)
  }

  /// Writes a row as RGB; `row` has the bytes of `size.width` pixels at least.
  func expand(_ row: Span<UInt8>, bits: Int, into target: UnsafeMutablePointer<UInt8>) {
    // SAFETY: `target` has three bytes for each of the `size.width` pixels.
    var target = target
    func write(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
      target[0] = red
      target[1] = green
      target[2] = blue
      target += 3
    }
    for x in 0..<size.width {
      switch bits {
      case 1, 4, 8:
        let first = x * bits
        let index =
          Int(row[first >> 3]) >> (8 - bits - first & 7) & (1 << bits - 1)
        write(palette[3 * index], palette[3 * index + 1], palette[3 * index + 2])
      case 16:
        let value = Int(row[2 * x]) | Int(row[2 * x + 1]) << 8
        // The lower bits stay zero, as in OpenCV.
        if hasWideGreen {
          write(
            UInt8(value >> 8 & 0xF8), UInt8(value >> 3 & 0xFC), UInt8(value << 3 & 0xF8))
        } else {
          write(
            UInt8(value >> 7 & 0xF8), UInt8(value >> 2 & 0xF8), UInt8(value << 3 & 0xF8))
        }
      case 24:
        write(row[3 * x + 2], row[3 * x + 1], row[3 * x])
      default:
        write(
          row[4 * x + shifts.red / 8], row[4 * x + shifts.green / 8], row[4 * x + shifts.blue / 8])
      }
    }
  }
}

/// Decodes runs as OpenCV does: what is skipped gets the first color of the palette.
private struct RunLengthDecoder {
  let bytes: UnsafeBufferPointer<UInt8>
  var position: Int
  let size: Size
  let palette: [UInt8]
  let target: UnsafeMutablePointer<UInt8>
  /// Whether the data ended before the image.
  var ranOut = false
  private var x = 0
  private var y = 0

  init(
    bytes: UnsafeBufferPointer<UInt8>, position: Int, size: Size, palette: [UInt8],
    target: UnsafeMutablePointer<UInt8>
  ) {
    self.bytes = bytes
    self.position = position
    self.size = size
    self.palette = palette
    self.target = target
  }

  private mutating func next() -> Int? {
    guard position < bytes.count else {
      ranOut = true
      return nil
    }
    position += 1
    return Int(bytes[position - 1])
  }

  private func write(_ index: Int) {
    // SAFETY: callers keep x and y inside the image.
    let pixel = target + 3 * (y * size.width + x)
    for channel in 0..<3 { pixel[channel] = palette[3 * index + channel] }
  }

  /// Fills `count` pixels, on to the next rows where the row ends; true as long as rows are left.
  private mutating func fill(_ count: Int, with index: Int) -> Bool {
    var count = count
    repeat {
      let length = min(count, size.width - x)
      for _ in 0..<length {
        write(index)
        x += 1
      }
      count -= length
      if x == size.width {
        x = 0
        y += 1
        if y == size.height { return false }
      }
    } while count > 0
    return true
  }

  mutating func decode4() -> Bool {
    while true {
      guard let length = next(), let code = next() else { return false }
      if length > 0 {
        guard x + length <= size.width else { return false }
        for step in 0..<length {
          write(step % 2 == 0 ? code >> 4 : code & 15)
          x += 1
        }
      } else if code > 2 {
        guard x + code <= size.width else { return false }
        var pair = 0
        for step in 0..<(code + 3) / 4 * 4 {
          if step % 2 == 0 {
            guard let value = next() else { return false }
            pair = value
          }
          guard step < code else { continue }
          write(step % 2 == 0 ? pair >> 4 : pair & 15)
          x += 1
        }
      } else {
        var count = size.width - x
        if code == 2 {
          // OpenCV reads the rows that are to be skipped and skips none.
          guard let columns = next(), next() != nil else { return false }
          count = columns
        }
        guard fill(count, with: 0) else { return true }
      }
    }
  }

  mutating func decode8() -> Bool {
    var endedRows = 0
    while true {
      guard let length = next(), let code = next() else { return false }
      let before = y
      if length > 0 {
        guard x + length <= size.width else { return false }
        guard fill(length, with: code) else { return true }
        endedRows = y - before
      } else if code > 2 {
        guard x + code <= size.width else { return false }
        for step in 0..<(code + 1) / 2 * 2 {
          guard let value = next() else { return false }
          guard step < code else { continue }
          write(value)
          x += 1
        }
        endedRows = 0
      } else {
        var count = size.width - x
        // The end of a row that its last run has ended is none of the next row.
        if code != 0 || endedRows == 0 || count < size.width {
          var rows = size.height - y
          if code == 2 {
            guard let columns = next(), let skipped = next() else { return false }
            (count, rows) = (columns, skipped)
          }
          if code != 0 { count += rows * size.width }
          guard fill(count, with: 0) else { return true }
        }
        endedRows = 0
      }
    }
  }
}
