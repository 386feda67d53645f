import YOLOGeometry
import YOLOImage
import YOLOSystem

/// Decoding of NumPy's `.npy` files as images: [height, width] or [height, width, channels] of
/// unsigned 8 or 16 bits, of which the 8 high bits stay; in the order of C or of Fortran.
///
/// Three channels are blue, green and red, as Ultralytics takes arrays.
enum NumpyCodec {
  /// How a file begins (NEP 1).
  static let signature: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Returns the size of the image.
  static func size(
    of bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> Size {
    // SAFETY: the caller keeps the bytes alive throughout.
    try NumpyHeader(Span(_unsafeElements: bytes), named: source, limits: limits).size
  }

  /// Decodes a file to its own channels, or color to one and gray to three.
  static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits, channels: Int
  ) throws(ImageIOError) -> Image {
    // SAFETY: the caller keeps the bytes alive throughout.
    let header = try NumpyHeader(Span(_unsafeElements: bytes), named: source, limits: limits)
    let found = header.channels
    guard found == channels || (found, channels) == (1, 3) || (found, channels) == (3, 1) else {
      throw .channels(source: source, found: found, expected: channels)
    }
    let (size, step) = (header.size, header.bytesPerSample)
    let count = found * size.width * size.height
    // The distances between neighbors of each axis, in samples.
    let (row, column, sample) =
      header.isFortran
      ? (1, size.height, size.width * size.height) : (size.width * found, found, 1)
    let pixels = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      // SAFETY: the header was checked against the bytes, which hold `count` samples.
      guard let base = bytes.baseAddress else { return }
      let first = base + header.offset + (header.isBigEndian ? 0 : step - 1)
      var index = 0
      for y in 0..<size.height {
        for x in 0..<size.width {
          let pixel = first + (y * row + x * column) * step
          for channel in 0..<found {
            let position = found == 3 ? 2 - channel : channel
            target[index + channel] = pixel[position * sample * step]
          }
          index += found
        }
      }
      initialized = count
    }
    let image = Image(knownSize: size, channels: found, pixels: pixels)
    return found == channels ? image : channels == 1 ? image.gray() : image.rgb
  }
}

/// What the header of a `.npy` file says.
private struct NumpyHeader {
  /// The size of the image.
  let size: Size
  /// The length of the last axis; 1 where there are two.
  let channels: Int
  /// 1 or 2.
  let bytesPerSample: Int
  /// Whether the high byte of a sample comes first.
  let isBigEndian: Bool
  /// Whether the first axis is the one whose neighbors lie together.
  let isFortran: Bool
  /// Where the samples begin.
  let offset: Int

  /// The maximum length of a header's text; NumPy's own limit is 10000.
  private static let textLimit = 10_000

  /// Reads the header; throws `truncated`, `corrupt` or `tooManyPixels`.
  init(_ bytes: Span<UInt8>, named source: String, limits: ImageLimits) throws(ImageIOError) {
    func damage(_ reason: String) -> ImageIOError {
      .corrupt(source: source, format: .numpy, reason: reason)
    }
    guard let version = bytes.integer(at: 6, count: 1, .littleEndian) else {
      throw .truncated(source: source, format: .numpy)
    }
    guard (1...3).contains(version) else {
      throw damage("its version is \(version), expected 1 to 3")
    }
    let lengthBytes = version == 1 ? 2 : 4
    guard let length = bytes.integer(at: 8, count: lengthBytes, .littleEndian) else {
      throw .truncated(source: source, format: .numpy)
    }
    guard length <= Self.textLimit else {
      throw damage("its header has \(length) bytes, the limit is \(Self.textLimit)")
    }
    guard let text = bytes.range(at: 8 + lengthBytes, count: length) else {
      throw .truncated(source: source, format: .numpy)
    }
    offset = text.upperBound
    var parser = NumpyHeaderParser(text: text.map { bytes[$0] })
    guard let fields = parser.fields() else {
      throw damage("its header is not that of an array: expected descr, fortran_order and shape")
    }
    isFortran = fields.isFortran
    switch fields.type {
    case "|u1", "<u1", ">u1", "=u1", "u1": (bytesPerSample, isBigEndian) = (1, false)
    case "<u2", "=u2": (bytesPerSample, isBigEndian) = (2, false)
    case ">u2": (bytesPerSample, isBigEndian) = (2, true)
    default:
      throw damage(
        "its elements are of type \(fields.type.prefix(40)), expected uint8 or uint16 "
          + "(|u1, <u2, >u2)")
    }
    let shape = fields.shape
    let limit = Image.channelLimit
    guard (2...3).contains(shape.count), shape.allSatisfy({ $0 > 0 }),
      shape.count == 2 || shape[2] <= limit
    else {
      throw damage(
        "its shape is \(Self.text(of: shape)), expected [height, width] or [height, width, channels] "
          + "with 1 to \(limit) channels")
    }
    size = Size(width: shape[1], height: shape[0])
    channels = shape.count == 3 ? shape[2] : 1
    try limits.check(size, of: source, format: .numpy, channels: channels)
    // The limits keep this from overflowing.
    let byteCount = size.width * size.height * channels * bytesPerSample
    guard bytes.range(at: offset, count: byteCount) != nil else {
      throw .truncated(source: source, format: .numpy)
    }
  }

  private static func text(of shape: [Int]) -> String {
    let numbers = shape.prefix(8).map { "\($0)" }.joined(separator: ", ")
    return "[\(numbers)\(shape.count > 8 ? ", …" : "")]"
  }
}

/// Reads the dictionary of a header, as NumPy writes it:
/// `{'descr': '|u1', 'fortran_order': False, 'shape': (4, 6, 2), }`.
private struct NumpyHeaderParser {
  let text: [UInt8]
  private var position = 0

  init(text: [UInt8]) { self.text = text }

  /// Returns the three fields; nil unless each is there once and nothing else is.
  mutating func fields() -> (type: String, isFortran: Bool, shape: [Int])? {
    var type: String?
    var isFortran: Bool?
    var shape: [Int]?
    guard take("{") else { return nil }
    while !take("}") {
      guard let key = string(), take(":") else { return nil }
      switch key {
      case "descr" where type == nil:
        guard let value = string() else { return nil }
        type = value
      case "fortran_order" where isFortran == nil:
        if take("True") {
          isFortran = true
        } else if take("False") {
          isFortran = false
        }
        guard isFortran != nil else { return nil }
      case "shape" where shape == nil:
        guard let value = tuple() else { return nil }
        shape = value
      default: return nil
      }
      guard take(",") || next == UInt8(ascii: "}") else { return nil }
    }
    guard next == nil, let type, let isFortran, let shape else { return nil }
    return (type, isFortran, shape)
  }

  /// The next byte that is no white space.
  private var next: UInt8? {
    mutating get {
      while position < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[position]) {
        position += 1
      }
      return position < text.count ? text[position] : nil
    }
  }

  private mutating func take(_ word: String) -> Bool {
    guard next != nil, text[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  /// A text in quotes, without escapes.
  private mutating func string() -> String? {
    guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      return nil
    }
    guard let end = text[(position + 1)...].firstIndex(of: quote) else { return nil }
    defer { position = end + 1 }
    let characters = text[(position + 1)..<end]
    guard characters.allSatisfy({ (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "\\") }) else {
      return nil
    }
    return String(decoding: characters, as: UTF8.self)
  }

  /// Numbers in parentheses, a comma behind each but perhaps the last.
  private mutating func tuple() -> [Int]? {
    guard take("(") else { return nil }
    var numbers: [Int] = []
    while !take(")") {
      guard let first = next, (0x30...0x39).contains(first), numbers.count < 64 else { return nil }
      var number = 0
      while position < text.count, (0x30...0x39).contains(text[position]) {
        let (product, overflows) = number.multipliedReportingOverflow(by: 10)
        let (sum, exceeds) = product.addingReportingOverflow(Int(text[position]) - 0x30)
        guard !overflows, !exceeds else { return nil }
        number = sum
        position += 1
      }
      numbers.append(number)
      guard take(",") || next == UInt8(ascii: ")") else { return nil }
    }
    return numbers
  }
}
