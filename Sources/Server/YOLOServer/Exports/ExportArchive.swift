#if Server
import CArchive
import CDispatch  // Which C module defines `stat` depends on which module is loaded first.
import YOLOSystem

/// Copies files of any size, piece by piece.
enum FileCopy {
  /// The bytes that are copied at once.
  static let pieceSize = 1 << 20

  /// Returns some bytes of a file; none at its end.
  static func piece(of path: String, at offset: Int) throws(FileError) -> [UInt8] {
    let file = try RegularFile(opening: path)
    let descriptor = file.descriptor
    var number: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: pieceSize) { buffer, count in
      while true {
        // SAFETY: writes at most the buffer.
        let read = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset))
        if read < 0, errno == EINTR { continue }
        if read < 0 { number = errno }
        count = max(0, read)
        return
      }
    }
    if number != 0 { throw FileError(path, .system(number)) }
    return bytes
  }

  /// Copies a file to a path at which there is none.
  static func copy(_ source: String, to target: String) throws(FileError) {
    let descriptor = FileSystem.createFile(target, mode: 0o600)
    guard descriptor >= 0 else { throw FileError(lastErrorAt: target) }
    defer { close(descriptor) }
    var offset = 0
    while true {
      let bytes = try piece(of: source, at: offset)
      if bytes.isEmpty { return }
      if let number = bytes.withUnsafeBytes({ FileSystem.write($0, to: descriptor) }) {
        throw FileError(target, .system(number))
      }
      offset += bytes.count
    }
  }
}

/// Writes a ZIP archive of files and directories, the same for the same content.
enum ExportArchive {
  /// The maximum number of files.
  private static let maximumFiles = 100_000
  /// The time of all files: 1980-01-01, the first that the format has.
  private static let time = 315_532_800
  private static let regularFile: UInt32 = 0o100_000

  /// An archive cannot be written.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Writes an archive.
  ///
  /// - Parameters:
  ///   - roots: The files and directories, which have the names of their last components in it;
  ///     links and what is no file are left out.
  ///   - path: The archive.
  ///   - maximumBytes: The maximum number of bytes of all files.
  /// - Returns: How many files it has.
  /// - Throws: `FileError`, or ``Failure``.
  static func write(_ roots: [String], to path: String, maximumBytes: Int) throws -> Int {
    let unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)
    let locale = uselocale(unicode)
    defer {
      uselocale(locale)
      if let unicode { freelocale(unicode) }
    }
    guard let writer = archive_write_new() else { throw Failure(description: "no memory") }
    defer { archive_write_free(writer) }
    archive_write_set_format_zip(writer)
    guard archive_write_open_filename(writer, path) == ARCHIVE_OK else { throw failure(writer) }
    var pending = roots.reversed().map { ($0, FilePath.name(of: $0)) }
    var count = 0
    var bytes = 0
    while let (file, name) = pending.popLast() {
      if FileSystem.isLink(file) { continue }
      if FileSystem.isDirectory(file) {
        let names = try FileSystem.names(in: file, maximumEntries: maximumFiles)
          .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        pending += names.reversed().map { ("\(file)/\($0)", "\(name)/\($0)") }
        continue
      }
      guard let status = FileSystem.status(of: file), status.st_mode & S_IFMT == S_IFREG else {
        continue
      }
      count += 1
      bytes += Int(status.st_size)
      guard count <= maximumFiles, bytes <= maximumBytes else {
        throw Failure(description: "the result has too many files or bytes")
      }
      try add(file, name, size: Int(status.st_size), to: writer)
    }
    guard archive_write_close(writer) == ARCHIVE_OK else { throw failure(writer) }
    return count
  }

  private static func add(
    _ file: String, _ name: String, size: Int, to writer: OpaquePointer
  ) throws {
    guard let header = archive_entry_new() else { throw Failure(description: "no memory") }
    defer { archive_entry_free(header) }
    archive_entry_set_pathname_utf8(header, name)
    archive_entry_set_filetype(header, regularFile)
    archive_entry_set_perm(header, 0o644)
    archive_entry_set_size(header, Int64(size))
    archive_entry_set_mtime(header, time, 0)
    guard archive_write_header(writer, header) == ARCHIVE_OK else { throw failure(writer) }
    var offset = 0
    while offset < size {
      let piece = try FileCopy.piece(of: file, at: offset).prefix(size - offset)
      // A file that became shorter meanwhile.
      guard !piece.isEmpty else { throw Failure(description: "\(name) is still being written") }
      let written = piece.withUnsafeBytes { archive_write_data(writer, $0.baseAddress, $0.count) }
      guard written == piece.count else { throw failure(writer) }
      offset += piece.count
    }
  }

  private static func failure(_ writer: OpaquePointer) -> Failure {
    Failure(
      description: archive_error_string(writer).map { String(cString: $0) }
        ?? "the archive cannot be written")
  }
}
#endif
