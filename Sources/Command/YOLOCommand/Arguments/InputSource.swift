import ArgumentParser
import YOLOImage
import YOLOImageIO
import YOLOSystem
import YOLOVideo

/// One image, one video or one stream that `--source` stands for.
struct InputSource {
  /// Where it comes from.
  enum Origin {
    /// A file.
    case file(String)
    /// An image on standard input.
    case standardInput
    /// An image or a video of the web.
    case address(String)
    /// A stream or a camera.
    case stream(StreamAddress)
  }

  /// The suffixes that make a file of a directory an image.
  static let suffixes = Set(ImageFormat.fileExtensions)
  /// The suffixes that make a file of a directory a video: those that Ultralytics reads, and
  /// others.
  static let videoSuffixes: Set<String> = [
    "asf", "avi", "flv", "gif", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "ogv", "ts",
    "webm", "wmv",
  ]

  /// What results and messages call it.
  let name: String
  /// Where it comes from.
  let origin: Origin

  /// An image on standard input.
  static let standardInput = InputSource(name: "standard input", origin: .standardInput)

  private init(name: String, origin: Origin) {
    self.name = name
    self.origin = origin
  }

  /// A file, which nothing is written over from now on.
  init(file path: String) {
    self.init(name: PathText.printable(path), origin: .file(path))
    InputFiles.add(path)
  }

  /// An image or a video of the web, by an address that begins with `http://` or `https://`.
  init(address: String) {
    self.init(name: StreamAddress.withoutPassword(address), origin: .address(address))
  }

  /// A stream or a camera.
  init(stream: StreamAddress) { self.init(name: stream.name, origin: .stream(stream)) }

  /// The path, nil for what is no file.
  var path: String? { if case .file(let path) = origin { path } else { nil } }

  /// The file's name without its directory; `stdin` for standard input, the last part of an
  /// address.
  var fileName: String {
    switch origin {
    case .file(let path): FilePath.name(of: path)
    case .standardInput: "stdin"
    case .address, .stream: Self.fileName(ofAddress: name)
    }
  }

  /// Returns a name for the files of an address: the last part of its path, or the host.
  private static func fileName(ofAddress address: String) -> String {
    let parts = address.prefix { $0 != "?" && $0 != "#" }.split(separator: "/")
    let last = parts.last ?? "stream"
    // A host alone: what follows its dots is no suffix.
    let isHost = parts.count == 2 && address.contains("://")
    let end = last.split(separator: "@").last ?? last
    let name = String(
      end.unicodeScalars.prefix(100).map { scalar in
        scalar.properties.generalCategory == .control || scalar == ":" || isHost && scalar == "."
          ? "_" : Character(scalar)
      })
    return name.hasPrefix(".") ? "_" + name : name
  }

  /// The path of a file that begins like a video; nil for everything else.
  var videoPath: String? {
    path.flatMap { VideoFormat.recognize(contentsOf: $0) == nil ? nil : $0 }
  }

  /// Whether it has frames: a video, as far as an address tells that by its suffix, or a stream.
  var isMoving: Bool {
    switch origin {
    case .file: videoPath != nil
    case .standardInput: false
    case .address: Self.videoSuffixes.contains(FilePath.suffix(fileName))
    case .stream: true
    }
  }

  /// Reads the image with the channels that a model takes, on several threads where that is
  /// quicker.
  func read(threads: Int = 1, channels: Int) throws(ImageIOError) -> Image {
    switch origin {
    case .file(let path):
      return try ImageReader.read(contentsOf: path, threads: threads, channels: channels)
    case .address, .stream:
      throw .unreadable(source: name, reason: "only yolo predict reads addresses and cameras")
    case .standardInput: break
    }
    return try ImageReader.decode(
      try BoundedInput.read(
        descriptor: 0, named: name, maximumBytes: ImageLimits().maximumBytes), named: name,
      threads: threads, channels: channels)
  }
}

/// What makes a `--source` unusable as a whole.
enum SourceError: Error, CustomStringConvertible {
  /// There is nothing at the path, or it cannot be read.
  case missing(path: String, reason: String)
  /// A line of a list names nothing that can be read.
  case missingLine(list: String, line: Int, path: String, reason: String)
  /// A directory has no file with one of the suffixes.
  case noImages(directory: String, suffixes: [String])
  /// A pattern matches no file with one of the suffixes.
  case noMatches(pattern: String, others: Int)
  /// A list has no line that names a source.
  case emptyList(path: String)
  /// A list names another list.
  case nestedList(path: String, line: Int)
  /// An address of a scheme that is not known, or for a command that takes files only.
  case address(String, takesAddresses: Bool)
  /// There are more sources than a run takes.
  case tooMany(path: String, maximum: Int)

  var isMissing: Bool {
    switch self {
    case .missing, .missingLine, .noMatches: true
    case .noImages, .emptyList, .nestedList, .tooMany, .address: false
    }
  }

  var description: String {
    switch self {
    case .missing(let path, let reason): "\(path): cannot be read: \(reason)"
    case .missingLine(let list, let line, let path, let reason):
      "\(path): cannot be read: \(reason) (line \(line) of \(list))"
    case .noImages(let directory, let suffixes):
      "\(directory): no images in this directory; looked for files that end in "
        + suffixes.map { ".\($0)" }.joined(separator: ", ")
    case .noMatches(let pattern, let others):
      "\(pattern): matches no image or video"
        + (others == 0 ? "" : ", only \(others) other file\(others == 1 ? "" : "s")")
    case .emptyList(let path): "\(path): this list names no source"
    case .nestedList(let path, let line):
      "\(path): line \(line) names another list, which a list must not"
    case .address(let address, takesAddresses: false):
      "\(StreamAddress.withoutPassword(address)): only yolo predict reads addresses"
    case .address(let address, takesAddresses: true):
      "\(StreamAddress.withoutPassword(address)): this kind of address is not known, expected "
        + "http, https, rtsp, rtsps, rtmp, rtmps, rtp, srt, tcp or udp"
    case .tooMany(let path, let maximum): "\(path): more than \(maximum) sources in a run"
    }
  }
}
