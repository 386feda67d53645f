import YOLOSystem

/// A system library that decodes an image format.
///
/// It is opened when the first file of the format is read, and stays open: programs that read none
/// neither link nor load it.
package enum ImageLibrary: Sendable, Hashable, CaseIterable {
  /// libtiff.
  case tiff
  /// OpenJPEG.
  case openJPEG
  /// libavif.
  case avif
  /// libheif.
  case heif

  /// The names of the binary interfaces that are known, the one to be preferred first.
  package var names: [String] {
    switch self {
    case .tiff: ["libtiff.so.6"]
    case .openJPEG: ["libopenjp2.so.7"]
    case .avif: ["libavif.so.16", "libavif.so.15"]
    case .heif: ["libheif.so.1"]
    }
  }

  /// The Debian packages that have it, in the order of the names.
  package var packages: [String] {
    switch self {
    case .tiff: ["libtiff6"]
    case .openJPEG: ["libopenjp2-7"]
    case .avif: ["libavif16", "libavif15"]
    case .heif: ["libheif1"]
    }
  }

  /// Whether the library is installed, and its version is one whose interface is known.
  package var isAvailable: Bool {
    switch self {
    case .tiff: TIFFLibrary.shared != nil
    case .openJPEG: OpenJPEGLibrary.shared != nil
    case .avif: AVIFLibrary.shared != nil
    case .heif: HEIFLibrary.shared != nil
    }
  }
}

extension ImageIOError {
  /// Creates the error of a format whose library cannot be loaded.
  static func missing(
    _ library: ImageLibrary, of source: String, format: ImageFormat
  ) -> ImageIOError {
    .missingLibrary(
      source: source, format: format,
      library: library.names.joined(separator: " or ") + " (Debian: "
        + library.packages.joined(separator: " or ") + ")")
  }
}

/// The functions of a shared library that is opened for good.
struct SharedLibrary {
  /// The name that it was opened by.
  let name: String
  private let handle: UnsafeMutableRawPointer

  /// Opens the first of `names` that is installed; nil where none is.
  init?(_ names: [String]) {
    // Offsets of fields are known for 64-bit platforms.
    guard MemoryLayout<Int>.size == 8 else { return nil }
    for name in names {
      if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) {
        self.name = name
        self.handle = handle
        return
      }
    }
    return nil
  }

  /// Returns a function as the C function type that the context asks for.
  func function<Function>(_ name: String) throws(MissingFunction) -> Function {
    guard let address = dlsym(handle, name) else { throw MissingFunction() }
    // SAFETY: callers' types are those of the functions' declarations; nothing is ever closed.
    return unsafeBitCast(address, to: Function.self)
  }
}

/// A library lacks a function: it is older than the interface that is known.
struct MissingFunction: Error {}

extension UnsafeRawPointer {
  /// Reads a field of a C structure.
  func field<Value>(_ offset: Int, as type: Value.Type = Value.self) -> Value {
    load(fromByteOffset: offset, as: type)
  }
}

/// What a C library reads from, and what it reported; its callbacks get it as their context.
final class LibraryInput {
  /// The whole file, which outlives the call that decodes it.
  let bytes: UnsafeBufferPointer<UInt8>
  /// The index of the next byte.
  var position = 0
  /// The first error that the library reported.
  var message: String?

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// Copies up to `count` bytes and returns how many.
  func read(into target: UnsafeMutableRawPointer?, count: Int) -> Int {
    let length = min(max(count, 0), bytes.count - position)
    guard length > 0, let target, let base = bytes.baseAddress else { return 0 }
    // SAFETY: the position never passes the end; the library names the size of its own buffer.
    target.copyMemory(from: base + position, byteCount: length)
    position += length
    return length
  }

  /// Moves to an index, at most to the end.
  func seek(to target: Int) { position = min(max(target, 0), bytes.count) }

  /// The context that callbacks get.
  var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  /// Returns the object of a context.
  static func of(_ context: UnsafeMutableRawPointer?) -> LibraryInput? {
    // SAFETY: the object lives until the library's handle is closed, see the codecs.
    context.map { Unmanaged<LibraryInput>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Keeps the first message, in one line.
  func report(_ text: String) {
    guard message == nil else { return }
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    if !line.isEmpty { message = String(line.prefix(200)) }
  }
}
