/// The bytes of a file, mapped into memory read-only and released with the last reference.
///
/// Opening costs the same for any size: pages are read when they are first touched. The mapping
/// shows the file itself, so a file must not be changed in place while it is in use; replacing it
/// (writing a new file and renaming it) is safe. If another process *truncates* the file, touching
/// a page beyond the new end kills this process with SIGBUS: no reader of mapped files can prevent
/// that, so a program that cannot trust its directory reads the file and uses
/// `MappedFile(copying:name:)`.
package final class MappedFile: @unchecked Sendable {
  // Sendable by hand because of the pointer: the memory is never written after `init` and is
  // released in `deinit` only.

  /// The name to use in messages: the path as it was given.
  package let name: String
  /// The number of bytes, at least 1.
  package let count: Int
  private let base: UnsafeRawPointer
  private let isMapping: Bool

  /// Maps a regular file.
  ///
  /// - Throws: `FileError`; a file without bytes is `empty`.
  package init(path: String) throws(FileError) {
    let file = try RegularFile(opening: path)
    guard file.size > 0 else { throw FileError(path, .empty) }
    let address = mmap(nil, file.size, PROT_READ, MAP_PRIVATE, file.descriptor, 0)
    guard let address, address != MAP_FAILED else { throw FileError(lastErrorAt: path) }
    name = path
    count = file.size
    base = UnsafeRawPointer(address)
    isMapping = true
  }

  /// Holds a private copy of bytes, for data that does not come from a file.
  ///
  /// - Throws: `FileError` of the reason `empty` when there are no bytes.
  package init(copying bytes: [UInt8], name: String) throws(FileError) {
    guard !bytes.isEmpty else { throw FileError(name, .empty) }
    let copy = UnsafeMutableRawPointer.allocate(byteCount: bytes.count, alignment: 64)
    // SAFETY: both sides hold `bytes.count` bytes.
    bytes.withUnsafeBytes { source in
      UnsafeMutableRawBufferPointer(start: copy, count: bytes.count).copyMemory(from: source)
    }
    self.name = name
    count = bytes.count
    base = UnsafeRawPointer(copy)
    isMapping = false
  }

  /// Holds `count` bytes that `fill` writes, for a file that may be changed in place while it is in
  /// use.
  ///
  /// - Throws: What `fill` throws.
  package init<Failure: Error>(
    name: String, count: Int, fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    precondition(count > 0)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 64)
    self.name = name
    self.count = count
    base = UnsafeRawPointer(memory)
    isMapping = false
    // SAFETY: the buffer is the memory just allocated, which `deinit` releases if this throws, too.
    try fill(UnsafeMutableRawBufferPointer(start: memory, count: count))
  }

  /// The bytes that take memory whether they are read or not: all if copied, none if mapped.
  package var copiedBytes: Int { isMapping ? 0 : count }

  deinit {
    let address = UnsafeMutableRawPointer(mutating: base)
    // SAFETY: `init` acquired exactly this memory, and no view outlives its file.
    if isMapping { munmap(address, count) } else { address.deallocate() }
  }

  /// Returns the pages to the system; the bytes are read from the file again when next touched.
  ///
  /// Copied bytes stay. Safe while others read.
  package func releasePages() {
    guard isMapping else { return }
    // SAFETY: the mapping is private, of a file and never written: its pages come back unchanged.
    madvise(UnsafeMutableRawPointer(mutating: base), count, MADV_DONTNEED)
  }

  /// The whole content; valid while this object lives.
  package var bytes: ByteView { ByteView(base: base, count: count) }
}
