package import YOLOSystem

/// The entries of a ZIP archive: stored as they are, as torch writes them, or deflated, as tools do
/// that pack a checkpoint again.
///
/// Sizes and checksums come from the central directory, because torch leaves those of the local
/// headers at zero; the payload's offset comes from the local header, whose extra field (alignment
/// padding) has a length of its own. Everything is checked against the file's size, entries may
/// neither overlap nor share a name, and encrypted entries are refused. Deflated entries are
/// decompressed when they are asked for; whoever asks bounds the sum of their sizes. Bytes before
/// the archive and behind it are passed over. Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 to
/// 4.5.3.
package struct ZipArchive {
  /// The maximum number of entries that are read.
  package static let entryLimit = 100_000
  /// The maximum length of an entry name, in bytes.
  static let nameLimit = 1024

  /// The archive's file.
  package let file: MappedFile
  /// The entries in the order of the central directory.
  package let entries: [ZipEntry]
  private let positions: [String: Int]

  /// The entry of a name, or nil.
  package subscript(name: String) -> ZipEntry? { positions[name].map { entries[$0] } }

  /// Reads the directory of an archive.
  ///
  /// - Throws: `WeightError.invalidArchive` or `WeightError.limitExceeded`.
  package init(file: MappedFile) throws(WeightError) {
    self.file = file
    let directory = try Self.directory(of: file)
    var entries: [ZipEntry] = []
    var positions: [String: Int] = [:]
    var ranges: [Range<Int>] = []
    entries.reserveCapacity(directory.count)
    positions.reserveCapacity(directory.count)
    ranges.reserveCapacity(directory.count)
    var offset = directory.start
    for _ in 0..<directory.count {
      let header = try CentralHeader(
        file: file, offset: offset, limit: directory.end, shift: directory.shift)
      offset = header.end
      let payload = try header.payload(in: file, before: directory.start)
      guard positions.updateValue(entries.count, forKey: header.name) == nil else {
        throw .invalidArchive(
          file: file.name, entry: header.name, reason: "two entries have this name")
      }
      entries.append(
        ZipEntry(
          name: header.name, checksum: header.checksum, payload: payload, size: header.size,
          isDeflated: header.isDeflated))
      ranges.append(header.localOffset..<payload.upperBound)
    }
    try Self.checkDisjoint(ranges, entries, file)
    self.entries = entries
    self.positions = positions
  }

  /// The bytes of an entry as they lie in the file; valid while the archive's file lives.
  package func bytes(of entry: ZipEntry) -> ByteView {
    ByteView(base: file.bytes.base + entry.payload.lowerBound, count: entry.payload.count)
  }

  /// Returns the content of an entry: its bytes in the archive's file, or a copy that is
  /// decompressed and compared with its checksum.
  ///
  /// - Throws: `WeightError.invalidArchive`.
  package func content(of entry: ZipEntry) throws(WeightError) -> FileRegion {
    guard entry.isDeflated else { return FileRegion(file: file, range: entry.payload) }
    // Even of nothing there is a stream, of two bytes and more.
    guard entry.size > 0 else {
      return FileRegion(
        file: file, range: entry.payload.lowerBound..<entry.payload.lowerBound)
    }
    let content: MappedFile
    do throws(Inflate.Failure) {
      content = try MappedFile(name: file.name, count: entry.size) {
        buffer throws(Inflate.Failure) in
        try Inflate.decompress(bytes(of: entry), into: buffer)
      }
    } catch {
      throw .invalidArchive(file: file.name, entry: entry.name, reason: error.reason)
    }
    let region = FileRegion(file: content, range: 0..<entry.size)
    try compare(region.bytes, with: entry)
    return region
  }

  /// Compares an entry with its CRC-32.
  ///
  /// An archive written without checksums states 0: that passes.
  ///
  /// - Throws: `WeightError.invalidArchive` when they differ.
  package func verify(_ entry: ZipEntry) throws(WeightError) {
    if entry.isDeflated {
      _ = try content(of: entry)
    } else {
      try compare(bytes(of: entry), with: entry)
    }
  }

  private func compare(_ bytes: ByteView, with entry: ZipEntry) throws(WeightError) {
    guard entry.checksum != 0, Checksum.crc32(bytes) != entry.checksum else { return }
    throw .invalidArchive(
      file: file.name, entry: entry.name, reason: "its CRC-32 does not match: the file is damaged")
  }

  private static func checkDisjoint(
    _ ranges: [Range<Int>], _ entries: [ZipEntry], _ file: MappedFile
  ) throws(WeightError) {
    var previous: Int?
    for index in ranges.indices.sorted(by: { ranges[$0].lowerBound < ranges[$1].lowerBound }) {
      if let previous, ranges[index].lowerBound < ranges[previous].upperBound {
        throw .invalidArchive(
          file: file.name, entry: entries[index].name,
          reason: "it overlaps the entry \(printable(entries[previous].name))")
      }
      previous = index
    }
  }

  private static func directory(
    of file: MappedFile
  ) throws(WeightError) -> (start: Int, end: Int, count: Int, shift: Int) {
    func damaged(_ reason: String) -> WeightError {
      .invalidArchive(file: file.name, entry: nil, reason: reason)
    }
    let bytes = file.bytes
    guard let tail = endRecord(in: bytes) else {
      throw damaged("no end of central directory: the file is truncated or not a ZIP archive")
    }
    guard let disk = bytes.uint16(at: tail + 4), let startDisk = bytes.uint16(at: tail + 6),
      let countHere = bytes.uint16(at: tail + 8), let count = bytes.uint16(at: tail + 10),
      let size = bytes.uint32(at: tail + 12), let start = bytes.uint32(at: tail + 16)
    else { throw damaged("truncated end of central directory") }
    var totals = (count: UInt64(count), size: UInt64(size), start: UInt64(start))
    var limit = tail
    if count == .max || size == .max || start == .max {
      let record = try wideRecord(in: bytes, before: tail, damaged)
      if count == .max { totals.count = record.count }
      if size == .max { totals.size = record.size }
      if start == .max { totals.start = record.start }
      limit = record.offset
    }
    guard [0, .max].contains(disk), [0, .max].contains(startDisk), count == countHere else {
      throw damaged("it spans several disks")
    }
    guard totals.count <= UInt64(entryLimit) else {
      throw .limitExceeded(file: file.name, at: "", what: "archive entries", limit: entryLimit)
    }
    guard totals.start <= UInt64(limit), totals.size <= UInt64(limit) - totals.start else {
      throw damaged("the central directory reaches outside the file")
    }
    // What lies before the archive moves all of its offsets.
    var shift = 0
    if totals.count > 0, bytes.uint32(at: Int(totals.start)) != directorySignature {
      // The ZIP64 records may lie between the directory and the plain end record.
      for end in [limit, limit - 20 - 56] {
        let distance = end - Int(totals.start + totals.size)
        if distance > 0, bytes.uint32(at: Int(totals.start) + distance) == directorySignature {
          shift = distance
        }
      }
    }
    let directory = Int(totals.start) + shift
    return (directory, directory + Int(totals.size), Int(totals.count), shift)
  }

  private static let directorySignature: UInt32 = 0x0201_4B50
  private static let endSignature: UInt32 = 0x0605_4B50
  /// That of the locator of the ZIP64 end record.
  private static let locatorSignature: UInt32 = 0x0706_4B50

  /// Whether bytes that do not start as an archive end as one.
  static func isAtEnd(of bytes: ByteView) -> Bool {
    guard let tail = endRecord(in: bytes), let size = bytes.uint32(at: tail + 12) else {
      return false
    }
    return bytes.uint32(at: tail - Int(size)) == directorySignature
      || bytes.uint32(at: tail - 20) == locatorSignature
  }

  /// The offset of the end record: 22 bytes and a comment that ends where the file ends, else the
  /// last one whose comment ends inside the file and whose directory is where it says.
  private static func endRecord(in bytes: ByteView) -> Int? {
    let first = max(0, bytes.count - 22 - Int(UInt16.max))
    var candidate: Int?
    var offset = bytes.count - 22
    while offset >= first {
      if bytes.uint32(at: offset) == endSignature, let comment = bytes.uint16(at: offset + 20) {
        if offset + 22 + Int(comment) == bytes.count { return offset }
        if candidate == nil, offset + 22 + Int(comment) < bytes.count,
          hasDirectory(before: offset, in: bytes)
        {
          candidate = offset
        }
      }
      offset -= 1
    }
    return candidate
  }

  /// Whether the directory of an end record is right before it, or where it says.
  private static func hasDirectory(before tail: Int, in bytes: ByteView) -> Bool {
    guard let size = bytes.uint32(at: tail + 12), let start = bytes.uint32(at: tail + 16) else {
      return false
    }
    return bytes.uint32(at: tail - Int(size)) == directorySignature
      || bytes.uint32(at: Int(start)) == directorySignature
      || bytes.uint32(at: tail - 20) == locatorSignature
  }

  private static func wideRecord(
    in bytes: ByteView, before tail: Int, _ damaged: (String) -> WeightError
  ) throws(WeightError) -> (count: UInt64, size: UInt64, start: UInt64, offset: Int) {
    guard bytes.uint32(at: tail - 20) == locatorSignature, let stated = bytes.uint64(at: tail - 12),
      // Bytes before the archive move the record, which ends where its locator starts.
      let offset = [stated, UInt64(max(0, tail - 76))].first(where: {
        $0 <= UInt64(tail) && bytes.uint32(at: Int($0)) == 0x0606_4B50
      }),
      let count = bytes.uint64(at: Int(offset) + 32), let size = bytes.uint64(at: Int(offset) + 40),
      let start = bytes.uint64(at: Int(offset) + 48)
    else { throw damaged("the ZIP64 end of central directory is missing or damaged") }
    return (count, size, start, Int(offset))
  }
}

/// One entry of a ZIP archive.
package struct ZipEntry: Sendable, Equatable {
  /// The name, with its directory.
  package let name: String
  /// The CRC-32 that the archive states; 0 also when its writer computed none.
  package let checksum: UInt32
  /// Where the payload lies, in bytes from the start of the file.
  package let payload: Range<Int>
  /// The size of the content, which is that of the payload unless it is compressed.
  package let size: Int
  /// Whether the payload is compressed by DEFLATE.
  package let isDeflated: Bool
}

/// Some bytes of a file, which it keeps alive.
package struct FileRegion: Sendable {
  /// The file.
  package let file: MappedFile
  /// The bytes, from the start of the file.
  package let range: Range<Int>

  /// The bytes; valid while the file lives.
  package var bytes: ByteView {
    ByteView(base: file.bytes.base + range.lowerBound, count: range.count)
  }
}
