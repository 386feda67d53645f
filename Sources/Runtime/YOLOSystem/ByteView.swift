/// A bounds-checked, little-endian view of bytes in memory.
///
/// The view does not own the memory: it is valid as long as the `MappedFile` that it came from.
package struct ByteView {
  /// The first byte.
  package let base: UnsafeRawPointer
  /// The number of bytes.
  package let count: Int

  /// Creates a view of `count` bytes from `base`.
  @inlinable package init(base: UnsafeRawPointer, count: Int) {
    self.base = base
    self.count = count
  }

  /// The same bytes as a buffer, unchecked.
  @inlinable package var buffer: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: count)
  }

  /// The byte at an offset, which must be inside.
  @inlinable package subscript(offset: Int) -> UInt8 {
    precondition(offset >= 0 && offset < count, "offset inside the view")
    // SAFETY: checked on the line above.
    return base.load(fromByteOffset: offset, as: UInt8.self)
  }

  /// The bytes of a range, or nil when it reaches outside.
  @inlinable package func slice(at offset: Int, count length: Int) -> ByteView? {
    guard contains(offset, length) else { return nil }
    return ByteView(base: base + offset, count: length)
  }

  /// The 16-bit number at an offset, or nil when it reaches outside.
  @inlinable package func uint16(at offset: Int) -> UInt16? {
    load(at: offset).map(UInt16.init(littleEndian:))
  }
  /// The 32-bit number at an offset, or nil when it reaches outside.
  @inlinable package func uint32(at offset: Int) -> UInt32? {
    load(at: offset).map(UInt32.init(littleEndian:))
  }
  /// The 64-bit number at an offset, or nil when it reaches outside.
  @inlinable package func uint64(at offset: Int) -> UInt64? {
    load(at: offset).map(UInt64.init(littleEndian:))
  }

  /// The bytes as UTF-8 text, or nil when they are not valid UTF-8.
  package func text() -> String? {
    String(validating: buffer, as: UTF8.self)
  }

  /// The bytes as UTF-8 text, malformed sequences replaced.
  package func repairedText() -> String {
    String(decoding: buffer, as: UTF8.self)
  }

  /// Whether two views hold the same bytes.
  package func isEqual(to other: ByteView) -> Bool {
    buffer.elementsEqual(other.buffer)
  }

  @inlinable func load<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Number? {
    guard contains(offset, MemoryLayout<Number>.size) else { return nil }
    // SAFETY: the range was checked; the load has no alignment demand.
    return base.loadUnaligned(fromByteOffset: offset, as: Number.self)
  }

  @inlinable func contains(_ offset: Int, _ length: Int) -> Bool {
    offset >= 0 && length >= 0 && offset <= count && length <= count - offset
  }
}
