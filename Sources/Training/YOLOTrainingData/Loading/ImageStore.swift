import Synchronization
import YOLODatasets
package import YOLOGeometry
package import YOLOImage
import YOLOImageIO
package import YOLOSystem

/// Where decoded images are kept.
public enum ImageCacheMode: String, Sendable, Hashable, CaseIterable {
  /// The recent ones only.
  case none
  /// All of them in memory.
  case ram
  /// All of them in hidden directories beside the images.
  case disk
}

/// Decodes the images of an index and keeps them at the size that they are trained at.
///
/// Several threads may ask for images; results do not depend on what is kept.
package final class ImageStore: Sendable {
  private let images: [TrainingImage]
  private let channels: Int
  /// The long side that images are brought to; nil if they stay as they are.
  private let imageSize: Int?
  private let mode: ImageCacheMode
  /// How many images are kept if not all are.
  private let capacity: Int
  private let report: @Sendable (String) -> Void
  private let state = Mutex(State())

  private struct State {
    package var images: [Int: Image] = [:]
    /// The kept images, the oldest first, from `first` on.
    package var queue: [Int] = []
    package var first = 0
    /// Whether images can be written to the disk.
    package var writes = true
  }

  /// Creates a store.
  ///
  /// - Parameters:
  ///   - index: The images.
  ///   - imageSize: The long side that images are brought to; nil if they stay as they are.
  ///   - mode: Where decoded images are kept.
  ///   - capacity: How many images are kept in memory if not all are.
  ///   - report: Called with sentences about the disk, on any thread.
  /// - Throws: `tooLittleSpace` if the memory or the disk cannot hold all images.
  package init(
    index: TrainingIndex, imageSize: Int?, mode: ImageCacheMode, capacity: Int,
    report: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(TrainingDataError) {
    images = index.images
    channels = index.dataset.channels ?? 3
    self.imageSize = imageSize
    self.mode = mode
    self.capacity = max(capacity, 1)
    self.report = report
    try checkSpace()
  }

  /// Returns the size of an image with its long side brought to `side`; fractions are rounded up.
  package static func resized(_ size: Size, to side: Int) -> Size {
    let ratio = Double(side) / Double(max(size.width, size.height))
    func scaled(_ length: Int) -> Int {
      max(min(Int((Double(length) * ratio).rounded(.up)), side), 1)
    }
    return Size(width: scaled(size.width), height: scaled(size.height))
  }

  /// Returns an image, resized.
  package func image(_ index: Int) throws(TrainingDataError) -> Image {
    if let kept = state.withLock({ $0.images[index] }) { return kept }
    let image = try mode == .disk ? stored(index) : decoded(index)
    state.withLock { state in
      guard state.images.updateValue(image, forKey: index) == nil, mode != .ram else { return }
      state.queue.append(index)
      while state.queue.count - state.first > capacity {
        state.images[state.queue[state.first]] = nil
        state.first += 1
      }
      if state.first > 4096 {
        state.queue.removeFirst(state.first)
        state.first = 0
      }
    }
    return image
  }

  private func decoded(_ index: Int) throws(TrainingDataError) -> Image {
    do throws(ImageIOError) {
      let image = try ImageReader.read(contentsOf: images[index].path, channels: channels)
      guard let imageSize else { return image }
      let size = Self.resized(image.size, to: imageSize)
      return image.withView { $0.resized(to: size) }
    } catch {
      throw .image(error)
    }
  }

  // MARK: - Space

  private func bytes(of image: TrainingImage) -> Int {
    let size = imageSize.map { Self.resized(image.size, to: $0) } ?? image.size
    return channels * size.width * size.height
  }

  private func checkSpace() throws(TrainingDataError) {
    switch mode {
    case .none: return
    case .ram:
      let needed = images.reduce(0) { $0 + bytes(of: $1) }
      guard let available = AvailableSpace.memory() else { return }
      // A fifth is left for everything else.
      guard needed <= available / 5 * 4 else {
        throw .tooLittleSpace(
          what: "the \(images.count) decoded images for cache=ram", needed: needed,
          available: available / 5 * 4)
      }
    case .disk:
      var missing: [String: Int] = [:]
      for image in images where !FileSystem.exists(StoredImage.path(image.path, imageSize)) {
        missing[FilePath.directory(of: image.path), default: 0] += bytes(of: image)
      }
      for (directory, needed) in missing.sorted(by: { $0.key < $1.key }) {
        guard let available = AvailableSpace.disk(directory) else { continue }
        guard needed <= available / 20 * 19 else {
          throw .tooLittleSpace(
            what: "the decoded images for cache=disk in \(directory)", needed: needed,
            available: available / 20 * 19)
        }
      }
    }
  }

  // MARK: - Disk

  private func stored(_ index: Int) throws(TrainingDataError) -> Image {
    let source = images[index].path
    if let image = StoredImage.read(source, imageSize, channels: channels) { return image }
    let image = try decoded(index)
    guard state.withLock({ $0.writes }) else { return image }
    do throws(FileError) {
      try StoredImage.write(image, of: source, imageSize)
    } catch {
      let isFirst = state.withLock { state in
        defer { state.writes = false }
        return state.writes
      }
      if isFirst { report("\(error); further images are not kept on the disk") }
    }
    return image
  }
}

/// How much memory and disk can be used.
package enum AvailableSpace {
  /// The bytes of memory that can be taken without swapping, in the limits of the container.
  package static func memory() -> Int? {
    func text(_ path: String) -> String? {
      (try? FileSystem.read(path, maximumBytes: 1 << 20)).map {
        String(decoding: $0, as: UTF8.self)
      }
    }
    var available: Int?
    if let line = text("/proc/meminfo")?.split(separator: "\n").first(where: {
      $0.hasPrefix("MemAvailable:")
    }), let kibibytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) {
      available = kibibytes << 10
    }
    func number(_ path: String) -> Int? {
      text(path).flatMap { Int($0.prefix { $0.isNumber }) }
    }
    if let limit = number("/sys/fs/cgroup/memory.max"),
      let used = number("/sys/fs/cgroup/memory.current")
    {
      available = min(available ?? .max, max(limit - used, 0))
    }
    return available
  }

  /// The bytes that may be written to the file system of a directory.
  package static func disk(_ directory: String) -> Int? {
    var status = statvfs()
    guard statvfs(directory.isEmpty ? "." : directory, &status) == 0 else { return nil }
    let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(
      by: UInt64(status.f_frsize))
    return overflow ? .max : Int(clamping: bytes)
  }
}

/// A decoded image in a file: the state of its source, its size and its pixels.
package enum StoredImage {
  private static let magic: [UInt8] = Array("YOLOPIX1".utf8)
  private static let headerBytes = 8 + 6 * 8

  /// Returns where the pixels of an image are kept: in a hidden directory beside it.
  package static func path(_ source: String, _ imageSize: Int?) -> String {
    FilePath.joined(
      directory(source), "\(FilePath.name(of: source)).\(imageSize.map { "\($0)" } ?? "full")")
  }

  private static func directory(_ source: String) -> String {
    FilePath.joined(FilePath.directory(of: source), ".yolo-pixels")
  }

  private static func header(_ status: stat, _ size: Size, channels: Int) -> [UInt8] {
    var bytes = magic
    for value in [
      Int64(status.st_size), Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec),
      Int64(size.width), Int64(size.height), Int64(channels),
    ] {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  /// Reads the pixels of an image; nil if there are none, or if the image has changed.
  package static func read(_ source: String, _ imageSize: Int?, channels: Int) -> Image? {
    guard let status = FileSystem.status(of: source),
      let bytes = try? FileSystem.read(path(source, imageSize), maximumBytes: 1 << 32),
      bytes.count > headerBytes
    else { return nil }
    let sides = bytes.withUnsafeBytes { buffer in
      (4..<6).map {
        Int64(littleEndian: buffer.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self))
      }
    }
    guard sides.allSatisfy({ (1...Int64(imageSize ?? 1 << 16)).contains($0) }) else { return nil }
    let size = Size(width: Int(sides[0]), height: Int(sides[1]))
    guard bytes.starts(with: header(status, size, channels: channels)),
      bytes.count - headerBytes == channels * size.width * size.height
    else { return nil }
    return try? Image(size: size, pixels: Array(bytes[headerBytes...]), channels: channels)
  }

  /// Writes the pixels of an image.
  package static func write(_ image: Image, of source: String, _ imageSize: Int?) throws(FileError)
  {
    guard let status = FileSystem.status(of: source) else { return }
    try FileSystem.makeDirectories(directory(source))
    try AtomicFile.write(
      header(status, image.size, channels: image.channels) + image.pixels,
      to: path(source, imageSize))
  }
}
