#if Server
import NIOPosix
import YOLOImageIO
import YOLOServerOptions
import YOLOSystem
import YOLOVideo

/// Receives the bytes of a file, and decides by the first of them where the others go: those of an
/// image to memory, those of a video to disk, any others nowhere.
struct FileReceiver {
  /// As many bytes as tell what a file is.
  static let probeCount = VideoFormat.signatureLength

  /// The formats of images that are accepted.
  ///
  /// Not GIF, which is a video, and not HEIC: the library that decodes its pixels allocates what
  /// they claim themselves, whatever the limits.
  static let imageFormats = ImageFormat.allCases.filter { $0 != .gif && $0 != .heic }

  private let limits: ServerLimits
  private let reservation: UploadReservation
  private var state = State.probing([])

  private enum State {
    case probing([UInt8])
    case image([UInt8])
    case video(TemporaryFile)
    case unknown([UInt8])
  }

  init(limits: ServerLimits, reservation: UploadReservation) {
    self.limits = limits
    self.reservation = reservation
  }

  /// Consumes the next bytes.
  mutating func receive(_ bytes: ArraySlice<UInt8>) async throws {
    switch state {
    case .probing(var first):
      first += bytes
      state = .probing(first)
      if first.count >= Self.probeCount { try await decide(first) }
    case .image(var image):
      state = .unknown([])
      try grow(&image, by: bytes)
      state = .image(image)
    case .video(let file):
      try await file.append(Array(bytes))
    case .unknown:
      break
    }
  }

  /// Ends the file.
  func finish() async throws -> UploadedFile {
    var intake = self
    if case .probing(let first) = state { try await intake.decide(first) }
    return switch intake.state {
    case .probing(let bytes), .unknown(let bytes): .unknown(bytes)
    case .image(let bytes): .image(bytes)
    case .video(let file): .video(file)
    }
  }

  private mutating func decide(_ first: [UInt8]) async throws {
    // A GIF is a video, as for the command and for Ultralytics.
    if let format = ImageFormat(recognizing: first), Self.imageFormats.contains(format) {
      var image: [UInt8] = []
      try grow(&image, by: first[...])
      state = .image(image)
    } else if VideoFormat.recognize(first) != nil {
      let file = try TemporaryFile()
      try await file.append(first)
      state = .video(file)
    } else {
      state = .unknown(Array(first.prefix(Self.probeCount)))
    }
  }

  private func grow(
    _ image: inout [UInt8], by bytes: ArraySlice<UInt8>
  ) throws(APIError) {
    guard image.count + bytes.count <= limits.imageBytes else {
      throw .tooLarge(
        "The image has more than \(limits.imageBytes) bytes.", limit: limits.imageBytes,
        unit: "bytes")
    }
    try reservation.grow(by: bytes.count)
    image += bytes
  }
}

/// A file that only this process's user can read, and that goes with the last reference to it.
package final class TemporaryFile: Sendable {
  /// Where it lies.
  package let path: String
  private let descriptor: Int32

  /// Creates an empty file in the directory for temporary files.
  package init() throws(APIError) {
    let directory = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let name = String(UInt64.random(in: .min ... .max), radix: 36)
    path = "\(directory)/yolo-upload-\(name)"
    descriptor = FileSystem.createFile(path, mode: 0o600)
    guard descriptor >= 0 else {
      throw .unavailable("The server cannot store a video at present.", retryAfter: 10)
    }
  }

  deinit {
    close(descriptor)
    unlink(path)
  }

  /// Appends bytes, on a thread that may wait for the disk.
  ///
  /// - Throws: `APIError` of status 503 if they cannot be stored.
  package func append(_ bytes: [UInt8]) async throws {
    let isWritten = try await NIOThreadPool.singleton.runIfActive { self.write(bytes) }
    guard isWritten else {
      throw APIError.unavailable(
        "The server cannot store a video at present.", retryAfter: 10)
    }
  }

  private func write(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { FileSystem.write($0, to: descriptor) == nil }
  }
}
#endif
