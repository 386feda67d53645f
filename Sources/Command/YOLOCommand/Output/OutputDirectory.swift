import YOLO
import YOLODrawing
import YOLOImage
import YOLOImageIO
import YOLOSystem

/// A directory that results are written to.
struct OutputDirectory {
  private let path: String
  /// What its files are written through.
  let files: OutputFiles

  /// Creates the directory if it is not there, and checks that it may get files of some names.
  init(_ path: String, files: OutputFiles, names: [String] = []) throws(ImageIOError) {
    self.path = path
    self.files = files
    try Self.make(path)
    for name in names { try files.check(self.path(of: name)) }
  }

  /// Creates a directory if it is not there.
  static func make(_ path: String) throws(ImageIOError) {
    do throws(FileError) {
      try FileSystem.makeDirectories(path)
    } catch {
      throw .unwritable(path: error.path, reason: error.message)
    }
  }

  /// The path of a file of the directory.
  func path(of name: String) -> String { FilePath.joined(path, name) }

  /// Writes a file of the given content.
  func write(_ bytes: [UInt8], named name: String) throws(ImageIOError) {
    try files.write(bytes, to: path(of: name))
  }

  /// Writes an image in the format of its name's suffix.
  func write(_ image: Image, named name: String) throws(ImageIOError) {
    try files.write(try ImageWriter.encode(image, for: name), to: path(of: name))
  }
}
