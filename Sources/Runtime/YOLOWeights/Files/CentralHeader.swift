import YOLOSystem

/// One record of a ZIP central directory, checked for what this reader supports.
struct CentralHeader {
  let name: String
  /// The name as it lies in the directory.
  private let nameBytes: ByteView
  let checksum: UInt32
  /// The size of the content.
  let size: Int
  /// The size of the content as it lies in the file.
  private let storedSize: Int
  /// Whether the content is compressed by DEFLATE; else it is stored as it is.
  let isDeflated: Bool
  /// Where the local header starts.
  let localOffset: Int
  /// Where the next record starts.
  let end: Int

  /// Reads the record at an offset; the archive starts `shift` bytes into the file.
  init(file: MappedFile, offset: Int, limit: Int, shift: Int) throws(WeightError) {
    func damaged(_ reason: String, _ entry: String? = nil) -> WeightError {
      .invalidArchive(file: file.name, entry: entry, reason: reason)
    }
    let bytes = file.bytes
    guard offset <= limit - 46, bytes.uint32(at: offset) == 0x0201_4B50,
      let flags = bytes.uint16(at: offset + 8), let method = bytes.uint16(at: offset + 10),
      let checksum = bytes.uint32(at: offset + 16), let stored = bytes.uint32(at: offset + 20),
      let full = bytes.uint32(at: offset + 24), let nameLength = bytes.uint16(at: offset + 28),
      let extraLength = bytes.uint16(at: offset + 30),
      let commentLength = bytes.uint16(at: offset + 32), let disk = bytes.uint16(at: offset + 34),
      let local = bytes.uint32(at: offset + 42)
    else { throw damaged("a central directory record is truncated or damaged") }
    let extraStart = offset + 46 + Int(nameLength)
    end = extraStart + Int(extraLength) + Int(commentLength)
    guard end <= limit, nameLength <= ZipArchive.nameLimit,
      let nameBytes = bytes.slice(at: offset + 46, count: Int(nameLength)),
      let extra = bytes.slice(at: extraStart, count: Int(extraLength))
    else { throw damaged("a central directory record reaches outside the directory") }
    guard let name = nameBytes.text(), !name.isEmpty, !name.utf8.contains(0) else {
      throw damaged("an entry name is empty or not valid text")
    }
    guard flags & 0x2041 == 0 else { throw damaged("the entry is encrypted", name) }
    guard method == Self.stored || method == Self.deflated else {
      throw damaged(
        "the entry is compressed by method \(method); read are stored entries, as torch writes "
          + "them, and deflated ones", name)
    }
    guard disk == 0 || disk == .max else { throw damaged("it lies on another disk", name) }
    var wide = WideField(extra: extra)
    guard let fullSize = wide.value(full), let storedSize = wide.value(stored),
      let offset = wide.value(local)
    else { throw damaged("its ZIP64 field is missing or damaged", name) }
    guard method == Self.deflated || fullSize == storedSize else {
      throw damaged("a stored entry has two sizes, \(storedSize) and \(fullSize)", name)
    }
    guard storedSize <= UInt64(file.count), offset <= UInt64(file.count - shift) else {
      throw damaged("it reaches outside the file", name)
    }
    guard fullSize <= (storedSize + 1) * UInt64(Inflate.maximumRatio) else {
      throw damaged(
        "\(storedSize) compressed bytes cannot stand for \(fullSize)", name)
    }
    self.name = name
    self.nameBytes = nameBytes
    self.checksum = checksum
    size = Int(fullSize)
    self.storedSize = Int(storedSize)
    isDeflated = method == Self.deflated
    localOffset = Int(offset) + shift
  }

  private static let stored: UInt16 = 0
  private static let deflated: UInt16 = 8

  /// Finds the payload behind the local header, which must lie before the central directory.
  func payload(in file: MappedFile, before limit: Int) throws(WeightError) -> Range<Int> {
    func damaged(_ reason: String) -> WeightError {
      .invalidArchive(file: file.name, entry: name, reason: reason)
    }
    let bytes = file.bytes
    guard localOffset <= limit - 30, bytes.uint32(at: localOffset) == 0x0403_4B50,
      let flags = bytes.uint16(at: localOffset + 6), let method = bytes.uint16(at: localOffset + 8),
      let nameLength = bytes.uint16(at: localOffset + 26),
      let extraLength = bytes.uint16(at: localOffset + 28)
    else { throw damaged("its local header is missing or damaged") }
    guard method == (isDeflated ? Self.deflated : Self.stored), flags & 0x2041 == 0 else {
      throw damaged("its local header disagrees with the central directory")
    }
    guard let localName = bytes.slice(at: localOffset + 30, count: Int(nameLength)),
      localName.isEqual(to: nameBytes)
    else { throw damaged("its local header has another name") }
    let start = localOffset + 30 + Int(nameLength) + Int(extraLength)
    guard start <= limit, storedSize <= limit - start else {
      throw damaged("its \(storedSize) bytes reach into the central directory or outside the file")
    }
    return start..<start + storedSize
  }
}

/// The ZIP64 extra field: 64-bit values, in a fixed order, only for fields that are saturated.
private struct WideField {
  private let field: ByteView?
  private var offset = 0

  init(extra: ByteView) {
    var position = 0
    var found: ByteView?
    while found == nil, let tag = extra.uint16(at: position),
      let length = extra.uint16(at: position + 2)
    {
      if tag == 1 { found = extra.slice(at: position + 4, count: Int(length)) }
      position += 4 + Int(length)
    }
    field = found
  }

  mutating func value(_ narrow: UInt32) -> UInt64? {
    guard narrow == .max else { return UInt64(narrow) }
    defer { offset += 8 }
    return field?.uint64(at: offset)
  }
}
