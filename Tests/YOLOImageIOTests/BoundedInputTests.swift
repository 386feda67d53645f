import Dispatch
import Glibc
import Testing
import YOLOImageIO
import YOLOTestSupport

@Suite struct BoundedInputTests {
  /// Lengths on either side of the first buffer of 65536 bytes and of its double.
  @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 131_072, 131_073, 400_000])
  func `whole inputs are read, up to the limit`(_ count: Int) throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/input"
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * $0 >> 8) }
    try AtomicOutput.write(bytes, to: path)
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    for limit in [count, count + 1, Int.max] {
      #expect(try BoundedInput.read(path: path, maximumBytes: limit) == bytes)
      lseek(descriptor, 0, SEEK_SET)
      let read = try BoundedInput.read(descriptor: descriptor, named: "x", maximumBytes: limit)
      #expect(read == bytes)
    }
    guard count > 0 else { return }
    #expect(
      throws: ImageIOError.tooManyBytes(source: path, count: count, maximum: count - 1)
    ) { try BoundedInput.read(path: path, maximumBytes: count - 1) }
    lseek(descriptor, 0, SEEK_SET)
    #expect(throws: ImageIOError.tooManyBytes(source: "x", count: nil, maximum: count - 1)) {
      try BoundedInput.read(descriptor: descriptor, named: "x", maximumBytes: count - 1)
    }
  }

  /// Without O_NONBLOCK the read itself waits for what comes later, with it `poll` has to.
  @Test(arguments: [0, O_NONBLOCK])
  func `a pipe is read to its end, however late that comes`(_ flags: Int32) throws {
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let (input, output) = (ends[0], ends[1])
    defer { close(input) }
    try #require(fcntl(input, F_SETFL, flags) == 0)
    DispatchQueue.global().async {
      for part in ["hel", "lo"] {
        usleep(20_000)
        _ = write(output, part, part.utf8.count)
      }
      close(output)
    }
    let bytes = try BoundedInput.read(descriptor: input, named: "standard input", maximumBytes: 5)
    #expect(bytes == Array("hello".utf8))
  }

  @Test func `reading a closed descriptor fails`() {
    #expect(
      throws: ImageIOError.unreadable(source: "standard input", reason: "Bad file descriptor")
    ) { try BoundedInput.read(descriptor: -1, named: "standard input", maximumBytes: 5) }
  }

  @Test func `what is no file is refused without waiting`() throws {
    let directory = try TemporaryDirectory()
    let pipe = "\(directory.path)/pipe"
    try #require(mkfifo(pipe, 0o600) == 0)
    let cases = [
      (directory.path, "a directory"), (pipe, "a pipe"), ("/dev/null", "a device"),
      ("/dev/zero", "a device"),
    ]
    for (path, kind) in cases {
      #expect(throws: ImageIOError.notAFile(source: path, kind: kind)) {
        try ImageReader.read(contentsOf: path)
      }
    }
  }

  @Test func `what cannot be opened is named with the reason`() throws {
    let directory = try TemporaryDirectory()
    let cases = [
      ("\(directory.path)/none.jpg", "No such file or directory"),
      ("\(directory.path)/a\0b", "the path contains a null byte"),
      ("", "No such file or directory"),
    ]
    for (path, reason) in cases {
      #expect(throws: ImageIOError.unreadable(source: path, reason: reason)) {
        try ImageReader.read(contentsOf: path)
      }
    }
  }

  @Test func `an empty file is named as such`() throws {
    let directory = try TemporaryDirectory()
    let path = "\(directory.path)/empty.jpg"
    try AtomicOutput.write([], to: path)
    let error = #expect(throws: ImageIOError.self) { try ImageReader.read(contentsOf: path) }
    #expect(error?.description == "\(path): is empty, \(Fixture.expectedFormats)")
  }
}
