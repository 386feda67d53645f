import ArgumentParser
import YOLOImage
import YOLOImageIO
import YOLOSystem
import YOLOVideo

/// An image or a video that `--source` stands for: a file, or an image on standard input.
struct ImageSource {
  /// The suffixes that make a file of a directory an image.
  static let suffixes = ["jpeg", "jpg", "png", "webp"]
  /// The suffixes that make a file of a directory a video.
  static let videoSuffixes = [
    "asf", "avi", "flv", "gif", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "ogv", "ts",
    "webm", "wmv",
  ]

  /// What results and messages call it.
  let name: String
  /// The path, or nil for standard input.
  let path: String?

  /// Returns the one image that `source` names: a file, or - for standard input.
  static func image(_ source: String) throws -> ImageSource {
    let sources = try expand(source)
    guard sources.count == 1 else {
      throw ValidationError("source must be one image, but \(source) has \(sources.count)")
    }
    return sources[0]
  }

  /// Lists what `source` stands for: `-` is standard input, a directory its images by name,
  /// with its videos if asked for.
  static func expand(
    _ source: String, withVideos: Bool = false
  ) throws(SourceError) -> [ImageSource] {
    let suffixes = withVideos ? suffixes + videoSuffixes : suffixes
    if source == "-" { return [ImageSource(name: "standard input", path: nil)] }
    guard FileSystem.exists(source) else {
      throw .missing(path: source, reason: SystemMessage.last)
    }
    guard FileSystem.isDirectory(source) else {
      return [ImageSource(name: source, path: source)]
    }
    let names: [String]
    do throws(FileError) {
      names = try FileSystem.entries(of: source)
        .filter { suffixes.contains(FilePath.suffix($0)) }
    } catch {
      throw .missing(path: source, reason: error.message)
    }
    guard !names.isEmpty else { throw .noImages(directory: source, suffixes: suffixes) }
    let parent = source.hasSuffix("/") ? source : source + "/"
    return names.map { ImageSource(name: parent + $0, path: parent + $0) }
  }

  /// The file's name without its directory; `stdin` for standard input.
  var fileName: String {
    guard let path else { return "stdin" }
    return FilePath.name(of: path)
  }

  /// The path of a file that begins like a video; nil for everything else.
  var videoPath: String? {
    path.flatMap { VideoFormat.recognize(contentsOf: $0) == nil ? nil : $0 }
  }

  /// Reads the image, on several threads where that is quicker.
  func read(threads: Int = 1) throws(ImageIOError) -> Image {
    if let path { return try ImageReader.read(contentsOf: path, threads: threads) }
    return try ImageReader.decode(
      try BoundedInput.read(
        descriptor: 0, named: name, maximumBytes: ImageLimits().maximumBytes), named: name,
      threads: threads)
  }
}

/// What makes a `--source` unusable as a whole.
enum SourceError: Error, CustomStringConvertible {
  case missing(path: String, reason: String)
  case noImages(directory: String, suffixes: [String])

  var isMissing: Bool {
    switch self {
    case .missing: true
    case .noImages: false
    }
  }

  var description: String {
    switch self {
    case .missing(let path, let reason): "\(path): cannot be read: \(reason)"
    case .noImages(let directory, let suffixes):
      "\(directory): no images in this directory; looked for files that end in "
        + suffixes.map { ".\($0)" }.joined(separator: ", ")
    }
  }
}
