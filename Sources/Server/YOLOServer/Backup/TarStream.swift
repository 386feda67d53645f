#if Server
import CDispatch  // Which C module defines `stat` depends on which module is loaded first.
import YOLOCryptography
package import YOLOSystem

/// Why a platform is not backed up, or a backup not restored.
package enum BackupError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A file or a directory cannot be read or written.
  case file(FileError)
  /// The database cannot be read.
  case database(PlatformError)
  /// The archive is not one that `yolo backup` wrote, or not as it was written.
  case damaged(archive: String, reason: String)
  /// The archive was written by a newer version.
  case newer(archive: String, format: Int)
  /// A file of the platform is not what its name or its size says.
  case inconsistent(path: String, reason: String)
  /// There is something where a platform is to be restored.
  case exists(path: String)

  package var description: String {
    switch self {
    case .file(let error): "\(error)"
    case .database(let error): "\(error)"
    case .damaged(let archive, let reason): "\(archive) is no whole backup: \(reason)"
    case .newer(let archive, let format):
      "\(archive) was written by a newer version of yolo: its format is \(format)"
    case .inconsistent(let path, let reason): "\(path) cannot be backed up: \(reason)"
    case .exists(let path):
      "\(path) is there already, and not empty: a backup is restored into a new directory"
    }
  }

  init(_ error: any Error, path: String) {
    switch error {
    case let error as BackupError: self = error
    case let error as FileError: self = .file(error)
    default: self = .database(PlatformError(error, path: path))
    }
  }
}

/// A part of an archive in the format of tar (POSIX.1-1988, ustar), as a block of 512 bytes.
package enum TarBlock {
  static let size = 512
  /// The longest name, and the longest directory before it.
  static let maximumName = 100

  /// Returns the block before a file; sizes beyond 8 GiB are binary, as GNU tar has them.
  package static func header(prefix: String, name: String, bytes: Int, time: Int) -> [UInt8] {
    var block = [UInt8](repeating: 0, count: size)
    func write(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() { block[offset + index] = byte }
    }
    func octal(_ value: Int, _ digits: Int) -> String {
      let text = String(value, radix: 8)
      return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
    write(name, at: 0)
    for (offset, value) in [(100, 0o600), (108, 0), (116, 0)] { write(octal(value, 7), at: offset) }
    if bytes < 1 << 33 {
      write(octal(bytes, 11), at: 124)
    } else {
      block[124] = 0x80
      for index in 0..<8 {
        block[128 + index] = UInt8(truncatingIfNeeded: bytes >> (56 - 8 * index))
      }
    }
    write(octal(time, 11), at: 136)
    write("0", at: 156)
    write("ustar", at: 257)
    write("00", at: 263)
    write(prefix, at: 345)
    write(octal(checksum(of: block), 6), at: 148)
    block[155] = UInt8(ascii: " ")
    return block
  }

  /// What a header says of the file that follows; nil for the block of zeros at the end.
  package struct Entry: Sendable, Hashable {
    package let name: String
    package let bytes: Int

    package init(name: String, bytes: Int) {
      self.name = name
      self.bytes = bytes
    }
  }

  /// Reads a header of a regular file.
  ///
  /// - Returns: The entry; nil for a block of zeros.
  /// - Throws: What is wrong with it, as a clause.
  package static func entry(_ block: [UInt8]) throws(TarFault) -> Entry? {
    if block.allSatisfy({ $0 == 0 }) { return nil }
    func text(_ range: Range<Int>) -> String {
      String(decoding: block[range].prefix { $0 != 0 }, as: UTF8.self)
    }
    func octal(_ range: Range<Int>) -> Int? {
      Int(text(range).filter { $0 != " " }, radix: 8)
    }
    guard text(257..<262) == "ustar" else { throw TarFault("it is no archive of tar") }
    guard octal(148..<156) == checksum(of: block) else { throw TarFault("a header is damaged") }
    guard block[156] == UInt8(ascii: "0") else {
      throw TarFault("it has something else than regular files")
    }
    let size: Int? =
      if block[124] == 0x80 {
        block[125..<136].reduce(0 as Int?) { value, byte in
          value.flatMap { $0 < 1 << 54 ? $0 << 8 | Int(byte) : nil }
        }
      } else {
        octal(124..<136)
      }
    guard let size, size >= 0 else { throw TarFault("a size is damaged") }
    let prefix = text(345..<500)
    let name = text(0..<100)
    return Entry(name: prefix.isEmpty ? name : "\(prefix)/\(name)", bytes: size)
  }

  /// The bytes that follow a file up to the next block.
  package static func padding(after bytes: Int) -> Int { (size - bytes % size) % size }

  /// The sum of the bytes, with spaces in place of the sum itself.
  private static func checksum(of block: [UInt8]) -> Int {
    block.enumerated().reduce(0) { sum, element in
      sum + ((148..<156).contains(element.offset) ? 0x20 : Int(element.element))
    }
  }
}

/// What is wrong with a part of an archive, as a clause.
package struct TarFault: Error, Sendable {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}

/// Writes an archive file by file; it appears under its name once it is complete.
package struct TarWriter: ~Copyable {
  private let file: AtomicFile
  private let time: Int
  private var digest = SHA256()

  package init(path: String, time: Int) throws(FileError) {
    file = try AtomicFile(path: path, replaces: false, mode: 0o600)
    self.time = time
  }

  private mutating func write(_ bytes: [UInt8]) throws(FileError) {
    digest.update(bytes.span.bytes)
    let file = file
    var failure: FileError?
    bytes.withUnsafeBytes { buffer in
      do throws(FileError) { try file.write(buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Appends a file that is in memory.
  package mutating func append(prefix: String = "", _ name: String, _ bytes: [UInt8])
    throws(FileError)
  {
    try write(TarBlock.header(prefix: prefix, name: name, bytes: bytes.count, time: time))
    try write(bytes + [UInt8](repeating: 0, count: TarBlock.padding(after: bytes.count)))
  }

  /// Appends a file of the disk, which must have the size that is given.
  ///
  /// - Returns: The SHA-256 of the file.
  mutating func append(
    prefix: String = "", _ name: String, file path: String, bytes: Int
  ) throws -> [UInt8] {
    let descriptor = open(path.pathCharacters, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw FileError(lastErrorAt: path) }
    defer { close(descriptor) }
    try write(TarBlock.header(prefix: prefix, name: name, bytes: bytes, time: time))
    var hash = SHA256()
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var rest = bytes
    while true {
      // One byte more than there should be shows a file that has grown.
      let count = FileSystem.systemRead(descriptor, &buffer, min(buffer.count, rest + 1))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw FileError(lastErrorAt: path) }
      if count == 0 { break }
      guard count <= rest else {
        throw BackupError.inconsistent(path: path, reason: "it has more than \(bytes) bytes")
      }
      rest -= count
      let piece = Array(buffer[..<count])
      hash.update(piece.span.bytes)
      try write(piece)
    }
    guard rest == 0 else {
      throw BackupError.inconsistent(
        path: path, reason: "it has \(bytes - rest) of its \(bytes) bytes")
    }
    try write([UInt8](repeating: 0, count: TarBlock.padding(after: bytes)))
    return hash.digest()
  }

  /// Ends the archive with the SHA-256 of all that is before it.
  package consuming func finish() throws(FileError) {
    var whole = SHA256()
    swap(&whole, &digest)
    try append(Self.checksumName, Array(whole.digest().hexadecimal.utf8))
    try write([UInt8](repeating: 0, count: 2 * TarBlock.size))
    try file.commit(synchronizes: true)
  }

  /// The name of the last entry.
  static let checksumName = "SHA256"
}

/// Reads an archive file by file.
package final class TarReader {
  private let path: String
  private let descriptor: Int32
  private var hash = SHA256()
  /// The SHA-256 of all that is before the last header that was read.
  private(set) var digestBeforeHeader: [UInt8] = []

  package init(path: String) throws(FileError) {
    self.path = path
    descriptor = open(path.pathCharacters, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(lastErrorAt: path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(lastErrorAt: path) }
    if let kind = FileSystem.irregularKind(status) { throw FileError(path, .irregular(kind)) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Reads the header of the next file; nil at the end.
  package func next() throws -> TarBlock.Entry? {
    digestBeforeHeader = hash.digestSoFar()
    do throws(TarFault) {
      return try TarBlock.entry(try readBytes(TarBlock.size))
    } catch {
      throw damaged(error.reason)
    }
  }

  /// Reads a file, and what is between it and the next, piece by piece.
  package func read(_ entry: TarBlock.Entry, _ body: ([UInt8]) throws -> Void) throws {
    var rest = entry.bytes
    while rest > 0 {
      let piece = try bytes(min(rest, 1 << 20))
      rest -= piece.count
      try body(piece)
    }
    guard try bytes(TarBlock.padding(after: entry.bytes)).allSatisfy({ $0 == 0 }) else {
      throw damaged("there is something between its files")
    }
  }

  func damaged(_ reason: String) -> BackupError { .damaged(archive: path, reason: reason) }

  private func bytes(_ count: Int) throws -> [UInt8] {
    do throws(TarFault) { return try readBytes(count) } catch { throw damaged(error.reason) }
  }

  private func readBytes(_ count: Int) throws(TarFault) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var offset = 0
    while offset < count {
      let wanted = count - offset
      // SAFETY: writes at most `wanted` bytes from `offset` on, which are in the buffer.
      let got = bytes.withUnsafeMutableBytes {
        FileSystem.systemRead(descriptor, $0.baseAddress.map { $0 + offset }, wanted)
      }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { throw TarFault("it ends too early") }
      offset += got
    }
    hash.update(bytes.span.bytes)
    return bytes
  }
}
#endif
