import Glibc
import Testing

/// A new empty directory that vanishes, with what is in it, at the end of its life.
final class TemporaryDirectory: Sendable {
  /// The directory's path.
  let path: String

  init() throws {
    var template = Array("/tmp/yolo-imageio-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The names in the directory, sorted.
  var names: [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  deinit {
    for name in names { remove("\(path)/\(name)") }
    rmdir(path)
  }
}
