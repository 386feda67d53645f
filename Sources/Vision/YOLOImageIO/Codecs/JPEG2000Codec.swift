import YOLOGeometry
import YOLOImage
import YOLOSystem

/// Decoding of JPEG 2000 through OpenJPEG, as OpenCV does it: of more than 8 bits the high ones
/// stay, alpha is dropped, profiles are ignored.
enum JPEG2000Codec {
  /// Returns the size of the image.
  static func size(
    of bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> Size {
    // SAFETY: the caller keeps the bytes alive throughout.
    try JPEG2000Header(Span(_unsafeElements: bytes), named: source, limits: limits).size
  }

  /// Decodes a file.
  ///
  /// Needs 4 bytes for each sample beside the image, alpha included.
  static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> Image {
    // SAFETY: the caller keeps the bytes alive throughout.
    let header = try JPEG2000Header(Span(_unsafeElements: bytes), named: source, limits: limits)
    guard let library = OpenJPEGLibrary.shared else {
      throw .missing(.openJPEG, of: source, format: .jpeg2000)
    }
    let input = LibraryInput(bytes)
    guard let decoder = OpenJPEGDecoder(input, isBare: header.isBare, library: library) else {
      throw failure(input, named: source)
    }
    guard decoder.decode() else { throw failure(input, named: source) }
    return try Image(stored: header.size, orientation: .upright) { pixels throws(ImageIOError) in
      if let problem = decoder.copy(size: header.size, into: pixels) {
        throw .corrupt(source: source, format: .jpeg2000, reason: problem)
      }
    }
  }

  private static func failure(_ input: LibraryInput, named source: String) -> ImageIOError {
    .corrupt(
      source: source, format: .jpeg2000, reason: input.message ?? "the compressed data are damaged")
  }
}

/// What a codestream says ahead of its pixels (ITU-T T.800, annex A.5).
struct JPEG2000Header {
  /// The size of the image.
  let size: Size
  /// Whether there is no container around the codestream.
  let isBare: Bool

  /// OpenJPEG allocates some kilobytes for each tile and component before it reads any.
  private static let maximumTileComponents = 32768

  /// Finds the codestream's header; throws `truncated`, `corrupt` or `tooManyPixels`.
  init(_ bytes: Span<UInt8>, named source: String, limits: ImageLimits) throws(ImageIOError) {
    isBare = bytes.starts(with: [0xFF, 0x4F])
    guard let start = isBare ? 0 : Self.codestream(in: bytes),
      let marker = bytes.integer(at: start, count: 4, .bigEndian)
    else { throw .truncated(source: source, format: .jpeg2000) }
    guard marker == 0xFF4F_FF51 else {
      throw .corrupt(
        source: source, format: .jpeg2000, reason: "its codestream begins without a size")
    }
    func number(_ offset: Int, _ count: Int = 4) throws(ImageIOError) -> Int {
      guard let value = bytes.integer(at: start + offset, count: count, .bigEndian) else {
        throw .truncated(source: source, format: .jpeg2000)
      }
      return value
    }
    let (right, bottom, left, top) = (try number(8), try number(12), try number(16), try number(20))
    size = Size(width: right - left, height: bottom - top)
    try limits.check(size, of: source, format: .jpeg2000)
    let (tileWidth, tileHeight) = (try number(24), try number(28))
    let (tileLeft, tileTop) = (try number(32), try number(36))
    let components = try number(40, 2)
    guard (1...4).contains(components) else {
      throw .corrupt(
        source: source, format: .jpeg2000,
        reason: "it has \(components) components, expected 1...4")
    }
    guard tileWidth > 0, tileHeight > 0, tileLeft <= left, tileTop <= top else {
      throw .corrupt(source: source, format: .jpeg2000, reason: "its tiles do not cover it")
    }
    let across = (right - tileLeft + tileWidth - 1) / tileWidth
    let down = (bottom - tileTop + tileHeight - 1) / tileHeight
    guard across * down <= Self.maximumTileComponents / components else {
      throw .corrupt(
        source: source, format: .jpeg2000,
        reason: "it has \(across * down) tiles, the limit is "
          + "\(Self.maximumTileComponents / components)")
    }
    try JPEG2000Blocks(size: size, components: components, byteCount: bytes.count, source: source)
      .check(bytes, at: start)
  }

  /// Returns where the codestream of a JP2 file begins.
  private static func codestream(in bytes: Span<UInt8>) -> Int? {
    var position = 0
    while let length = bytes.integer(at: position, count: 4, .bigEndian) {
      if bytes.has("jp2c", at: position + 4) { return position + (length == 1 ? 16 : 8) }
      var boxLength = length
      if length == 1 {
        guard let high = bytes.integer(at: position + 8, count: 4, .bigEndian), high == 0,
          let low = bytes.integer(at: position + 12, count: 4, .bigEndian)
        else { return nil }
        boxLength = low
      }
      // A box of length 0 reaches to the end.
      guard boxLength >= 8 else { return nil }
      position += boxLength
    }
    return nil
  }
}

/// How finely a codestream divides its pixels: OpenJPEG allocates for each division before it reads
/// any, so that a few bytes could claim all memory (ITU-T T.800, annexes A.6 and B).
private struct JPEG2000Blocks {
  let size: Size
  let components: Int
  let byteCount: Int
  let source: String

  /// Some 100 bytes each.
  private static let maximumCodeBlocks = 1 << 21
  /// What small files may have beyond one for each byte.
  private static let sparePrecincts = 1 << 16

  private func damage(_ reason: String) -> ImageIOError {
    .corrupt(source: source, format: .jpeg2000, reason: reason)
  }

  /// Walks the headers of the file and of its tiles; throws `corrupt` for too many divisions.
  func check(_ bytes: Span<UInt8>, at start: Int) throws(ImageIOError) {
    var position = start + 2
    // Where the next part of a tile begins, while one's header is walked.
    var next: Int?
    while let marker = bytes.integer(at: position, count: 2, .bigEndian) {
      // The start of data.
      if marker == 0xFF93 {
        guard let behind = next, behind > position else { return }
        position = behind
        next = nil
        continue
      }
      // The end of the codestream.
      guard marker != 0xFFD9, let length = bytes.integer(at: position + 2, count: 2, .bigEndian),
        length >= 2
      else { return }
      switch marker {
      case 0xFF90:
        guard let partLength = bytes.integer(at: position + 6, count: 4, .bigEndian) else { return }
        next = partLength == 0 ? nil : position + partLength
      case 0xFF52:
        try checkStyle(bytes, flags: position + 4, parameters: position + 9)
      case 0xFF53:
        try checkStyle(bytes, flags: position + 5, parameters: position + 6)
      default: break
      }
      position += 2 + length
    }
  }

  private func checkStyle(
    _ bytes: Span<UInt8>, flags: Int, parameters: Int
  ) throws(ImageIOError) {
    func byte(_ offset: Int) -> Int { bytes.integer(at: offset, count: 1, .bigEndian) ?? 0 }
    let levels = byte(parameters)
    guard levels <= 32 else { throw damage("it has \(levels) levels") }
    // Both sides of a code block are powers of two, their exponents less 2 are stored.
    let blockBits = byte(parameters + 1) & 15 + byte(parameters + 2) & 15 + 4
    let blocks = (size.width * size.height * components) >> min(blockBits, 12)
    guard blocks <= Self.maximumCodeBlocks else {
      throw damage("it has \(blocks) code blocks, the limit is \(Self.maximumCodeBlocks)")
    }
    guard byte(flags) & 1 != 0 else { return }
    var precincts = 0
    for resolution in 0...levels {
      let exponents = byte(parameters + 5 + resolution)
      let shift = levels - resolution
      func count(_ length: Int, _ exponent: Int) -> Int { length >> (shift + exponent) + 1 }
      precincts +=
        components * count(size.width, exponents & 15) * count(size.height, exponents >> 4)
    }
    // Each has a byte at least in a file that is whole.
    guard precincts <= byteCount + Self.sparePrecincts else {
      throw damage("it claims \(precincts) precincts in \(byteCount) bytes")
    }
  }
}

/// The functions of OpenJPEG 2 that are used (openjpeg.h).
struct OpenJPEGLibrary: Sendable {
  typealias Handle = UnsafeMutableRawPointer
  typealias MessageHandler =
    @convention(c) (UnsafePointer<CChar>?, UnsafeMutableRawPointer?) -> Void

  /// Where the fields of structures are: the same in all versions 2 for 64-bit platforms.
  enum Offset {
    /// `opj_image_t.numcomps`.
    static let componentCount = 16
    /// `opj_image_t.color_space`.
    static let colorSpace = 20
    /// `opj_image_t.comps`.
    static let components = 24
    /// The size of `opj_image_comp_t`.
    static let componentStride = 64
    /// `opj_image_comp_t.dx`, followed by `dy`, `w`, `h`, `x0` and `y0`.
    static let geometry = 0
    /// `opj_image_comp_t.prec`.
    static let precision = 24
    /// `opj_image_comp_t.sgnd`.
    static let isSigned = 32
    /// `opj_image_comp_t.data`.
    static let samples = 48
  }

  /// `opj_version`.
  let version: @convention(c) () -> UnsafePointer<CChar>?
  /// `opj_stream_create`.
  let createStream: @convention(c) (Int, Int32) -> Handle?
  /// `opj_stream_destroy`.
  let destroyStream: @convention(c) (Handle) -> Void
  /// `opj_stream_set_read_function`.
  let setRead:
    @convention(c) (
      Handle, @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeMutableRawPointer?) -> Int
    ) -> Void
  /// `opj_stream_set_skip_function`.
  let setSkip:
    @convention(c) (Handle, @convention(c) (Int64, UnsafeMutableRawPointer?) -> Int64) -> Void
  /// `opj_stream_set_seek_function`.
  let setSeek:
    @convention(c) (Handle, @convention(c) (Int64, UnsafeMutableRawPointer?) -> Int32) -> Void
  /// `opj_stream_set_user_data`.
  let setUserData: @convention(c) (Handle, UnsafeMutableRawPointer?, UnsafeRawPointer?) -> Void
  /// `opj_stream_set_user_data_length`.
  let setLength: @convention(c) (Handle, UInt64) -> Void
  /// `opj_create_decompress`.
  let createDecoder: @convention(c) (Int32) -> Handle?
  /// `opj_destroy_codec`.
  let destroyDecoder: @convention(c) (Handle) -> Void
  /// `opj_set_error_handler`.
  let setErrorHandler: @convention(c) (Handle, MessageHandler, UnsafeMutableRawPointer?) -> Int32
  /// `opj_set_default_decoder_parameters`.
  let setDefaults: @convention(c) (UnsafeMutableRawPointer) -> Void
  /// `opj_setup_decoder`.
  let setUp: @convention(c) (Handle, UnsafeMutableRawPointer) -> Int32
  /// `opj_read_header`.
  let readHeader: @convention(c) (Handle, Handle, UnsafeMutablePointer<Handle?>) -> Int32
  /// `opj_decode`.
  let decode: @convention(c) (Handle, Handle, Handle) -> Int32
  /// `opj_image_destroy`.
  let destroyImage: @convention(c) (Handle) -> Void

  /// The installed library; nil where there is none of version 2.
  static let shared = SharedLibrary(ImageLibrary.openJPEG.names).flatMap {
    try? OpenJPEGLibrary($0)
  }

  private init(_ library: SharedLibrary) throws(MissingFunction) {
    version = try library.function("opj_version")
    createStream = try library.function("opj_stream_create")
    destroyStream = try library.function("opj_stream_destroy")
    setRead = try library.function("opj_stream_set_read_function")
    setSkip = try library.function("opj_stream_set_skip_function")
    setSeek = try library.function("opj_stream_set_seek_function")
    setUserData = try library.function("opj_stream_set_user_data")
    setLength = try library.function("opj_stream_set_user_data_length")
    createDecoder = try library.function("opj_create_decompress")
    destroyDecoder = try library.function("opj_destroy_codec")
    setErrorHandler = try library.function("opj_set_error_handler")
    setDefaults = try library.function("opj_set_default_decoder_parameters")
    setUp = try library.function("opj_setup_decoder")
    readHeader = try library.function("opj_read_header")
    decode = try library.function("opj_decode")
    destroyImage = try library.function("opj_image_destroy")
    guard let version = version(), String(cString: version).hasPrefix("2.") else {
      throw MissingFunction()
    }
  }
}

/// A decoder of one image.
private struct OpenJPEGDecoder: ~Copyable {
  private let library: OpenJPEGLibrary
  private let stream: OpenJPEGLibrary.Handle
  private let decoder: OpenJPEGLibrary.Handle
  private let image: OpenJPEGLibrary.Handle
  private let input: LibraryInput

  /// `opj_dparameters_t` has 8252 bytes in version 2.5.
  private static let parameterBytes = 65536

  /// Reads the header; nil where it is damaged, with the reason in `input`.
  init?(_ input: LibraryInput, isBare: Bool, library: OpenJPEGLibrary) {
    let bufferBytes = min(max(input.bytes.count, 1024), 1 << 20)
    guard let stream = library.createStream(bufferBytes, 1) else { return nil }
    // OPJ_CODEC_J2K and OPJ_CODEC_JP2.
    guard let decoder = library.createDecoder(isBare ? 0 : 2) else {
      library.destroyStream(stream)
      return nil
    }
    library.setUserData(stream, input.context, nil)
    library.setLength(stream, UInt64(input.bytes.count))
    library.setRead(stream) { target, count, context in
      let read = LibraryInput.of(context)?.read(into: target, count: count) ?? 0
      return read > 0 ? read : -1
    }
    library.setSkip(stream) { count, context in
      guard let input = LibraryInput.of(context) else { return -1 }
      let start = input.position
      input.seek(to: start.addingReportingOverflow(Int(count)).partialValue)
      return input.position > start ? Int64(input.position - start) : -1
    }
    library.setSeek(stream) { offset, context in
      guard let input = LibraryInput.of(context) else { return 0 }
      input.seek(to: Int(offset))
      return 1
    }
    _ = library.setErrorHandler(
      decoder,
      { text, context in
        guard let text else { return }
        LibraryInput.of(context)?.report(String(cString: text))
      }, input.context)
    var image: OpenJPEGLibrary.Handle?
    let isRead = withUnsafeTemporaryAllocation(byteCount: Self.parameterBytes, alignment: 16) {
      parameters -> Bool in
      guard let base = parameters.baseAddress else { return false }
      parameters.initializeMemory(as: UInt8.self, repeating: 0)
      library.setDefaults(base)
      return library.setUp(decoder, base) != 0 && library.readHeader(stream, decoder, &image) != 0
    }
    guard isRead, let image else {
      if let image { library.destroyImage(image) }
      library.destroyDecoder(decoder)
      library.destroyStream(stream)
      return nil
    }
    self.library = library
    self.stream = stream
    self.decoder = decoder
    self.image = image
    self.input = input
  }

  deinit {
    library.destroyImage(image)
    library.destroyDecoder(decoder)
    library.destroyStream(stream)
  }

  func decode() -> Bool { library.decode(decoder, stream, image) != 0 }

  /// Writes the decoded image as RGB; returns what keeps it from that.
  func copy(size: Size, into pixels: UnsafeMutablePointer<UInt8>) -> String? {
    typealias Offset = OpenJPEGLibrary.Offset
    let image = UnsafeRawPointer(image)
    let count = Int(image.field(Offset.componentCount, as: UInt32.self))
    guard (1...4).contains(count),
      let components = image.field(Offset.components, as: UnsafeRawPointer?.self)
    else { return "it has \(count) components, expected 1...4" }
    var planes: [UnsafePointer<Int32>] = []
    var precision = 0
    for index in 0..<count {
      // SAFETY: there are `count` components, each as long as the stride.
      let component = components + index * Offset.componentStride
      func number(_ offset: Int) -> Int { Int(component.field(offset, as: UInt32.self)) }
      let geometry = (0..<6).map { number(Offset.geometry + 4 * $0) }
      guard geometry == [1, 1, size.width, size.height, 0, 0] else {
        return "its components differ in size or do not begin at its corner, which is not supported"
      }
      guard number(Offset.isSigned) == 0 else { return "it has signed samples" }
      precision = max(precision, number(Offset.precision))
      guard let samples = component.field(Offset.samples, as: UnsafePointer<Int32>?.self) else {
        return "a component is missing"
      }
      planes.append(samples)
    }
    guard (8...31).contains(precision) else {
      return "it has samples of \(precision) bits, expected 8...31"
    }
    let shift = Int32(precision - 8)
    let colorSpace = image.field(Offset.colorSpace, as: Int32.self)
    // OPJ_CLRSPC_GRAY is 2, OPJ_CLRSPC_SYCC 3, OPJ_CLRSPC_SRGB 1; unknown ones count as sRGB.
    guard colorSpace <= 3 else { return "its color space is not supported" }
    let isGray = colorSpace == 2 || count < 3
    if isGray { planes = [planes[0], planes[0], planes[0]] }
    // SAFETY: each plane has a sample for each pixel.
    for index in 0..<size.width * size.height {
      let pixel = pixels + 3 * index
      for channel in 0..<3 {
        pixel[channel] = UInt8(truncatingIfNeeded: planes[channel][index] >> shift)
      }
      if colorSpace == 3 && !isGray { Self.convertYUV(pixel) }
    }
    return nil
  }

  /// Converts brightness and two differences to RGB with OpenCV's factors, in 2⁻¹⁴.
  private static func convertYUV(_ pixel: UnsafeMutablePointer<UInt8>) {
    let (y, u, v) = (Int(pixel[0]), Int(pixel[1]) - 128, Int(pixel[2]) - 128)
    func sample(_ difference: Int) -> UInt8 {
      UInt8(clamping: y + (difference + (1 << 13)) >> 14)
    }
    pixel[0] = sample(18678 * v)
    pixel[1] = sample(-6472 * u - 9519 * v)
    pixel[2] = sample(33292 * u)
  }
}
