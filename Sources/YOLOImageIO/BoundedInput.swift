import Glibc

/// Reading of whole inputs, never beyond a limit.
public enum BoundedInput {
  /// Reads a regular file, following links.
  ///
  /// Throws `unreadable`, `notAFile` or `tooManyBytes`; pipes and devices are refused without
  /// waiting for them.
  public static func read(path: String, maximumBytes: Int) throws(ImageIOError) -> [UInt8] {
    guard !path.utf8.contains(0) else {
      throw .unreadable(source: path, reason: "the path has a null byte")
    }
    // Without O_NONBLOCK, opening a pipe waits for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw .unreadable(source: path, reason: systemErrorText(errno))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .unreadable(source: path, reason: systemErrorText(errno))
    }
    if let kind = irregularKind(status) { throw .notAFile(source: path, kind: kind) }
    let size = Int(status.st_size)
    guard size <= maximumBytes else {
      throw .tooManyBytes(source: path, count: size, maximum: maximumBytes)
    }
    return try read(descriptor, named: path, expecting: size, maximumBytes: maximumBytes)
  }

  /// Reads a descriptor, such as standard input, to its end; errors call it `source`.
  ///
  /// Throws `unreadable`, or `tooManyBytes` as soon as the limit is passed.
  public static func read(
    descriptor: Int32, named source: String, maximumBytes: Int
  ) throws(ImageIOError) -> [UInt8] {
    try read(descriptor, named: source, expecting: 0, maximumBytes: maximumBytes)
  }

  private static func read(
    _ descriptor: Int32, named source: String, expecting size: Int, maximumBytes: Int
  ) throws(ImageIOError) -> [UInt8] {
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
          let got = Glibc.read(descriptor, target.baseAddress.map { $0 + count }, capacity - count)
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
      if let failure { throw .unreadable(source: source, reason: systemErrorText(failure)) }
      guard bytes.count <= maximumBytes else {
        throw .tooManyBytes(source: source, count: nil, maximum: maximumBytes)
      }
      if isAtEnd { return bytes }
      capacity = min(2 * capacity, limit)
    }
  }
}

/// The system's text for an error number.
func systemErrorText(_ number: Int32) -> String {
  String(cString: strerror(number))
}

/// What a path names, with its article, if it is no regular file.
func irregularKind(_ status: stat) -> String? {
  switch status.st_mode & S_IFMT {
  case S_IFREG: nil
  case S_IFDIR: "a directory"
  case S_IFIFO: "a pipe"
  case S_IFSOCK: "a socket"
  default: "a device"
  }
}
