import Foundation
import Testing
import YOLOSystem
import YOLOWeights

@Suite struct MappedFileTests {
  private func reason(_ path: String) -> String {
    thrown { _ = try Checkpoint.open(path: path) }.map(\.description) ?? "no error"
  }

  @Test func mapsRegularFiles() throws {
    try withTemporaryDirectory { directory in
      let path = "\(directory)/file"
      try Data([1, 2, 3]).write(to: URL(filePath: path))
      let file = try MappedFile(path: path)
      #expect(file.count == 3 && file.name == path)
      // The mapping outlives the name.
      try FileManager.default.removeItem(atPath: path)
      #expect(withExtendedLifetime(file) { file.bytes[2] } == 3)
    }
  }

  @Test func refusesEverythingElse() throws {
    try withTemporaryDirectory { directory in
      #expect(reason("\(directory)/none").contains("No such file"))
      #expect(reason(directory).contains("it is a directory"))
      #expect(reason("/dev/zero").contains("it is a device"))
      #expect(reason("").contains("No such file"))
      #expect(reason("a\0b").contains("null byte"))
      // Opening a pipe nobody writes to must not wait.
      let pipe = "\(directory)/pipe"
      #expect(mkfifo(pipe, 0o600) == 0)
      #expect(reason(pipe).contains("it is a pipe"))
      let empty = "\(directory)/empty"
      try Data().write(to: URL(filePath: empty))
      #expect(
        thrown { _ = try Checkpoint.open(path: empty) }
          == .unsupportedFormat(file: empty, found: .empty)
      )
    }
  }
}
