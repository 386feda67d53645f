import YOLOGeometry
import YOLOImage
import YOLOSystem

/// Decoding of HEIC through libheif, whose RGB it is: turned upright, alpha and profiles ignored.
enum HEIFCodec {
  /// Returns the size of the upright image.
  static func size(
    of bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> Size {
    try open(bytes, named: source).checkedSize(source, limits)
  }

  /// Decodes the primary image.
  ///
  /// Needs some 12 bytes a pixel beside the image, within libheif.
  static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String, limits: ImageLimits
  ) throws(ImageIOError) -> Image {
    let file = try open(bytes, named: source)
    let size = try file.checkedSize(source, limits)
    return try Image(stored: size, orientation: .upright) { pixels throws(ImageIOError) in
      if let problem = file.decode(size: size, into: pixels) {
        throw .corrupt(source: source, format: .heic, reason: problem)
      }
    }
  }

  private static func open(
    _ bytes: UnsafeBufferPointer<UInt8>, named source: String
  ) throws(ImageIOError) -> HEIFFile {
    guard let library = HEIFLibrary.shared else {
      throw .missing(.heif, of: source, format: .heic)
    }
    var problem: String?
    guard let file = HEIFFile(bytes, library: library, problem: &problem) else {
      throw .corrupt(
        source: source, format: .heic, reason: problem ?? "it has no primary image")
    }
    return file
  }
}

/// The functions of libheif 1 that are used (heif.h).
struct HEIFLibrary: Sendable {
  typealias Handle = UnsafeMutableRawPointer
  /// `heif_error`: two numbers of 32 bits and a text, which return in the same registers as the two
  /// numbers of 64 bits of this type do on x86-64 and arm64.
  typealias Status = ldiv_t

  /// `heif_colorspace_RGB`.
  static let colorSpaceRGB: Int32 = 1
  /// `heif_chroma_interleaved_RGB`, which is `heif_channel_interleaved` too.
  static let interleaved: Int32 = 10

  /// `heif_get_version_number`.
  let version: @convention(c) () -> UInt32
  /// `heif_context_alloc`.
  let createContext: @convention(c) () -> Handle?
  /// `heif_context_free`.
  let freeContext: @convention(c) (Handle) -> Void
  /// `heif_context_read_from_memory_without_copy`.
  let read: @convention(c) (Handle, UnsafePointer<UInt8>?, Int, UnsafeRawPointer?) -> Status
  /// `heif_context_get_primary_image_handle`.
  let primaryImage: @convention(c) (Handle, UnsafeMutablePointer<Handle?>) -> Status
  /// `heif_image_handle_get_width`.
  let handleWidth: @convention(c) (Handle) -> Int32
  /// `heif_image_handle_get_height`.
  let handleHeight: @convention(c) (Handle) -> Int32
  /// `heif_image_handle_release`.
  let releaseHandle: @convention(c) (Handle) -> Void
  /// `heif_decode_image`.
  let decode:
    @convention(c) (Handle, UnsafeMutablePointer<Handle?>, Int32, Int32, UnsafeRawPointer?) ->
      Status
  /// `heif_image_get_width`.
  let width: @convention(c) (Handle, Int32) -> Int32
  /// `heif_image_get_height`.
  let height: @convention(c) (Handle, Int32) -> Int32
  /// `heif_image_get_plane_readonly`.
  let plane: @convention(c) (Handle, Int32, UnsafeMutablePointer<Int32>) -> UnsafePointer<UInt8>?
  /// `heif_image_release`.
  let releaseImage: @convention(c) (Handle) -> Void

  /// The installed library; nil where there is none of version 1.
  static let shared = SharedLibrary(ImageLibrary.heif.names).flatMap { try? HEIFLibrary($0) }

  private init(_ library: SharedLibrary) throws(MissingFunction) {
    version = try library.function("heif_get_version_number")
    createContext = try library.function("heif_context_alloc")
    freeContext = try library.function("heif_context_free")
    read = try library.function("heif_context_read_from_memory_without_copy")
    primaryImage = try library.function("heif_context_get_primary_image_handle")
    handleWidth = try library.function("heif_image_handle_get_width")
    handleHeight = try library.function("heif_image_handle_get_height")
    releaseHandle = try library.function("heif_image_handle_release")
    decode = try library.function("heif_decode_image")
    width = try library.function("heif_image_get_width")
    height = try library.function("heif_image_get_height")
    plane = try library.function("heif_image_get_plane_readonly")
    releaseImage = try library.function("heif_image_release")
    guard version() >> 24 == 1 else { throw MissingFunction() }
  }

  /// Returns the text of a status, nil for success.
  static func problem(_ status: Status) -> String? {
    let bits = UInt64(truncatingIfNeeded: status.quot)
    let (code, detail) = (bits & 0xFFFF_FFFF, bits >> 32)
    guard code != 0 else { return nil }
    guard let text = UnsafePointer<CChar>(bitPattern: status.rem) else {
      return "libheif: \(code).\(detail)"
    }
    return "libheif: " + String(cString: text)
  }
}

/// An open file and its primary image.
private struct HEIFFile: ~Copyable {
  private let library: HEIFLibrary
  private let context: HEIFLibrary.Handle
  private let image: HEIFLibrary.Handle

  /// Reads the container; nil where it is damaged, with the reason in `problem`.
  ///
  /// The bytes have to outlive this value.
  init?(
    _ bytes: UnsafeBufferPointer<UInt8>, library: HEIFLibrary, problem: inout String?
  ) {
    guard let context = library.createContext() else { return nil }
    var image: HEIFLibrary.Handle?
    problem =
      HEIFLibrary.problem(library.read(context, bytes.baseAddress, bytes.count, nil))
      ?? HEIFLibrary.problem(library.primaryImage(context, &image))
    guard problem == nil, let image else {
      library.freeContext(context)
      return nil
    }
    self.library = library
    self.context = context
    self.image = image
  }

  deinit {
    library.releaseHandle(image)
    library.freeContext(context)
  }

  /// Returns the upright size if it is within the limits.
  func checkedSize(_ source: String, _ limits: ImageLimits) throws(ImageIOError) -> Size {
    let size = Size(
      width: Int(library.handleWidth(image)), height: Int(library.handleHeight(image)))
    try limits.check(size, of: source, format: .heic)
    return size
  }

  /// Decodes to RGB; returns what is wrong.
  func decode(size: Size, into pixels: UnsafeMutablePointer<UInt8>) -> String? {
    var decoded: HEIFLibrary.Handle?
    let status = library.decode(
      image, &decoded, HEIFLibrary.colorSpaceRGB, HEIFLibrary.interleaved, nil)
    defer { if let decoded { library.releaseImage(decoded) } }
    if let problem = HEIFLibrary.problem(status) { return problem }
    guard let decoded else { return "it has no pixels" }
    let channel = HEIFLibrary.interleaved
    var stride: Int32 = 0
    guard Int(library.width(decoded, channel)) == size.width,
      Int(library.height(decoded, channel)) == size.height,
      let rows = library.plane(decoded, channel, &stride), Int(stride) >= 3 * size.width
    else { return "its pixels have another size than its header says" }
    // SAFETY: the plane has `size.height` rows, `stride` bytes apart.
    for y in 0..<size.height {
      (pixels + 3 * y * size.width).update(from: rows + y * Int(stride), count: 3 * size.width)
    }
    return nil
  }
}
