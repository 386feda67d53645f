#if Server
import CArchive
package import YOLOSystem

/// Why an archive is not unpacked.
package enum ArchiveError: Error, Hashable, CustomStringConvertible {
  /// The file is no archive, is damaged, or needs a password.
  case unreadable(archive: String, entry: String?, reason: String)
  /// It would take more than is allowed.
  case tooLarge(archive: String, what: String, maximum: Int)
  /// A file cannot be written.
  case unwritable(FileError)

  package var description: String {
    switch self {
    case .unreadable(let archive, let entry, let reason):
      "\(archive) cannot be unpacked\(entry.map { " beyond \($0)" } ?? ""): \(reason)"
    case .tooLarge(let archive, let what, let maximum):
      "\(archive) has \(what) than the \(maximum) that are allowed"
    case .unwritable(let error): "\(error)"
    }
  }
}

/// Unpacks archives of strangers: ZIP and tar, the latter also compressed, by libarchive.
///
/// Only regular files come out, each below the target directory: entries that are links, devices or
/// pipes, and those whose names are absolute or leave the directory, are left out and listed.
package struct ArchiveExtractor: Sendable {
  /// The maximum number of entries.
  package var maximumEntries = 1_000_000
  /// How many times larger than the archive its content may be.
  package var maximumRatio = 200
  /// The maximum number of bytes of all files.
  package var maximumBytes: Int

  /// What has come out of an archive.
  package struct Outcome: Sendable, Hashable {
    /// The files that were written.
    package var files = 0
    /// Their bytes.
    package var bytes = 0
    /// What was left out, with the reason, at most ``maximumSkipped``.
    package var skipped: [Skipped] = []
    /// How many further entries were left out.
    package var omitted = 0
  }

  /// An entry that was left out.
  package struct Skipped: Sendable, Hashable {
    /// Its name in the archive.
    package let name: String
    /// Why.
    package let reason: String
  }

  /// The maximum number of left out entries that are listed.
  package static let maximumSkipped = 10_000
  /// Content of this size is never a matter of the ratio.
  private static let smallBytes = 1 << 20
  private static let blockBytes = 1 << 16

  package init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

  /// Unpacks a file into an empty directory.
  ///
  /// - Parameters:
  ///   - path: The archive.
  ///   - name: What messages call it.
  ///   - directory: The directory, which is nobody else's.
  ///   - progress: Called with the bytes of the archive that have been read; what it throws ends the
  ///     work.
  /// - Returns: What came out and what was left out.
  /// - Throws: ``ArchiveError``, or `FileError` if the archive cannot be read.
  package func extract(
    _ path: String, named name: String, to directory: String,
    progress: (Int) throws -> Void = { _ in }
  ) throws -> Outcome {
    let file = try RegularFile(opening: path)
    // libarchive has names in the locale of the thread, and drops those that do not fit in there.
    let unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)
    let locale = uselocale(unicode)
    defer {
      uselocale(locale)
      if let unicode { freelocale(unicode) }
    }
    guard let reader = archive_read_new() else {
      throw ArchiveError.unreadable(archive: name, entry: nil, reason: "no memory")
    }
    defer { archive_read_free(reader) }
    archive_read_support_filter_gzip(reader)
    archive_read_support_filter_none(reader)
    archive_read_support_format_zip_seekable(reader)
    archive_read_support_format_zip_streamable(reader)
    archive_read_support_format_tar(reader)
    guard archive_read_open_fd(reader, file.descriptor, Self.blockBytes) == ARCHIVE_OK else {
      throw ArchiveError.unreadable(archive: name, entry: nil, reason: Self.message(reader))
    }
    var outcome = Outcome()
    var entries = 0
    var last: String?
    let limit = min(maximumBytes, max(Self.smallBytes, file.size * maximumRatio))
    while true {
      var entry: OpaquePointer?
      let status = archive_read_next_header(reader, &entry)
      if status == ARCHIVE_EOF { break }
      guard status == ARCHIVE_OK || status == ARCHIVE_WARN, let entry else {
        throw ArchiveError.unreadable(archive: name, entry: last, reason: Self.message(reader))
      }
      entries += 1
      guard entries <= maximumEntries else {
        throw ArchiveError.tooLarge(
          archive: name, what: "more entries", maximum: maximumEntries)
      }
      try progress(Int(archive_filter_bytes(reader, -1)))
      let text = Self.name(of: entry)
      last = text
      if let reason = Self.objection(to: entry, named: text) {
        outcome.skip(text, reason)
        continue
      }
      guard archive_entry_filetype(entry) == EntryType.regular else { continue }
      try write(text, from: reader, archive: name, below: directory, limit: limit, &outcome)
    }
    return outcome
  }

  private static func message(_ reader: OpaquePointer) -> String {
    archive_error_string(reader).map { String(cString: $0) } ?? "it ends early"
  }

  /// The name of an entry; bytes that are not UTF-8 are replaced, and so are the backslashes of
  /// archives that Windows makes.
  private static func name(of entry: OpaquePointer) -> String {
    let name = archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry)
    return name.map { String(String(cString: $0).map { $0 == "\\" ? "/" : $0 }) } ?? ""
  }

  /// Why an entry is left out; nil for directories and files in order.
  private static func objection(to entry: OpaquePointer, named name: String) -> String? {
    if archive_entry_hardlink(entry) != nil { return "it is a link" }
    switch archive_entry_filetype(entry) {
    case EntryType.regular, EntryType.directory: break
    case EntryType.link: return "it is a link"
    default: return "it is no file"
    }
    let parts = name.split(separator: "/", omittingEmptySubsequences: true)
    if name.hasPrefix("/") { return "its name is absolute" }
    if parts.isEmpty || parts.contains("..") { return "its name leaves the archive" }
    if name.utf8.count > 1000 || parts.contains(where: { $0.utf8.count > 250 }) {
      return "its name is too long"
    }
    if parts.count > 32 { return "it lies in more than 32 directories" }
    if parts.contains(where: { $0.hasPrefix(".") && $0 != "." }) || parts.first == "__MACOSX" {
      return "it is hidden"
    }
    if archive_entry_is_encrypted(entry) != 0 { return "it needs a password" }
    return nil
  }

  private func write(
    _ name: String, from reader: OpaquePointer, archive: String, below directory: String,
    limit: Int, _ outcome: inout Outcome
  ) throws {
    let parts = name.split(separator: "/").filter { $0 != "." }
    var path = directory
    do throws(FileError) {
      for part in parts.dropLast() {
        path += "/\(part)"
        if !FileSystem.isDirectory(path) { try FileSystem.makeDirectory(path) }
      }
    } catch {
      // A file of an earlier entry is in the way.
      return outcome.skip(name, "its directory cannot be created: \(error.message)")
    }
    path += "/\(parts.last ?? "")"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      guard errno == EEXIST || errno == EISDIR else {
        throw ArchiveError.unwritable(FileError(lastErrorAt: path))
      }
      return outcome.skip(name, "its name occurs before")
    }
    defer { close(descriptor) }
    try withUnsafeTemporaryAllocation(byteCount: Self.blockBytes, alignment: 16) { buffer in
      while true {
        // SAFETY: reads at most the buffer.
        let count = archive_read_data(reader, buffer.baseAddress, buffer.count)
        guard count >= 0 else {
          throw ArchiveError.unreadable(
            archive: archive, entry: name, reason: Self.message(reader))
        }
        guard count > 0 else { break }
        outcome.bytes += count
        guard outcome.bytes <= limit else {
          throw ArchiveError.tooLarge(
            archive: archive, what: "more bytes of content", maximum: limit)
        }
        let block = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        if let failure = FileSystem.write(block, to: descriptor) {
          throw ArchiveError.unwritable(FileError(path, .system(failure)))
        }
      }
    }
    outcome.files += 1
  }
}

/// The types of entries; the macros of libarchive for them are not visible in Swift.
private enum EntryType {
  static let regular: UInt32 = 0o100_000
  static let directory: UInt32 = 0o040_000
  static let link: UInt32 = 0o120_000
}

extension ArchiveExtractor.Outcome {
  fileprivate mutating func skip(_ name: String, _ reason: String) {
    guard skipped.count < ArchiveExtractor.maximumSkipped else {
      omitted += 1
      return
    }
    skipped.append(ArchiveExtractor.Skipped(name: name, reason: reason))
  }
}
#endif
