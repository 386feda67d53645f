import Glibc
import Testing

/// A new empty folder that vanishes, with what is in it, at the end of its life.
final class TemporaryFolder: Sendable {
  /// The folder's path.
  let path: String

  init() throws {
    var template = Array("/tmp/yolo-imageio-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The names in the folder, sorted.
  var names: [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
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
