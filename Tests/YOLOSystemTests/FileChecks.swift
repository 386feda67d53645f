import YOLOSystem

/// Runs `body` with a new directory, which is removed afterwards.
func withDirectory(_ body: (String) throws -> Void) throws {
  let path = AtomicFile.temporaryPath(for: "/tmp/x", suffix: ".test")
  try FileSystem.makeDirectory(path)
  defer { FileSystem.removeTree(path) }
  try body(path)
}

/// The reason of the file error that `body` throws, if it throws one.
func reason(_ body: () throws -> Void) -> FileError.Reason? {
  do {
    try body()
    return nil
  } catch {
    return (error as? FileError)?.reason
  }
}
