/// A regular file that is open for reading; closed with the value.
package struct RegularFile: ~Copyable {
  /// The path, as it was given.
  package let path: String
  /// What the file system said of the file when it was opened.
  package let status: stat
  /// The descriptor, valid while this value lives.
  package let descriptor: Int32

  /// Opens a regular file, following links; pipes and devices are refused without waiting for them.
  package init(opening path: String) throws(FileError) {
    let path = try path.checkedPath()
    // Without O_NONBLOCK, opening a named pipe waits for a writer.
    let descriptor = open(path.pathCharacters, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(lastErrorAt: path) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let error = FileError(lastErrorAt: path)
      close(descriptor)
      throw error
    }
    if let kind = FileSystem.irregularKind(status) {
      close(descriptor)
      throw FileError(path, .irregular(kind))
    }
    InputFiles.add(FileIdentity(status))
    self.path = path
    self.status = status
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// The size in bytes when the file was opened.
  package var size: Int { Int(status.st_size) }

  /// Reads to the end of the file.
  ///
  /// - Throws: `tooLarge` before anything is read if the file is larger than allowed, and where it
  ///   grows beyond that meanwhile.
  package func read(maximumBytes: Int) throws(FileError) -> [UInt8] {
    guard size <= maximumBytes else {
      throw FileError(path, .tooLarge(bytes: size, maximum: maximumBytes))
    }
    return try FileSystem.read(
      descriptor: descriptor, named: path, expecting: size, maximumBytes: maximumBytes)
  }

  /// Reads the first bytes, at most `count`.
  package func prefix(_ count: Int) throws(FileError) -> [UInt8] {
    var failure: FileError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, filled in
      do throws(FileError) {
        filled = try fill(UnsafeMutableRawBufferPointer(target))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Reads from the current position until the buffer is full or the file ends.
  ///
  /// - Returns: The number of bytes read.
  package func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var filled = 0
    while filled < buffer.count {
      // SAFETY: writes at most the bytes of the buffer behind the first `filled`.
      let count = Self.read(
        descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
      if count > 0 {
        filled += count
      } else if count == 0 {
        break
      } else if errno != EINTR {
        throw FileError(lastErrorAt: path)
      }
    }
    return filled
  }

  // The method `read` hides the function of the C library.
  private static func read(_ descriptor: Int32, _ target: UnsafeMutableRawPointer?, _ count: Int)
    -> Int
  {
    FileSystem.systemRead(descriptor, target, count)
  }
}

extension FileSystem {
  /// Reads a regular file, following links.
  package static func read(_ path: String, maximumBytes: Int) throws(FileError) -> [UInt8] {
    try RegularFile(opening: path).read(maximumBytes: maximumBytes)
  }

  /// Reads a descriptor, such as standard input, to its end.
  ///
  /// - Parameters:
  ///   - descriptor: An open file, pipe or terminal.
  ///   - name: The name in errors.
  ///   - size: The number of bytes to expect, 0 if unknown.
  ///   - maximumBytes: The maximum number of bytes.
  /// - Returns: The bytes.
  /// - Throws: `FileError`; `tooLarge` as soon as the maximum is exceeded.
  package static func read(
    descriptor: Int32, named name: String, expecting size: Int = 0, maximumBytes: Int
  ) throws(FileError) -> [UInt8] {
    let limit = maximumBytes == .max ? maximumBytes : maximumBytes + 1
    // One byte more than expected, to meet the end without growing.
    var capacity = min(size > 0 ? size + 1 : 1 << 16, limit)
    var bytes: [UInt8] = []
    while true {
      var isAtEnd = false
      var failure: Int32?
      bytes = [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
        count = target.initialize(fromContentsOf: bytes)
        while count < capacity, !isAtEnd, failure == nil {
          // SAFETY: writes at most `capacity - count` bytes behind the first `count`.
          let got = systemRead(
            descriptor, target.baseAddress.map { $0 + count }, capacity - count)
          if got > 0 {
            count += got
          } else if got == 0 {
            isAtEnd = true
          } else if errno == EAGAIN {
            var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&wanted, 1, -1)
          } else if errno != EINTR {
            failure = errno
          }
        }
      }
      if let failure { throw FileError(name, .system(failure)) }
      guard bytes.count <= maximumBytes else {
        throw FileError(name, .tooLarge(bytes: nil, maximum: maximumBytes))
      }
      if isAtEnd { return bytes }
      capacity = min(2 * capacity, limit)
    }
  }

  /// The function `read` of the C library, under a name that no method hides.
  package static func systemRead(
    _ descriptor: Int32, _ target: UnsafeMutableRawPointer?, _ count: Int
  ) -> Int {
    readBytes(descriptor, target, count)
  }

  /// Writes all bytes to a descriptor.
  ///
  /// - Returns: The error number where that failed, nil on success.
  package static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32? {
    var offset = 0
    while offset < bytes.count {
      // SAFETY: the bytes from `offset` on are inside of the buffer.
      let written = writeBytes(
        descriptor, bytes.baseAddress.map { $0 + offset }, min(bytes.count - offset, 1 << 30))
      if written >= 0 {
        offset += written
      } else if errno != EINTR {
        return errno
      }
    }
    return nil
  }
}

private func readBytes(_ descriptor: Int32, _ target: UnsafeMutableRawPointer?, _ count: Int) -> Int
{
  read(descriptor, target, count)
}

private func writeBytes(_ descriptor: Int32, _ source: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, source, count)
}
