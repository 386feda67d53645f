import YOLOGeometry
import YOLOImage
import YOLOSystem

/// Decoding of AVIF through libavif, turned upright as the file's rotation and mirror say.
///
/// As Ultralytics decodes it: alpha and profiles are ignored, of 10 and 12 bits of color the 8 high
/// ones are converted.
enum AVIFCodec {
  /// Returns the size of the upright image.
  static func size(
    of bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> Size {
    let decoder = try open(bytes, named: source, limits: limits)
    return try decoder.orientation.upright(decoder.checkedSize(source, limits))
  }

  /// Decodes the primary image, or the first of a sequence.
  ///
  /// Needs some 20 bytes a pixel beside the image, within libavif.
  static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> Image {
    let decoder = try open(bytes, named: source, limits: limits)
    let size = try decoder.checkedSize(source, limits)
    if let problem = decoder.decodeFirst() { throw failure(problem, named: source) }
    guard try decoder.checkedSize(source, limits) == size else {
      throw failure("its pixels have another size than its header says", named: source)
    }
    return try Image(stored: size, orientation: decoder.orientation) {
      pixels throws(ImageIOError) in
      if let problem = decoder.convert(size: size, into: pixels) {
        throw failure(problem, named: source)
      }
    }
  }

  private static func open(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> AVIFDecoder {
    guard let library = AVIFLibrary.shared else {
      throw .missing(.avif, of: source, format: .avif)
    }
    guard let decoder = AVIFDecoder(library: library, maximumPixels: limits.maximumPixels) else {
      throw failure("out of memory", named: source)
    }
    guard let problem = decoder.parse(bytes) else { return decoder }
    // libavif refuses a header with too many pixels without telling why.
    if let unlimited = AVIFDecoder(library: library, maximumPixels: .max),
      unlimited.parse(bytes) == nil
    {
      _ = try unlimited.checkedSize(source, limits)
    }
    throw failure(problem, named: source)
  }

  private static func failure(_ problem: String, named source: String) -> ImageIOError {
    .corrupt(source: source, format: .avif, reason: problem)
  }
}

/// The functions of libavif 0.11 and 1 that are used (avif.h).
struct AVIFLibrary: Sendable {
  typealias Handle = UnsafeMutableRawPointer

  /// Where the fields of structures are for 64-bit platforms, by version.
  struct Layout: Sendable {
    /// `avifImage.transformFlags`.
    let transforms: Int
    /// `avifImage.irot` and, a byte behind it, `imir`.
    let rotation: Int
    /// `avifRGBImage.pixels` and, 8 bytes behind it, `rowBytes`.
    let targetPixels: Int
  }

  /// What is the same in all versions.
  enum Offset {
    /// `avifDecoder.maxThreads`.
    static let threads = 4
    /// `avifDecoder.imageSizeLimit`, `imageDimensionLimit` and `imageCountLimit`.
    static let limits = 28
    /// `avifDecoder.strictFlags`.
    static let strictness = 40
    /// `avifDecoder.image`.
    static let image = 48
    /// `avifImage.depth`.
    static let depth = 8
    /// `avifImage.yuvFormat`.
    static let pixelFormat = 12
    /// `avifImage.yuvRange`.
    static let range = 16
    /// `avifImage.yuvPlanes`.
    static let planes = 24
    /// `avifImage.yuvRowBytes`.
    static let rowBytes = 48
    /// `avifImage.alphaPlane`.
    static let alpha = 64
    /// `avifImage.colorPrimaries`, `transferCharacteristics` and `matrixCoefficients`.
    static let colors = 104
    /// `avifRGBImage.depth` and, behind it, `format`.
    static let targetDepth = 8
  }

  /// `AVIF_PIXEL_FORMAT_YUV444`.
  static let format444: UInt32 = 1
  /// `AVIF_PIXEL_FORMAT_YUV422`.
  static let format422: UInt32 = 2
  /// `AVIF_PIXEL_FORMAT_YUV420`.
  static let format420: UInt32 = 3
  /// `AVIF_MATRIX_COEFFICIENTS_IDENTITY`.
  static let identity: UInt16 = 0

  /// `avifVersion`.
  let version: @convention(c) () -> UnsafePointer<CChar>?
  /// `avifDecoderCreate`.
  let createDecoder: @convention(c) () -> Handle?
  /// `avifDecoderDestroy`.
  let destroyDecoder: @convention(c) (Handle) -> Void
  /// `avifDecoderSetIOMemory`.
  let setMemory: @convention(c) (Handle, UnsafePointer<UInt8>?, Int) -> Int32
  /// `avifDecoderParse`.
  let parse: @convention(c) (Handle) -> Int32
  /// `avifDecoderNextImage`.
  let nextImage: @convention(c) (Handle) -> Int32
  /// `avifResultToString`.
  let text: @convention(c) (Int32) -> UnsafePointer<CChar>?
  /// `avifImageCreate`.
  let createImage: @convention(c) (UInt32, UInt32, UInt32, UInt32) -> Handle?
  /// `avifImageAllocatePlanes`.
  let allocatePlanes: @convention(c) (Handle, UInt32) -> Void
  /// `avifImageDestroy`.
  let destroyImage: @convention(c) (Handle) -> Void
  /// `avifRGBImageSetDefaults`.
  let setDefaults: @convention(c) (Handle, Handle) -> Void
  /// `avifImageYUVToRGB`.
  let convert: @convention(c) (Handle, Handle) -> Int32
  /// The layout of the version.
  let layout: Layout

  /// The installed library; nil where there is none, or one of another layout.
  static let shared = SharedLibrary(ImageLibrary.avif.names).flatMap { try? AVIFLibrary($0) }

  private init(_ library: SharedLibrary) throws(MissingFunction) {
    version = try library.function("avifVersion")
    createDecoder = try library.function("avifDecoderCreate")
    destroyDecoder = try library.function("avifDecoderDestroy")
    setMemory = try library.function("avifDecoderSetIOMemory")
    parse = try library.function("avifDecoderParse")
    nextImage = try library.function("avifDecoderNextImage")
    text = try library.function("avifResultToString")
    createImage = try library.function("avifImageCreate")
    allocatePlanes = try library.function("avifImageAllocatePlanes")
    destroyImage = try library.function("avifImageDestroy")
    setDefaults = try library.function("avifRGBImageSetDefaults")
    convert = try library.function("avifImageYUVToRGB")
    guard let version = version() else { throw MissingFunction() }
    let name = String(cString: version)
    if name.hasPrefix("0.11.") {
      layout = Layout(transforms: 112, rotation: 156, targetPixels: 40)
    } else if name.hasPrefix("1.") {
      layout = Layout(transforms: 116, rotation: 160, targetPixels: 48)
    } else {
      throw MissingFunction()
    }
    // The default limits have to stand where they are to be set.
    guard let decoder = createDecoder() else { throw MissingFunction() }
    defer { destroyDecoder(decoder) }
    let limits = (0..<3).map {
      UnsafeRawPointer(decoder).field(Offset.limits + 4 * $0, as: UInt32.self)
    }
    guard limits == [16384 * 16384, 32768, 12 * 3600 * 60] else { throw MissingFunction() }
  }
}

/// A decoder of one file.
private struct AVIFDecoder: ~Copyable {
  private typealias Offset = AVIFLibrary.Offset

  private let library: AVIFLibrary
  private let decoder: AVIFLibrary.Handle

  init?(library: AVIFLibrary, maximumPixels: Int) {
    guard let decoder = library.createDecoder() else { return nil }
    self.library = library
    self.decoder = decoder
    // libavif hands the limit on to the decoder of the pixels; its own is an upper bound.
    let pixels = UInt32(min(max(maximumPixels, 1), 16384 * 16384))
    decoder.storeBytes(of: pixels, toByteOffset: Offset.limits, as: UInt32.self)
    decoder.storeBytes(of: 1, toByteOffset: Offset.threads, as: Int32.self)
    // As in OpenCV and Pillow: small offenses are forgiven.
    decoder.storeBytes(of: 0, toByteOffset: Offset.strictness, as: UInt32.self)
  }

  deinit { library.destroyDecoder(decoder) }

  /// The image, which the decoder owns.
  private var image: AVIFLibrary.Handle? {
    UnsafeRawPointer(decoder).field(Offset.image, as: AVIFLibrary.Handle?.self)
  }

  private func field<Value>(_ offset: Int, as type: Value.Type, or value: Value) -> Value {
    image.map { UnsafeRawPointer($0).field(offset, as: type) } ?? value
  }

  private func problem(_ status: Int32) -> String? {
    guard status != 0 else { return nil }
    return library.text(status).map { "libavif: " + String(cString: $0) } ?? "libavif \(status)"
  }

  /// Reads the container; returns what is wrong with it.
  func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    problem(library.setMemory(decoder, bytes.baseAddress, bytes.count))
      ?? problem(library.parse(decoder))
      ?? (image == nil ? "it has no image" : nil)
  }

  /// Decodes the first image; returns what is wrong with it.
  func decodeFirst() -> String? { problem(library.nextImage(decoder)) }

  /// Returns the stored size if it is within the limits.
  func checkedSize(_ source: String, _ limits: ImageLimits) throws(ImageIOError) -> Size {
    let size = Size(
      width: Int(field(0, as: UInt32.self, or: 0)), height: Int(field(4, as: UInt32.self, or: 0)))
    try limits.check(size, of: source, format: .avif)
    return size
  }

  /// How the image has to be turned: counterclockwise by quarter turns, and then mirrored.
  var orientation: Orientation {
    let transforms = field(library.layout.transforms, as: UInt32.self, or: 0)
    // AVIF_TRANSFORM_IROT and AVIF_TRANSFORM_IMIR.
    let isTurned = transforms & 4 != 0
    let isMirrored = transforms & 8 != 0
    let quarters =
      isTurned ? Int(field(library.layout.rotation, as: UInt8.self, or: 0)) & 3 : 0
    let turned: [Orientation] = [.upright, .turnedCounterclockwise, .turnedHalf, .turnedClockwise]
    guard isMirrored else { return turned[quarters] }
    // 0 exchanges top and bottom, 1 left and right.
    let axis = field(library.layout.rotation + 1, as: UInt8.self, or: 0)
    let vertical: [Orientation] = [
      .mirroredVertically, .transposed, .mirroredHorizontally, .transversed,
    ]
    return vertical[(quarters + (axis == 0 ? 0 : 2)) & 3]
  }

  /// Converts the decoded image to RGB; returns what keeps it from that.
  func convert(size: Size, into pixels: UnsafeMutablePointer<UInt8>) -> String? {
    guard let image else { return "it has no image" }
    let depth = field(Offset.depth, as: UInt32.self, or: 8)
    let format = field(Offset.pixelFormat, as: UInt32.self, or: 0)
    let matrix = field(Offset.colors + 4, as: UInt16.self, or: 0)
    let isColor =
      [AVIFLibrary.format444, AVIFLibrary.format422, AVIFLibrary.format420].contains(format)
    guard depth > 8, isColor, matrix != AVIFLibrary.identity else {
      return convert(image, size: size, into: pixels)
    }
    guard
      let narrow = library.createImage(UInt32(size.width), UInt32(size.height), 8, format)
    else { return "out of memory" }
    defer { library.destroyImage(narrow) }
    // AVIF_PLANES_YUV.
    library.allocatePlanes(narrow, 1)
    let (from, to) = (UnsafeRawPointer(image), narrow)
    to.storeBytes(
      of: from.field(Offset.range, as: UInt32.self), toByteOffset: Offset.range, as: UInt32.self)
    for index in 0..<3 {
      let color = Offset.colors + 2 * index
      to.storeBytes(of: from.field(color, as: UInt16.self), toByteOffset: color, as: UInt16.self)
      let plane = Offset.planes + 8 * index
      let row = Offset.rowBytes + 4 * index
      guard let source = from.field(plane, as: UnsafeRawPointer?.self),
        let target = UnsafeRawPointer(to).field(plane, as: UnsafeMutablePointer<UInt8>?.self)
      else { return "a plane is missing" }
      let sourceStride = Int(from.field(row, as: UInt32.self))
      let targetStride = Int(UnsafeRawPointer(to).field(row, as: UInt32.self))
      let isHalved = index > 0
      let width = isHalved && format != AVIFLibrary.format444 ? (size.width + 1) / 2 : size.width
      let height =
        isHalved && format == AVIFLibrary.format420 ? (size.height + 1) / 2 : size.height
      guard sourceStride >= 2 * width, targetStride >= width else { return "a plane is too small" }
      // SAFETY: the planes have `height` rows of these strides.
      for y in 0..<height {
        let samples = source + y * sourceStride
        for x in 0..<width {
          let value = samples.load(fromByteOffset: 2 * x, as: UInt16.self)
          target[y * targetStride + x] = UInt8(truncatingIfNeeded: value >> UInt16(depth - 8))
        }
      }
    }
    return convert(narrow, size: size, into: pixels)
  }

  private func convert(
    _ image: AVIFLibrary.Handle, size: Size, into pixels: UnsafeMutablePointer<UInt8>
  ) -> String? {
    guard UnsafeRawPointer(image).field(Offset.alpha, as: UnsafeRawPointer?.self) != nil else {
      // AVIF_RGB_FORMAT_RGB.
      return convert(image, format: 0, rowBytes: 3 * size.width, into: pixels)
    }
    // Without a channel for it libavif would blend alpha with black.
    let count = size.width * size.height
    let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: 4 * count)
    defer { buffer.deallocate() }
    buffer.initialize(repeating: 0, count: 4 * count)
    // AVIF_RGB_FORMAT_RGBA.
    if let problem = convert(image, format: 1, rowBytes: 4 * size.width, into: buffer) {
      return problem
    }
    // SAFETY: both have `count` pixels.
    for index in 0..<count {
      for channel in 0..<3 { pixels[3 * index + channel] = buffer[4 * index + channel] }
    }
    return nil
  }

  private func convert(
    _ image: AVIFLibrary.Handle, format: UInt32, rowBytes: Int,
    into pixels: UnsafeMutablePointer<UInt8>
  ) -> String? {
    // `avifRGBImage` has 56 bytes in version 0.11 and 64 in version 1.
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 16) { buffer -> String? in
      guard let target = buffer.baseAddress else { return "out of memory" }
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      library.setDefaults(target, image)
      target.storeBytes(of: 8, toByteOffset: Offset.targetDepth, as: UInt32.self)
      target.storeBytes(of: format, toByteOffset: Offset.targetDepth + 4, as: UInt32.self)
      let offset = library.layout.targetPixels
      // SAFETY: `pixels` has a row of `rowBytes` for each of the image's.
      target.storeBytes(of: pixels, toByteOffset: offset, as: UnsafeMutablePointer<UInt8>.self)
      target.storeBytes(of: UInt32(rowBytes), toByteOffset: offset + 8, as: UInt32.self)
      return problem(library.convert(image, target))
    }
  }
}
