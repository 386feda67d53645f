package import YOLOSystem

/// Writes a ZIP archive of stored entries, as torch does: the payload of every entry starts at a
/// multiple of 64 bytes of the file, and its checksum and sizes follow it.
///
/// Bytes go to the file in order, and nothing is kept but the directory. Entries and archives
/// beyond the 32-bit fields get those of ZIP64. Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 to
/// 4.5.3.
package struct ZipWriter: ~Copyable {
  /// What payloads are aligned to, in bytes.
  package static let alignment = 64

  private struct Entry {
    let name: [UInt8]
    let offset: UInt64
    var size: UInt64 = 0
    var checksum: UInt32 = 0
  }

  private let output: AtomicFile
  /// The values from which on 64-bit fields are used; tests lower them.
  private let wideFrom: UInt64
  private let wideCountFrom: Int
  private var entries: [Entry] = []
  private var position: UInt64 = 0

  /// Creates an archive in a file.
  package init(
    to output: AtomicFile, wideFrom: UInt64 = UInt64(UInt32.max),
    wideCountFrom: Int = Int(UInt16.max)
  ) {
    self.output = output
    self.wideFrom = wideFrom
    self.wideCountFrom = wideCountFrom
  }

  /// The checksums of the entries so far, in order.
  package var checksums: [UInt32] { entries.map(\.checksum) }

  /// Adds an entry of `byteCount` bytes, which `fill` hands to its argument piece by piece.
  ///
  /// - Throws: `FileError`.
  package mutating func add(
    _ name: String, byteCount: Int,
    fill: ((UnsafeRawBufferPointer) throws(FileError) -> Void) throws(FileError) -> Void
  ) throws(FileError) {
    var entry = Entry(name: Array(name.utf8), offset: position)
    let isWide = UInt64(byteCount) >= wideFrom
    // Only the names and sizes of the directory count: those of the local header stay zero, because
    // the checksum is known behind the payload.
    var header = Self.localHeader
    header.append(little: UInt16(entry.name.count))
    // An extra field of its own makes up what is missing to the alignment; with ZIP64 it comes
    // behind that field, which tells readers how wide the descriptor is.
    let wideField = isWide ? 20 : 0
    let start = Int(position) + 30 + entry.name.count + wideField + 4
    let padding = (Self.alignment - start % Self.alignment) % Self.alignment
    header.append(little: UInt16(wideField + 4 + padding))
    header += entry.name
    if isWide {
      header.append(little: UInt16(1))
      header.append(little: UInt16(16))
      header += [UInt8](repeating: 0, count: 16)
    }
    header += [UInt8(ascii: "F"), UInt8(ascii: "B")]
    header.append(little: UInt16(padding))
    header += [UInt8](repeating: UInt8(ascii: "Z"), count: padding)
    try write(header)
    var checksum = Checksum.Running()
    var written = 0
    let output = output
    try fill { (piece: UnsafeRawBufferPointer) throws(FileError) in
      guard let base = piece.baseAddress else { return }
      checksum.update(ByteView(base: base, count: piece.count))
      written += piece.count
      try output.write(piece)
    }
    precondition(written == byteCount, "\(name) has \(written) bytes, not \(byteCount)")
    position += UInt64(written)
    entry.size = UInt64(written)
    entry.checksum = checksum.value
    var descriptor: [UInt8] = [0x50, 0x4B, 7, 8]
    descriptor.append(little: entry.checksum)
    for _ in 0..<2 {
      if isWide {
        descriptor.append(little: entry.size)
      } else {
        descriptor.append(little: UInt32(entry.size))
      }
    }
    try write(descriptor)
    entries.append(entry)
  }

  /// Adds an entry of some bytes.
  ///
  /// - Throws: `FileError`.
  package mutating func add(_ name: String, _ bytes: [UInt8]) throws(FileError) {
    try add(name, byteCount: bytes.count) { (sink) throws(FileError) in
      let result = bytes.withUnsafeBytes { buffer in
        Result { () throws(FileError) in try sink(buffer) }
      }
      try result.get()
    }
  }

  /// Writes the directory, which ends the archive.
  ///
  /// - Throws: `FileError`.
  package mutating func finish() throws(FileError) {
    let start = position
    for entry in entries { try write(record(of: entry)) }
    let size = position - start
    let isWide =
      entries.count >= wideCountFrom || size >= wideFrom || start >= wideFrom
    if isWide {
      let record = position
      var end: [UInt8] = [0x50, 0x4B, 6, 6]
      end.append(little: UInt64(44))
      end.append(little: UInt16(45))
      end.append(little: UInt16(45))
      end.append(little: UInt32(0))
      end.append(little: UInt32(0))
      end.append(little: UInt64(entries.count))
      end.append(little: UInt64(entries.count))
      end.append(little: size)
      end.append(little: start)
      end += [0x50, 0x4B, 6, 7]
      end.append(little: UInt32(0))
      end.append(little: record)
      end.append(little: UInt32(1))
      try write(end)
    }
    var end: [UInt8] = [0x50, 0x4B, 5, 6, 0, 0, 0, 0]
    for _ in 0..<2 {
      end.append(
        little: entries.count >= wideCountFrom ? UInt16.max : UInt16(entries.count))
    }
    end.append(little: size >= wideFrom ? UInt32.max : UInt32(size))
    end.append(little: start >= wideFrom ? UInt32.max : UInt32(start))
    end.append(little: UInt16(0))
    try write(end)
  }

  /// The record of an entry in the directory.
  private func record(of entry: Entry) -> [UInt8] {
    var extra: [UInt8] = []
    let isLarge = entry.size >= wideFrom
    let isFar = entry.offset >= wideFrom
    if isLarge || isFar {
      extra.append(little: UInt16(1))
      extra.append(little: UInt16((isLarge ? 16 : 0) + (isFar ? 8 : 0)))
      if isLarge {
        extra.append(little: entry.size)
        extra.append(little: entry.size)
      }
      if isFar { extra.append(little: entry.offset) }
    }
    let version: UInt16 = extra.isEmpty ? 0 : 45
    var record: [UInt8] = [0x50, 0x4B, 1, 2]
    record.append(little: version)
    record.append(little: version)
    record.append(little: Self.flags)
    // Method, time, date.
    for _ in 0..<3 { record.append(little: UInt16(0)) }
    record.append(little: entry.checksum)
    for _ in 0..<2 { record.append(little: isLarge ? UInt32.max : UInt32(entry.size)) }
    record.append(little: UInt16(entry.name.count))
    record.append(little: UInt16(extra.count))
    // Comment, disk, attributes.
    record += [UInt8](repeating: 0, count: 10)
    record.append(little: isFar ? UInt32.max : UInt32(entry.offset))
    record += entry.name
    record += extra
    return record
  }

  private mutating func write(_ bytes: [UInt8]) throws(FileError) {
    let output = output
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(FileError) in try output.write(buffer) }
    }
    try result.get()
    position += UInt64(bytes.count)
  }

  /// Sizes behind the payload; names are UTF-8.
  private static let flags: UInt16 = 0x0808

  /// Signature, version, flags, method, time, date, checksum, sizes.
  private static let localHeader: [UInt8] = {
    var header: [UInt8] = [0x50, 0x4B, 3, 4, 0, 0]
    header.append(little: flags)
    header += [UInt8](repeating: 0, count: 18)
    return header
  }()
}

extension [UInt8] {
  /// Appends a number, its least significant byte first.
  mutating func append<Number: FixedWidthInteger>(little number: Number) {
    var rest = number
    for _ in 0..<Number.bitWidth / 8 {
      append(UInt8(truncatingIfNeeded: rest))
      // A number of one byte has no second one to come.
      rest = Number.bitWidth > 8 ? rest >> 8 : 0
    }
  }
}
