package import YOLODatasets
import YOLOGeometry
import YOLOSystem

/// The file that keeps what was found out about the images of a part.
///
/// Little-endian: the magic, a checksum of all that follows, the key, faults, images. Whatever does
/// not fit is a damaged file, which is named and made again.
package enum IndexCache {
  /// What is known about the files of a part.
  package struct Content: Sendable, Equatable {
    package var images: [TrainingImage] = []
    package var faults: [DatasetFault] = []
    package var omittedFaults = 0
  }

  /// What the content depends on: settings, and path, size and time of each image and label file.
  package struct Key: Equatable {
    package let settings: String
    package let paths: [String]
    package let states: [Int64]

    package init(settings: String, paths: [String], states: [Int64]) {
      self.settings = settings
      self.paths = paths
      self.states = states
    }

    package init(dataset: Dataset, files: [TrainingIndex.File]) {
      let shape = dataset.keypointShape.map { "\($0.count)x\($0.values)" } ?? "none"
      settings =
        "\(dataset.task.rawValue), \(dataset.names.count) classes, keypoints \(shape), "
        + "\(dataset.channels ?? 3) channels"
      paths = files.map(\.path)
      var states: [Int64] = []
      states.reserveCapacity(8 * files.count)
      for file in files {
        states.append(Int64(file.classIndex ?? -1))
        Self.append(FileSystem.status(of: file.path), to: &states)
        guard file.classIndex == nil else { continue }
        Self.append(FileSystem.status(of: Dataset.labelPath(ofImage: file.path)), to: &states)
      }
      self.states = states
    }

    private static func append(_ status: stat?, to states: inout [Int64]) {
      guard let status else {
        states += [-1, 0, 0]
        return
      }
      states += [
        Int64(status.st_size), Int64(status.st_mtim.tv_sec), Int64(status.st_mtim.tv_nsec),
      ]
    }
  }

  /// Begins every cache file; the last digits are the version of the format.
  private static let magic: [UInt8] = Array("YOLOIDX1".utf8)
  /// The suffix of cache files.
  package static let suffix = ".yolo-index"
  private static let maximumBytes = 1 << 36

  /// Returns where the cache of a part is: beside the directory of labels, or, of classification,
  /// beside the directory of the part.
  package static func path(dataset: Dataset, split: String, first: String) -> String {
    guard dataset.task != .classify else {
      return FilePath.joined(dataset.path, split) + suffix
    }
    let directory = FilePath.directory(of: Dataset.labelPath(ofImage: first))
    guard !directory.isEmpty, directory != "/" else { return split + suffix }
    return FilePath.name(of: directory) == split
      ? directory + suffix : "\(directory).\(split)\(suffix)"
  }

  /// Reads a cache file; the content is nil if there is none, or if it does not fit the key.
  package static func read(_ path: String, key: Key) -> (content: Content?, note: String?) {
    guard FileSystem.exists(path) else { return (nil, nil) }
    let bytes: [UInt8]
    do throws(FileError) {
      bytes = try FileSystem.read(path, maximumBytes: maximumBytes)
    } catch {
      return (nil, "\(error); the images are looked at again")
    }
    var reader = IndexReader(bytes: bytes)
    guard reader.begins(with: magic) else {
      return (nil, "\(path) is no index of this version; the images are looked at again")
    }
    guard let sum = reader.integer(), sum == checksum(bytes, from: reader.position) else {
      return (nil, "\(path) is damaged; the images are looked at again")
    }
    guard let stored = reader.key(), stored == key else { return (nil, nil) }
    guard let content = reader.content(), reader.isAtEnd else {
      return (nil, "\(path) is damaged; the images are looked at again")
    }
    return (content, nil)
  }

  /// Writes a cache file; returns why that failed.
  package static func write(_ content: Content, key: Key, to path: String) -> String? {
    var writer = IndexWriter()
    writer.add(key)
    writer.add(content)
    var bytes = magic
    bytes += [UInt8](repeating: 0, count: 8)
    bytes += writer.bytes
    seal(&bytes)
    do throws(FileError) {
      // A stale one was read before.
      let file = try AtomicFile(path: path, rewrites: true)
      var failure: FileError?
      bytes.withUnsafeBytes { buffer in
        do throws(FileError) { try file.write(buffer) } catch { failure = error }
      }
      if let failure { throw failure }
      try file.commit(synchronizes: false)
      return nil
    } catch {
      return "\(error); the next training looks at all images again"
    }
  }

  /// Writes the checksum of what follows it.
  package static func seal(_ bytes: inout [UInt8]) {
    var sum = UInt64(bitPattern: checksum(bytes, from: magic.count + 8))
    for index in 0..<8 {
      bytes[magic.count + index] = UInt8(truncatingIfNeeded: sum)
      sum >>= 8
    }
  }

  /// A checksum of the bytes from an offset on, 8 at a time (FNV-1a on words, then mixed).
  private static func checksum(_ bytes: [UInt8], from start: Int) -> Int64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    bytes.withUnsafeBytes { buffer in
      var offset = start
      while offset + 8 <= buffer.count {
        let word = buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        hash = (hash ^ word) &* 0x0000_0100_0000_01B3
        hash ^= hash >> 29
        offset += 8
      }
      while offset < buffer.count {
        hash = (hash ^ UInt64(buffer[offset])) &* 0x0000_0100_0000_01B3
        offset += 1
      }
    }
    return Int64(bitPattern: Xoshiro256.mixed(hash))
  }
}

/// Writes the numbers and texts of a cache file.
private struct IndexWriter {
  package var bytes: [UInt8] = []

  package mutating func add(_ value: Int64) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  package mutating func add(_ value: Int) { add(Int64(value)) }

  package mutating func add(_ text: String) {
    add(text.utf8.count)
    bytes += text.utf8
  }

  package mutating func add<Element>(raw values: [Element]) {
    add(values.count)
    values.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  package mutating func add(_ key: IndexCache.Key) {
    add(key.settings)
    add(key.paths.count)
    for path in key.paths { add(path) }
    add(raw: key.states)
  }

  package mutating func add(_ content: IndexCache.Content) {
    add(content.omittedFaults)
    add(content.faults.count)
    for fault in content.faults {
      add(fault.severity.rawValue)
      add(fault.kind.rawValue)
      add(fault.path)
      add(fault.line ?? -1)
      add(fault.message)
    }
    add(content.images.count)
    for image in content.images {
      add(image.path)
      add(image.size.width)
      add(image.size.height)
      add(image.classIndex ?? -1)
      let labels = image.labels
      add(raw: labels.classes)
      add(raw: labels.boxes)
      add(raw: labels.pointEnds)
      add(raw: labels.points)
      add(labels.keypointCount)
      add(raw: labels.keypoints)
    }
  }
}

/// Reads the numbers and texts of a cache file; nil stands for what does not fit.
private struct IndexReader {
  package let bytes: [UInt8]
  private(set) var position = 0

  package init(bytes: [UInt8]) { self.bytes = bytes }

  package var isAtEnd: Bool { position == bytes.count }

  package mutating func begins(with prefix: [UInt8]) -> Bool {
    guard bytes.starts(with: prefix) else { return false }
    position = prefix.count
    return true
  }

  package mutating func integer() -> Int64? {
    guard bytes.count - position >= 8 else { return nil }
    defer { position += 8 }
    return bytes.withUnsafeBytes {
      Int64(littleEndian: $0.loadUnaligned(fromByteOffset: position, as: Int64.self))
    }
  }

  /// A number of things that take at least a byte each.
  package mutating func count() -> Int? {
    guard let value = integer(), value >= 0, value <= Int64(bytes.count - position) else {
      return nil
    }
    return Int(value)
  }

  package mutating func text() -> String? {
    guard let count = count() else { return nil }
    defer { position += count }
    return String(validating: bytes[position..<position + count], as: UTF8.self)
  }

  package mutating func raw<Element: BitwiseCopyable>(_ type: Element.Type) -> [Element]? {
    guard let count = count() else { return nil }
    let stride = MemoryLayout<Element>.stride
    guard count <= (bytes.count - position) / stride else { return nil }
    defer { position += count * stride }
    return bytes.withUnsafeBytes { buffer in
      (0..<count).map {
        buffer.loadUnaligned(fromByteOffset: position + $0 * stride, as: Element.self)
      }
    }
  }

  package mutating func key() -> IndexCache.Key? {
    guard let settings = text(), let count = count() else { return nil }
    var paths: [String] = []
    for _ in 0..<count {
      guard let path = text() else { return nil }
      paths.append(path)
    }
    guard let states = raw(Int64.self) else { return nil }
    return IndexCache.Key(settings: settings, paths: paths, states: states)
  }

  package mutating func content() -> IndexCache.Content? {
    var content = IndexCache.Content()
    guard let omitted = integer(), omitted >= 0, let faults = count() else { return nil }
    content.omittedFaults = Int(omitted)
    for _ in 0..<faults {
      guard let severity = text().flatMap({ DatasetFault.Severity(rawValue: $0) }),
        let kind = text().flatMap({ DatasetFault.Kind(rawValue: $0) }), let path = text(),
        let line = integer(), let message = text()
      else { return nil }
      content.faults.append(
        DatasetFault(
          stored: severity, kind, path, line: line < 0 ? nil : Int(line), message))
    }
    guard let count = count() else { return nil }
    for _ in 0..<count {
      guard let image = image() else { return nil }
      content.images.append(image)
    }
    return content
  }

  private mutating func image() -> TrainingImage? {
    guard let path = text(), let width = integer(), let height = integer(),
      (1...1 << 30).contains(width), (1...1 << 30).contains(height), let classIndex = integer(),
      let classes = raw(Int32.self), let boxes = raw(SIMD4<Float>.self),
      let ends = raw(Int32.self), let points = raw(SIMD2<Float>.self),
      let keypointCount = integer(), let keypoints = raw(SIMD3<Float>.self)
    else { return nil }
    var labels = SampleLabels()
    labels.classes = classes
    labels.boxes = boxes
    labels.pointEnds = ends
    labels.points = points
    labels.keypoints = keypoints
    guard classes.count == boxes.count, ends.isEmpty || ends.count == classes.count,
      zip([0] + ends, ends + [Int32(clamping: points.count)]).allSatisfy({ $0 <= $1 }),
      (0...10_000).contains(keypointCount),
      Int(keypointCount) * classes.count == keypoints.count
    else { return nil }
    labels.keypointCount = Int(keypointCount)
    return TrainingImage(
      path: path, size: Size(width: Int(width), height: Int(height)),
      classIndex: classIndex < 0 ? nil : Int(classIndex), labels: labels)
  }
}
