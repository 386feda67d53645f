import Testing
import YOLOSystem

@Suite struct FileTests {
  @Test func aFileIsReadWholeOrNotAtAll() throws {
    try withDirectory { directory in
      let path = "\(directory)/a"
      try AtomicFile.write([1, 2, 3, 4], to: path)
      #expect(try FileSystem.read(path, maximumBytes: 4) == [1, 2, 3, 4])
      #expect(
        reason { _ = try FileSystem.read(path, maximumBytes: 3) }
          == .tooLarge(bytes: 4, maximum: 3))
      #expect(try RegularFile(opening: path).prefix(2) == [1, 2])
      #expect(try RegularFile(opening: path).prefix(9) == [1, 2, 3, 4])
      #expect(
        reason { _ = try FileSystem.read(directory, maximumBytes: 9) }
          == .irregular("a directory"))
      #expect(reason { _ = try FileSystem.read("\(path)b", maximumBytes: 9) } == .system(ENOENT))
      // Opening a pipe that nobody writes to must not wait.
      #expect(mkfifo("\(directory)/pipe", 0o600) == 0)
      #expect(
        reason { _ = try FileSystem.read("\(directory)/pipe", maximumBytes: 9) }
          == .irregular("a pipe"))
      #expect(reason { _ = try FileSystem.read("a\0b", maximumBytes: 9) } != nil)
    }
  }

  @Test func anAtomicFileAppearsWithCommit() throws {
    try withDirectory { directory in
      let path = "\(directory)/a"
      try AtomicFile.write([1], to: path)
      #expect(chmod(path, 0o640) == 0)
      do {
        let file = try AtomicFile(path: path)
        try [UInt8]([7, 8]).withUnsafeBytes { try file.write($0) }
        #expect(try FileSystem.read(path, maximumBytes: 9) == [1])
      }
      // Without commit nothing has changed and nothing is left.
      #expect(try FileSystem.names(in: directory) == ["a"])
      #expect(try FileSystem.read(path, maximumBytes: 9) == [1])
      try AtomicFile.write([9], to: path)
      #expect(try FileSystem.read(path, maximumBytes: 9) == [9])
      #expect(try RegularFile(opening: path).status.st_mode & 0o777 == 0o640)
      #expect(reason { try AtomicFile.write([1], to: directory) } == .irregular("a directory"))
      #expect(reason { try AtomicFile.write([1], to: "/dev/null") } == .irregular("a device"))
      #expect(reason { try AtomicFile.write([1], to: "\(directory)/no/a") } == .system(ENOENT))
      #expect(try FileSystem.names(in: directory) == ["a"])
    }
  }

  @Test func treesAreListedOnceAndRemovedWithoutFollowingLinks() throws {
    try withDirectory { directory in
      try FileSystem.makeDirectories("\(directory)/tree/b/c")
      try AtomicFile.write([1], to: "\(directory)/tree/b/c/file")
      try AtomicFile.write([1], to: "\(directory)/kept")
      #expect(symlink("..", "\(directory)/tree/b/up") == 0)
      #expect(symlink("\(directory)/kept", "\(directory)/tree/link") == 0)
      let files = try FileSystem.files(below: "\(directory)/tree", maximumFiles: 100)
      #expect(files.sorted() == ["\(directory)/tree/b/c/file", "\(directory)/tree/link"])
      #expect(
        reason { _ = try FileSystem.files(below: "\(directory)/tree", maximumFiles: 1) }
          == .tooManyEntries(2, maximum: 1))
      FileSystem.removeTree("\(directory)/tree")
      #expect(try FileSystem.names(in: directory) == ["kept"])
    }
  }

  @Test func partsOfPaths() {
    #expect(FilePath.name(of: "a/b.pt") == "b.pt" && FilePath.name(of: "b.pt") == "b.pt")
    #expect(FilePath.suffix("a/B.JPG") == "jpg" && FilePath.suffix("a/.jpg") == "")
    #expect(FilePath.directory(of: "/a") == "/" && FilePath.directory(of: "a") == "")
    #expect(FilePath.joined("a", "./b") == "a/b" && FilePath.joined("a", "/b") == "/b")
  }
}
