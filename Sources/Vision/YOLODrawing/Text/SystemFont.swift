import Synchronization
import YOLOSystem

/// A font file, drawn by FreeType if that library can be loaded.
///
/// FreeType's functions and public structures have been the same since version 2.0, so that neither
/// its headers nor the library are needed for building.
final class SystemFont: Sendable {
  private let face: Mutex<Face>

  /// Opens the first font of a file.
  init(path: String) throws(TypefaceError) {
    guard let library = FreeType.loaded else { throw .noFreeType }
    face = Mutex(try Face(path: path, library: library))
  }

  /// Returns the glyph of a scalar with capitals of about `capitalHeight` pixels and the space
  /// before and after its ink; nil if the font has none.
  func glyph(
    for scalar: Unicode.Scalar, capitalHeight: Int
  ) -> (bitmap: GlyphBitmap, before: Float, after: Float)? {
    face.withLock { $0.glyph(for: scalar, capitalHeight: capitalHeight) }
  }
}

/// An open font; FreeType wants one caller at a time.
private struct Face: ~Copyable {
  private let functions: FreeType
  private let library: UnsafeMutableRawPointer
  private let face: UnsafeMutableRawPointer

  /// Ems per height of capitals: in most fonts capitals are about 0.73 em high.
  private static let emsPerCapital = 1.375
  /// The widest and highest bitmap of a glyph, in ems.
  private static let bitmapLimit = 8

  init(path: String, library functions: FreeType) throws(TypefaceError) {
    var library: UnsafeMutableRawPointer?
    guard functions.start(&library) == 0, let library else { throw .noFreeType }
    var face: UnsafeMutableRawPointer?
    guard functions.openFace(library, path.pathCharacters, 0, &face) == 0, let face else {
      functions.stop(library)
      throw .unreadable(path: path)
    }
    self.functions = functions
    self.library = library
    self.face = face
  }

  deinit { functions.stop(library) }

  func glyph(
    for scalar: Unicode.Scalar, capitalHeight: Int
  ) -> (bitmap: GlyphBitmap, before: Float, after: Float)? {
    let index = functions.glyphIndex(face, UInt(scalar.value))
    let em = Int((Double(capitalHeight) * Self.emsPerCapital).rounded())
    guard index != 0, functions.setPixelSizes(face, 0, UInt32(em)) == 0,
      functions.loadGlyph(face, index, FreeType.loadFlags) == 0,
      let slot = face.load(
        fromByteOffset: FreeType.Offset.faceGlyph, as: UnsafeMutableRawPointer?.self)
    else { return nil }
    func number<Value: FixedWidthInteger>(_ offset: Int, as type: Value.Type) -> Int {
      Int(slot.load(fromByteOffset: offset, as: type))
    }
    // The slot points back to its owners: with other offsets than these nothing below would hold.
    guard
      slot.load(fromByteOffset: FreeType.Offset.slotLibrary, as: UnsafeMutableRawPointer?.self)
        == library,
      slot.load(fromByteOffset: FreeType.Offset.slotFace, as: UnsafeMutableRawPointer?.self) == face
    else { return nil }
    let width = number(FreeType.Offset.bitmapWidth, as: UInt32.self)
    let height = number(FreeType.Offset.bitmapRows, as: UInt32.self)
    let pitch = number(FreeType.Offset.bitmapPitch, as: Int32.self)
    let limit = Self.bitmapLimit * em
    guard width <= limit, height <= limit else { return nil }
    var bitmap = GlyphBitmap()
    if width > 0 && height > 0 {
      guard number(FreeType.Offset.bitmapMode, as: UInt8.self) == FreeType.grayMode,
        pitch >= width,
        let pixels = slot.load(
          fromByteOffset: FreeType.Offset.bitmapBuffer, as: UnsafePointer<UInt8>?.self)
      else { return nil }
      // SAFETY: FreeType's bitmap has `height` rows, `pitch` bytes apart.
      for row in 0..<height {
        bitmap.coverage += UnsafeBufferPointer(start: pixels + row * pitch, count: width)
      }
      (bitmap.width, bitmap.height) = (width, height)
    }
    bitmap.inkWidth = width
    bitmap.top = -number(FreeType.Offset.bitmapTop, as: Int32.self)
    let before = Float(number(FreeType.Offset.bitmapLeft, as: Int32.self))
    // In 64ths of a pixel.
    let advance = Float(number(FreeType.Offset.advance, as: Int.self)) / 64
    return (bitmap, before, advance - before - Float(width))
  }
}

/// The functions of FreeType that are used, from the installed library.
package struct FreeType: Sendable {
  /// Where the fields of FreeType's structures are, in bytes: as the C compiler lays them out for
  /// 64-bit platforms (freetype.h: FT_FaceRec, FT_GlyphSlotRec; ftimage.h: FT_Bitmap).
  package enum Offset {
    /// `FT_FaceRec.glyph`.
    package static let faceGlyph = 152
    /// `FT_GlyphSlotRec.library`.
    package static let slotLibrary = 0
    /// `FT_GlyphSlotRec.face`.
    package static let slotFace = 8
    /// `FT_GlyphSlotRec.advance.x`.
    package static let advance = 128
    /// `FT_GlyphSlotRec.bitmap.rows`.
    package static let bitmapRows = 152
    /// `FT_GlyphSlotRec.bitmap.width`.
    package static let bitmapWidth = 156
    /// `FT_GlyphSlotRec.bitmap.pitch`.
    package static let bitmapPitch = 160
    /// `FT_GlyphSlotRec.bitmap.buffer`.
    package static let bitmapBuffer = 168
    /// `FT_GlyphSlotRec.bitmap.pixel_mode`.
    package static let bitmapMode = 178
    /// `FT_GlyphSlotRec.bitmap_left`.
    package static let bitmapLeft = 192
    /// `FT_GlyphSlotRec.bitmap_top`.
    package static let bitmapTop = 196
  }

  /// `FT_LOAD_RENDER`, `FT_LOAD_NO_BITMAP` and `FT_LOAD_TARGET_LIGHT`: outlines, fitted to rows.
  package static let loadFlags: Int32 = 1 << 2 | 1 << 3 | 1 << 16
  /// `FT_PIXEL_MODE_GRAY`.
  package static let grayMode = 2

  typealias Handle = UnsafeMutableRawPointer
  /// `FT_Init_FreeType`.
  let start: @convention(c) (UnsafeMutablePointer<Handle?>) -> Int32
  /// `FT_Done_FreeType`, which closes faces, too.
  let stop: @convention(c) (Handle) -> Void
  /// `FT_New_Face`.
  let openFace:
    @convention(c) (Handle, UnsafePointer<CChar>, Int, UnsafeMutablePointer<Handle?>) -> Int32
  /// `FT_Get_Char_Index`.
  let glyphIndex: @convention(c) (Handle, UInt) -> UInt32
  /// `FT_Set_Pixel_Sizes`.
  let setPixelSizes: @convention(c) (Handle, UInt32, UInt32) -> Int32
  /// `FT_Load_Glyph`.
  let loadGlyph: @convention(c) (Handle, UInt32, Int32) -> Int32

  /// The installed library, nil if there is none; it stays loaded.
  package static let loaded: FreeType? = {
    guard MemoryLayout<Int>.size == 8, let library = dlopen("libfreetype.so.6", RTLD_NOW) else {
      return nil
    }
    return FreeType(library)
  }()

  private init?(_ library: Handle) {
    guard let start = dlsym(library, "FT_Init_FreeType"),
      let stop = dlsym(library, "FT_Done_FreeType"),
      let openFace = dlsym(library, "FT_New_Face"),
      let glyphIndex = dlsym(library, "FT_Get_Char_Index"),
      let setPixelSizes = dlsym(library, "FT_Set_Pixel_Sizes"),
      let loadGlyph = dlsym(library, "FT_Load_Glyph")
    else { return nil }
    // SAFETY: the types are those of the functions' declarations in freetype.h.
    self.start = unsafeBitCast(start, to: type(of: self.start))
    self.stop = unsafeBitCast(stop, to: type(of: self.stop))
    self.openFace = unsafeBitCast(openFace, to: type(of: self.openFace))
    self.glyphIndex = unsafeBitCast(glyphIndex, to: type(of: self.glyphIndex))
    self.setPixelSizes = unsafeBitCast(setPixelSizes, to: type(of: self.setPixelSizes))
    self.loadGlyph = unsafeBitCast(loadGlyph, to: type(of: self.loadGlyph))
  }
}
