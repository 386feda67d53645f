#if Server
import CArchive
import Glibc
import Testing

/// Writes archives, those of strangers among them.
enum ArchiveWriter {
  /// The kinds of archives.
  enum Format: String, Sendable, CaseIterable {
    case deflatedZip, storedZip, tar, compressedTar
  }

  /// An entry to write.
  struct Entry: Sendable {
    var name: String
    var content: [UInt8] = []
    var type: UInt32 = 0o100_000
    var link: String?
    var hardLink: String?

    init(_ name: String, _ content: String = "") {
      self.name = name
      self.content = Array(content.utf8)
    }

    init(link name: String, to target: String, isHard: Bool = false) {
      self.name = name
      if isHard {
        hardLink = target
      } else {
        type = 0o120_000
        link = target
      }
    }

    init(_ name: String, type: UInt32) {
      self.name = name
      self.type = type
    }
  }

  /// Writes an archive.
  static func write(
    _ entries: [Entry], _ format: Format, passphrase: String? = nil, to path: String
  ) throws {
    // libarchive writes names of this locale only; it reads others, too.
    let unicode = try #require(newlocale(LC_CTYPE_MASK, "C.UTF-8", nil))
    let locale = uselocale(unicode)
    defer {
      uselocale(locale)
      freelocale(unicode)
    }
    let writer = try #require(archive_write_new())
    defer { archive_write_free(writer) }
    switch format {
    case .deflatedZip: archive_write_set_format_zip(writer)
    case .storedZip:
      archive_write_set_format_zip(writer)
      archive_write_zip_set_compression_store(writer)
    case .tar: archive_write_set_format_pax_restricted(writer)
    case .compressedTar:
      archive_write_set_format_pax_restricted(writer)
      archive_write_add_filter_gzip(writer)
    }
    if let passphrase {
      try #require(archive_write_set_options(writer, "zip:encryption=traditional") == ARCHIVE_OK)
      try #require(archive_write_set_passphrase(writer, passphrase) == ARCHIVE_OK)
    }
    try #require(archive_write_open_filename(writer, path) == ARCHIVE_OK)
    for entry in entries {
      let header = try #require(archive_entry_new())
      defer { archive_entry_free(header) }
      archive_entry_set_pathname_utf8(header, entry.name)
      archive_entry_set_filetype(header, entry.type)
      archive_entry_set_perm(header, 0o644)
      archive_entry_set_size(header, Int64(entry.content.count))
      if let link = entry.link { archive_entry_set_symlink_utf8(header, link) }
      if let link = entry.hardLink { archive_entry_set_hardlink_utf8(header, link) }
      try #require(archive_write_header(writer, header) >= ARCHIVE_WARN)
      if !entry.content.isEmpty {
        entry.content.withUnsafeBytes { bytes in
          _ = archive_write_data(writer, bytes.baseAddress, bytes.count)
        }
      }
    }
    try #require(archive_write_close(writer) == ARCHIVE_OK)
  }
}
#endif
