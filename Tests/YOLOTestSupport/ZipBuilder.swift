/// Builds ZIP archives as torch does, and every kind of broken one.
package struct ZipBuilder {
  package struct Entry {
    package var name: String
    package var content: [UInt8]
    package var method: UInt16 = 0
    package var flags: UInt16 = 0x0808
    package var storedSize: UInt32?
    package var fullSize: UInt32?
    package var checksum: UInt32?
    package var localName: String?
    package var localOffset: UInt32?
    package var disk: UInt16 = 0
    /// The extra field of the local header, which the central one lacks.
    package var padding = 0
    /// Moves sizes and offset to a ZIP64 field.
    package var isWide = false
    package var wideField: [UInt8]?

    package init(_ name: String, _ content: [UInt8]) {
      self.name = name
      self.content = content
    }
  }

  package var entries: [Entry]
  package var comment: [UInt8] = []
  /// Writes the ZIP64 end record, with the plain one saturated.
  package var isWide = false
  package var entryCount: UInt64?
  package var directorySize: UInt64?
  package var directoryStart: UInt64?

  package init(_ entries: [Entry]) { self.entries = entries }

  /// An archive of a checkpoint with the given pickle and storages.
  package init(pickle: [UInt8], storages: [String: [UInt8]] = [:], root: String = "archive") {
    entries = [
      Entry("\(root)/data.pkl", pickle), Entry("\(root)/byteorder", Array("little".utf8)),
      Entry("\(root)/version", Array("3\n".utf8)),
    ]
    for (key, content) in storages.sorted(by: { $0.key < $1.key }) {
      entries.append(Entry("\(root)/data/\(key)", content))
    }
  }

  package var bytes: [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let offset = entry.localOffset ?? UInt32(file.count)
      let localName = Array((entry.localName ?? entry.name).utf8)
      file += little(0x0403_4B50, count: 4) + little(20, count: 2)
      file += little(UInt64(entry.flags), count: 2) + little(UInt64(entry.method), count: 2)
      file += [UInt8](repeating: 0, count: 16)
      file += little(UInt64(localName.count), count: 2) + little(UInt64(entry.padding), count: 2)
      file += localName + [UInt8](repeating: 0x5A, count: entry.padding) + entry.content

      let size = UInt32(entry.content.count)
      let wide =
        entry.wideField
        ?? (little(1, count: 2) + little(24, count: 2)
          + little(UInt64(entry.fullSize ?? size), count: 8)
          + little(UInt64(entry.storedSize ?? size), count: 8) + little(UInt64(offset), count: 8))
      let extra = entry.isWide ? wide : []
      let name = Array(entry.name.utf8)
      directory += little(0x0201_4B50, count: 4) + [20, 0, 20, 0]
      directory += little(UInt64(entry.flags), count: 2) + little(UInt64(entry.method), count: 2)
      directory += [0, 0, 0, 0]
      directory += little(UInt64(entry.checksum ?? crc32(entry.content)), count: 4)
      directory += little(UInt64(entry.isWide ? .max : entry.storedSize ?? size), count: 4)
      directory += little(UInt64(entry.isWide ? .max : entry.fullSize ?? size), count: 4)
      directory += little(UInt64(name.count), count: 2) + little(UInt64(extra.count), count: 2)
      directory += [0, 0] + little(UInt64(entry.disk), count: 2) + [0, 0, 0, 0, 0, 0]
      directory += little(UInt64(entry.isWide ? .max : offset), count: 4) + name + extra
    }
    let count = entryCount ?? UInt64(entries.count)
    let size = directorySize ?? UInt64(directory.count)
    let start = directoryStart ?? UInt64(file.count)
    file += directory
    if isWide {
      let record = UInt64(file.count)
      file += little(0x0606_4B50, count: 4) + little(44, count: 8) + [45, 0, 45, 0]
      file += [UInt8](repeating: 0, count: 8) + little(count, count: 8) + little(count, count: 8)
      file += little(size, count: 8) + little(start, count: 8)
      file += little(0x0706_4B50, count: 4) + little(0, count: 4) + little(record, count: 8)
      file += little(1, count: 4)
    }
    func plain(_ value: UInt64, count: Int) -> [UInt8] {
      little(isWide ? .max : value, count: count)
    }
    file += little(0x0605_4B50, count: 4) + [0, 0, 0, 0] + plain(count, count: 2)
    file += plain(count, count: 2) + plain(size, count: 4) + plain(start, count: 4)
    return file + little(UInt64(comment.count), count: 2) + comment
  }
}

/// The CRC-32 of bytes, one bit at a time: the oracle of the table-driven one.
package func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
  var remainder = ~UInt32(0)
  for byte in bytes {
    remainder ^= UInt32(byte)
    for _ in 0..<8 {
      remainder = remainder & 1 == 1 ? (remainder >> 1) ^ 0xEDB8_8320 : remainder >> 1
    }
  }
  return ~remainder
}

/// The lowest bytes of a number, least significant first.
package func little(_ value: UInt64, count: Int) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
}
