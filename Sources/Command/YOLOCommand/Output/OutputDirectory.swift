import YOLO
import YOLODrawing
import YOLOImage
import YOLOImageIO
import YOLOSystem

/// A directory that results are written to.
struct OutputDirectory {
  private let path: String
  /// How results are drawn.
  let drawing: DrawingOptions

  /// Creates the directory if it is not there.
  init(_ path: String, drawing: DrawingOptions = DrawingOptions()) throws(ImageIOError) {
    self.path = path
    self.drawing = drawing
    do throws(FileError) {
      try FileSystem.makeDirectories(path)
    } catch {
      throw .unwritable(path: error.path, reason: error.message)
    }
  }

  /// Writes a file of the given content.
  func write(_ bytes: [UInt8], named name: String) throws(ImageIOError) {
    try AtomicOutput.write(bytes, to: "\(path)/\(name)")
  }

  /// Writes an image in the format of its name's suffix.
  func write(_ image: Image, named name: String) throws(ImageIOError) {
    try ImageWriter.write(image, to: "\(path)/\(name)")
  }

  /// The path of the video that is drawn from a file of the given name.
  func videoPath(for name: String) -> String {
    let stem = name.lastIndex(of: ".").map { name[..<$0] } ?? name[...]
    return "\(path)/\(stem.isEmpty ? name[...] : stem).mp4"
  }

  /// Draws results on their image and writes it under the image's name; what is neither JPEG
  /// nor PNG becomes JPEG.
  func write(
    _ image: Image, annotatedWith results: Results, named name: String
  ) throws(ImageIOError) {
    let suffix = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
    let fileName = ["jpg", "jpeg", "png"].contains(suffix) ? name : name + ".jpg"
    try ImageWriter.write(
      results.drawn(on: image, options: drawing), to: "\(path)/\(fileName)")
  }
}
