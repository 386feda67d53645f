import YOLOSystem

/// The functions of libtiff 4.5 and later that are used (tiffio.h).
struct TIFFLibrary: Sendable {
  typealias Handle = UnsafeMutableRawPointer
  /// A list of arguments, `va_list`: as an argument of functions it is an address on x86-64 and
  /// arm64.
  typealias ArgumentList = UnsafeMutableRawPointer
  typealias MessageHandler =
    @convention(c) (
      Handle?, UnsafeMutableRawPointer?, UnsafePointer<CChar>?, UnsafePointer<CChar>?,
      ArgumentList?
    ) -> Int32
  typealias Transfer =
    @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, Int) -> Int
  typealias Seek = @convention(c) (UnsafeMutableRawPointer?, UInt64, Int32) -> UInt64
  typealias Close = @convention(c) (UnsafeMutableRawPointer?) -> Int32
  typealias Length = @convention(c) (UnsafeMutableRawPointer?) -> UInt64
  typealias Map =
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
      UnsafeMutablePointer<UInt64>?
    ) -> Int32
  typealias Unmap =
    @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, UInt64) -> Void

  /// `TIFFOpenOptionsAlloc`.
  let createOptions: @convention(c) () -> Handle?
  /// `TIFFOpenOptionsFree`.
  let freeOptions: @convention(c) (Handle) -> Void
  /// `TIFFOpenOptionsSetMaxSingleMemAlloc`.
  let setMaximumAllocation: @convention(c) (Handle, Int) -> Void
  /// `TIFFOpenOptionsSetErrorHandlerExtR`.
  let setErrorHandler: @convention(c) (Handle, MessageHandler, UnsafeMutableRawPointer?) -> Void
  /// `TIFFOpenOptionsSetWarningHandlerExtR`.
  let setWarningHandler: @convention(c) (Handle, MessageHandler, UnsafeMutableRawPointer?) -> Void
  /// `TIFFClientOpenExt`.
  let open:
    @convention(c) (
      UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeMutableRawPointer?, Transfer, Transfer,
      Seek, Close, Length, Map, Unmap, Handle
    ) -> Handle?
  /// `TIFFClose`.
  let close: @convention(c) (Handle) -> Void
  /// `TIFFGetFieldDefaulted`, with the one argument that these fields take behind the others: on
  /// Linux, whole numbers and addresses go to variadic functions as to any others.
  let field: @convention(c) (Handle, UInt32, UnsafeMutableRawPointer) -> Int32
  /// `TIFFSetField`, likewise.
  let setField: @convention(c) (Handle, UInt32, Int32) -> Int32
  /// `TIFFIsTiled`.
  let isTiled: @convention(c) (Handle) -> Int32
  /// `TIFFRGBAImageOK`; the message has 1024 bytes.
  let canConvert: @convention(c) (Handle, UnsafeMutablePointer<CChar>) -> Int32
  /// `TIFFReadRGBAImageOriented`.
  let readConverted:
    @convention(c) (Handle, UInt32, UInt32, UnsafeMutablePointer<UInt32>, Int32, Int32) -> Int32
  /// `TIFFStripSize64`.
  let stripSize: @convention(c) (Handle) -> UInt64
  /// `TIFFTileSize64`.
  let tileSize: @convention(c) (Handle) -> UInt64
  /// `TIFFReadEncodedStrip`.
  let readStrip: @convention(c) (Handle, UInt32, UnsafeMutableRawPointer, Int) -> Int
  /// `TIFFReadEncodedTile`.
  let readTile: @convention(c) (Handle, UInt32, UnsafeMutableRawPointer, Int) -> Int
  /// `vsnprintf`.
  let format:
    @convention(c) (UnsafeMutablePointer<CChar>, Int, UnsafePointer<CChar>, ArgumentList?) -> Int32

  /// The installed library; nil where there is none, or one before 4.5, which cannot be bounded.
  static let shared = SharedLibrary(ImageLibrary.tiff.names).flatMap { try? TIFFLibrary($0) }

  private init(_ library: SharedLibrary) throws(MissingFunction) {
    createOptions = try library.function("TIFFOpenOptionsAlloc")
    freeOptions = try library.function("TIFFOpenOptionsFree")
    setMaximumAllocation = try library.function("TIFFOpenOptionsSetMaxSingleMemAlloc")
    setErrorHandler = try library.function("TIFFOpenOptionsSetErrorHandlerExtR")
    setWarningHandler = try library.function("TIFFOpenOptionsSetWarningHandlerExtR")
    open = try library.function("TIFFClientOpenExt")
    close = try library.function("TIFFClose")
    field = try library.function("TIFFGetFieldDefaulted")
    setField = try library.function("TIFFSetField")
    isTiled = try library.function("TIFFIsTiled")
    canConvert = try library.function("TIFFRGBAImageOK")
    readConverted = try library.function("TIFFReadRGBAImageOriented")
    stripSize = try library.function("TIFFStripSize64")
    tileSize = try library.function("TIFFTileSize64")
    readStrip = try library.function("TIFFReadEncodedStrip")
    readTile = try library.function("TIFFReadEncodedTile")
    format = try library.function("vsnprintf")
  }
}

/// An open TIFF file in memory, at its first page.
struct TIFFFile: ~Copyable {
  private let library: TIFFLibrary
  private let handle: TIFFLibrary.Handle
  private let input: LibraryInput

  /// What libtiff reported first.
  var message: String? { input.message }

  /// Opens a file; nil where libtiff refuses it, with its reason in `input`.
  ///
  /// No single allocation is larger than `maximumAllocation`, in bytes.
  init?(_ input: LibraryInput, library: TIFFLibrary, maximumAllocation: Int) {
    guard let options = library.createOptions() else { return nil }
    defer { library.freeOptions(options) }
    library.setMaximumAllocation(options, maximumAllocation)
    let report: TIFFLibrary.MessageHandler = { _, context, _, format, arguments in
      guard let format, let input = LibraryInput.of(context), let library = TIFFLibrary.shared
      else { return 1 }
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
        guard let text = buffer.baseAddress else { return }
        // SAFETY: the text ends within the buffer; the arguments are those of the format.
        if library.format(text, buffer.count, format, arguments) >= 0 {
          input.report(String(cString: text))
        }
      }
      return 1
    }
    library.setErrorHandler(options, report, input.context)
    library.setWarningHandler(options, { _, _, _, _, _ in 1 }, nil)
    // SAFETY: the input lives as long as this value, which closes the file.
    let handle = library.open(
      "memory", "rm", input.context,
      { context, target, count in
        LibraryInput.of(context)?.read(into: target, count: count) ?? 0
      },
      { _, _, _ in 0 },
      { context, offset, origin in
        guard let input = LibraryInput.of(context) else { return 0 }
        let offset = Int(clamping: Int64(bitPattern: offset))
        switch origin {
        case SEEK_CUR: input.seek(to: input.position.addingReportingOverflow(offset).partialValue)
        case SEEK_END:
          input.seek(to: input.bytes.count.addingReportingOverflow(offset).partialValue)
        default: input.seek(to: offset)
        }
        return UInt64(input.position)
      },
      { _ in 0 },
      { context in UInt64(LibraryInput.of(context)?.bytes.count ?? 0) },
      { _, _, _ in 0 },
      { _, _, _ in },
      options)
    guard let handle else { return nil }
    self.library = library
    self.handle = handle
    self.input = input
  }

  deinit { library.close(handle) }

  /// Returns a field of 32 bits.
  func long(_ tag: UInt32) -> Int? {
    // SAFETY: libtiff writes the 32 bits that the field has by tiff.h.
    var value: UInt32 = 0
    return library.field(handle, tag, &value) == 0 ? nil : Int(value)
  }

  /// Returns a field of 16 bits.
  func short(_ tag: UInt32) -> Int? {
    // SAFETY: libtiff writes the 16 bits that the field has by tiff.h.
    var value: UInt16 = 0
    return library.field(handle, tag, &value) == 0 ? nil : Int(value)
  }

  /// Whether the page is stored in tiles rather than strips.
  var isTiled: Bool { library.isTiled(handle) != 0 }

  /// The bytes of a decoded tile or strip.
  var blockSize: Int {
    Int(clamping: isTiled ? library.tileSize(handle) : library.stripSize(handle))
  }

  /// Decodes a tile or strip of `count` bytes; whether all of them are there.
  func readBlock(_ index: Int, into target: UnsafeMutableRawPointer, count: Int) -> Bool {
    guard let index = UInt32(exactly: index) else { return false }
    let read = isTiled ? library.readTile : library.readStrip
    return read(handle, index, target, count) == count
  }

  /// Why libtiff cannot convert the page to RGB; nil where it can.
  func conversionProblem() -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
      guard let text = buffer.baseAddress else { return "out of memory" }
      buffer.initialize(repeating: 0)
      return library.canConvert(handle, text) != 0 ? nil : String(cString: text)
    }
  }

  /// Converts the page, as stored whatever its orientation, to red, green, blue and alpha, a byte
  /// each from the lowest of a pixel; whether all of it could be decoded.
  func readConverted(size: (width: Int, height: Int), into raster: UnsafeMutablePointer<UInt32>)
    -> Bool
  {
    // libtiff would mirror, but not turn: the page is declared to be upright.
    let topLeft: Int32 = 1
    guard library.setField(handle, TIFFTag.orientation, topLeft) != 0 else { return false }
    return library.readConverted(
      handle, UInt32(size.width), UInt32(size.height), raster, topLeft, 1) != 0
  }
}

/// The numbers of fields (TIFF 6.0).
enum TIFFTag {
  static let width: UInt32 = 256
  static let height: UInt32 = 257
  static let bitsPerSample: UInt32 = 258
  static let photometric: UInt32 = 262
  static let orientation: UInt32 = 274
  static let samplesPerPixel: UInt32 = 277
  static let rowsPerStrip: UInt32 = 278
  static let planarConfiguration: UInt32 = 284
  static let tileWidth: UInt32 = 322
  static let tileHeight: UInt32 = 323
  static let sampleFormat: UInt32 = 339
}
