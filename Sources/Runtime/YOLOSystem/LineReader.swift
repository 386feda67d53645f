/// Reads a file line by line, whatever its size, in bounded memory.
package struct LineReader: ~Copyable {
  private static let blockBytes = 1 << 18

  private let file: RegularFile
  private let maximumBytes: Int
  private var bytes: [UInt8] = []
  private var start = 0
  private var isOver = false
  /// The number of the last line that was returned, from 1 on.
  package private(set) var number = 0

  /// Opens a file whose lines have a maximum size in bytes.
  package init(_ path: String, maximumBytes: Int) throws(FileError) {
    file = try RegularFile(opening: path)
    self.maximumBytes = maximumBytes
  }

  /// Returns the next line without what ends it; nil after the last one.
  ///
  /// - Throws: `FileError.Reason.tooLarge` for a line that is larger than it may be.
  package mutating func next() throws(FileError) -> ArraySlice<UInt8>? {
    var searched = start
    while true {
      if let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { start = end + 1 }
        number += 1
        return bytes[start..<end]
      }
      if isOver {
        guard start < bytes.count else { return nil }
        defer { start = bytes.count }
        number += 1
        return bytes[start...]
      }
      guard bytes.count - start <= maximumBytes else {
        throw FileError(file.path, .tooLarge(bytes: nil, maximum: maximumBytes))
      }
      bytes.removeSubrange(..<start)
      start = 0
      searched = bytes.count
      let block = try file.prefix(Self.blockBytes)
      isOver = block.isEmpty
      bytes += block
    }
  }
}
