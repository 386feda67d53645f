/// One stored entry of a ZIP archive.
package struct ZipEntry: Sendable, Equatable {
  /// The name, with its directory.
  package let name: String
  /// The CRC-32 that the archive states; 0 also when its writer computed none.
  package let checksum: UInt32
  /// Where the payload lies, in bytes from the start of the file.
  package let payload: Range<Int>
}
