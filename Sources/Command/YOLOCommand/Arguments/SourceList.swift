import ArgumentParser
import YOLOImageIO
import YOLOSystem
import YOLOVideo

/// What the values of `--source` stand for, in their order.
///
/// A value is a file, a directory, a pattern with `*`, `?`, `[…]` or `**`, a text file with a
/// source a line, or `-` for an image on standard input. Of directories and patterns those files
/// are sources whose suffix is that of an image, or of a video where videos are wanted; a file that
/// is named itself is a source whatever it is called. NumPy arrays, `.npy`, are sources of
/// directories and patterns that have nothing else: Ultralytics caches images in such files beside
/// them. Where videos are wanted a value may be an address of the web, a stream or a camera, too,
/// and a number is that of a camera.
struct SourceList {
  /// A source, or why there is none.
  enum Entry {
    case source(InputSource)
    case failure(name: String, SourceError)
  }

  /// The sources and what could not be found, in order.
  private(set) var entries: [Entry] = []
  /// The paths of files of directories and patterns that are no sources by their suffix.
  private(set) var others: [String] = []
  /// The suffixes that make a file a source.
  private let suffixes: Set<String>
  private let withVideos: Bool

  /// The suffixes of files that are sources where there is no image or video.
  private static let arraySuffixes = Set(ImageFormat.numpy.fileSuffixes)
  /// The maximum number of sources of a run.
  static let maximumCount = 1_000_000
  /// The maximum number of bytes of a list.
  private static let maximumListBytes = 64 << 20

  /// Looks up what each value stands for; reads no image.
  init(_ values: [String], withVideos: Bool = false) {
    self.withVideos = withVideos
    suffixes =
      withVideos ? InputSource.suffixes.union(InputSource.videoSuffixes) : InputSource.suffixes
    for value in values { add(value, listed: nil) }
  }

  /// The sources in order.
  var sources: [InputSource] {
    entries.compactMap { entry in
      if case .source(let source) = entry { source } else { nil }
    }
  }

  /// What could not be found.
  var failures: [SourceError] {
    entries.compactMap { entry in
      if case .failure(_, let error) = entry { error } else { nil }
    }
  }

  /// Returns the one image that `value` stands for.
  static func image(_ value: String) throws -> InputSource {
    let list = SourceList([value])
    if let failure = list.failures.first { throw failure }
    guard list.sources.count == 1 else {
      throw ValidationError("source must be one image, but \(value) has \(list.sources.count)")
    }
    return list.sources[0]
  }

  /// Where a value of a list stands.
  private struct Line {
    let list: String
    let number: Int
  }

  private mutating func add(_ value: String, listed line: Line?) {
    if value == "-", line == nil { return append(.standardInput) }
    if withVideos, let source = Self.remote(value) { return append(source) }
    var path = value
    if let line, !FileSystem.exists(path) {
      // Lists are written for the directory that they are in, or for the working directory.
      let beside = FilePath.joined(FilePath.directory(of: line.list), value)
      if FileSystem.exists(beside) || PathPattern.isPattern(path) && !Self.hasMatches(path) {
        path = beside
      }
    }
    guard FileSystem.exists(path) else {
      let reason = SystemMessage.last
      if StreamAddress.scheme(of: value) != nil {
        return fail(
          StreamAddress.withoutPassword(value), .address(value, takesAddresses: withVideos))
      }
      if PathPattern.isPattern(path) { return addMatches(of: path) }
      if let line {
        return fail(
          value,
          .missingLine(list: line.list, line: line.number, path: value, reason: reason))
      }
      return fail(value, .missing(path: value, reason: reason))
    }
    if FileSystem.isDirectory(path) { return addDirectory(path) }
    guard FilePath.suffix(path) == "txt" else { return append(InputSource(file: path)) }
    guard line == nil else {
      return fail(
        value, .nestedList(path: line?.list ?? "", line: line?.number ?? 0))
    }
    addList(path)
  }

  /// Whether a pattern matches anything.
  private static func hasMatches(_ pattern: String) -> Bool {
    (try? PathPattern(pattern).matches(maximumCount: maximumCount))?.isEmpty != true
  }

  /// Returns the source of an address or a camera; nil for anything else.
  private static func remote(_ value: String) -> InputSource? {
    if let stream = StreamAddress(value) { return InputSource(stream: stream) }
    let scheme = StreamAddress.scheme(of: value)
    if scheme == "http" || scheme == "https" { return InputSource(address: value) }
    let isNumber = !value.isEmpty && value.utf8.allSatisfy { (0x30...0x39).contains($0) }
    guard isNumber, !FileSystem.exists(value) else { return nil }
    return StreamAddress("/dev/video\(value)").map { InputSource(stream: $0) }
  }

  private mutating func append(_ source: InputSource) {
    guard entries.count < Self.maximumCount else {
      // One entry beyond the limit tells of it.
      if entries.count == Self.maximumCount {
        fail(source.name, .tooMany(path: source.name, maximum: Self.maximumCount))
      }
      return
    }
    entries.append(.source(source))
  }

  private mutating func fail(_ name: String, _ error: SourceError) {
    entries.append(.failure(name: name, error))
  }

  private mutating func addDirectory(_ path: String) {
    let files: [String]
    do throws(FileError) {
      files = try FileSystem.entries(of: path)
        .map { FilePath.joined(path, $0) }.filter { !FileSystem.isDirectory($0) }
    } catch {
      return fail(path, .missing(path: path, reason: error.message))
    }
    let (chosen, rest) = divided(files)
    others += rest
    guard !chosen.isEmpty else {
      return fail(path, .noImages(directory: path, suffixes: suffixes.sorted()))
    }
    for file in chosen { append(InputSource(file: file)) }
  }

  private mutating func addMatches(of pattern: String) {
    let files: [String]
    do throws(FileError) {
      files = try PathPattern(pattern).matches(maximumCount: Self.maximumCount)
        .filter { !FileSystem.isDirectory($0) }
    } catch {
      return fail(pattern, .missing(path: pattern, reason: error.message))
    }
    let (chosen, rest) = divided(files)
    others += rest
    guard !chosen.isEmpty else {
      return fail(pattern, .noMatches(pattern: pattern, others: rest.count))
    }
    for file in chosen { append(InputSource(file: file)) }
  }

  private func divided(_ files: [String]) -> (chosen: [String], others: [String]) {
    var (chosen, others) = ([String](), [String]())
    for file in files {
      if suffixes.contains(FilePath.suffix(file)) {
        chosen.append(file)
      } else {
        others.append(file)
      }
    }
    if chosen.isEmpty {
      chosen = others.filter { Self.arraySuffixes.contains(FilePath.suffix($0)) }
      others.removeAll { Self.arraySuffixes.contains(FilePath.suffix($0)) }
    }
    return (chosen, others)
  }

  private mutating func addList(_ path: String) {
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileSystem.read(path, maximumBytes: Self.maximumListBytes)
    } catch {
      return fail(path, .missing(path: path, reason: error.message))
    }
    InputFiles.add(path)
    var isEmpty = true
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let value = PathText.text(of: line).trimmed
      guard !value.isEmpty, !value.hasPrefix("#") else { continue }
      isEmpty = false
      add(value, listed: Line(list: path, number: index + 1))
    }
    if isEmpty { fail(path, .emptyList(path: path)) }
  }
}

extension SourceList {
  /// Reports what could not be found, and returns the exit code.
  func reported() -> ExitCode {
    failures.reduce(ExitCode(ExitStatus.usage.rawValue)) { _, error in ExitStatus.report(error) }
  }
}
