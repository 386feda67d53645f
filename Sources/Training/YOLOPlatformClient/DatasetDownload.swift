#if Server
import JSONText
import YOLOGeometry
import YOLOSystem

/// Fetches datasets of a Platform into directories as the trainer reads them.
///
/// Images lie in one pool, by what the Platform knows their contents by, so that a changed dataset
/// fetches only what is new; each state of a dataset is a directory of its own.
struct DatasetDownload: Sendable {
  let calls: PlatformCalls

  /// The images that are fetched at once.
  private static let concurrency = 16
  private static let maximumExport = 64 << 30
  private static let maximumImage = 1 << 30

  private var cache: String { calls.access.cache }

  /// Fetches what is missing of a dataset.
  ///
  /// - Parameters:
  ///   - resource: The dataset.
  ///   - show: Told what goes on.
  /// - Returns: The path of its description, or of its directory for classification.
  /// - Throws: `PlatformClientError` that names the dataset.
  func path(
    of resource: PlatformResource, show: @Sendable (String) -> Void
  ) async throws(PlatformClientError) -> String {
    let name = resource.address
    let parent = "\(cache)/datasets/\(resource.path)"
    let export = "\(parent)/.export-\(UInt64.random(in: .min ... .max))"
    try Self.make(parent)
    try Self.make("\(cache)/images")
    let answer = try await calls.resource(
      name, "/api/datasets/\(resource.path)/export", timeout: .seconds(3600))
    guard let address = answer["downloadUrl"]?.string else {
      throw .resource(name, reason: "the Platform names no address of its export")
    }
    defer { unlink(export.pathCharacters) }
    do throws(PlatformCalls.Failure) {
      try await calls.fetch(address, to: export, maximumBytes: Self.maximumExport, .resources)
    } catch {
      if case .cancelled = error { throw .interrupted }
      throw .resource(name, reason: "its export cannot be fetched: \(error)")
    }
    let records = try DatasetRecords(file: export, name: name)
    for note in records.notes { show("warning: \(note)") }
    let directory = "\(parent)/\(records.identity)"
    if !FileSystem.isDirectory(directory) {
      try await fetch(records.images, of: name, show: show)
      let partial = "\(parent)/.partial-\(UInt64.random(in: .min ... .max))"
      defer { FileSystem.removeTree(partial) }
      try write(records, to: partial)
      do throws(FileError) {
        try FileSystem.move(partial, to: directory)
      } catch {
        // Another run may have been faster.
        guard FileSystem.isDirectory(directory) else { throw PlatformClientError(error) }
      }
    }
    return records.task == .classify ? directory : "\(directory)/data.yaml"
  }

  // MARK: Images

  private func pooled(_ image: DatasetRecords.ImageRecord) -> String {
    "\(cache)/images/\(image.hash.prefix(2))/\(image.pooledName)"
  }

  private func fetch(
    _ images: [DatasetRecords.ImageRecord], of name: String, show: @Sendable (String) -> Void
  ) async throws(PlatformClientError) {
    var missing: [(address: String, path: String, line: Int)] = []
    var seen: Set<String> = []
    for image in images {
      let path = pooled(image)
      guard seen.insert(path).inserted, !FileSystem.exists(path) else { continue }
      missing.append((image.url, path, image.line))
    }
    guard !missing.isEmpty else { return }
    show("Fetching \(missing.count) of \(images.count) images of \(name)")
    for directory in Set(missing.map { FilePath.directory(of: $0.path) }) {
      try Self.make(directory)
    }
    let result = await withTaskGroup(
      of: PlatformClientError?.self, returning: PlatformClientError?.self
    ) { group in
      var rest = missing[...]
      var failure: PlatformClientError?
      for image in rest.prefix(Self.concurrency) {
        group.addTask { await fetch(image, of: name) }
      }
      rest = rest.dropFirst(Self.concurrency)
      while let done = await group.next() {
        if let done, failure == nil {
          failure = done
          group.cancelAll()
        }
        if failure == nil, let image = rest.popFirst() {
          group.addTask { await fetch(image, of: name) }
        }
      }
      return failure
    }
    if Task.isCancelled { throw .interrupted }
    if let result { throw result }
  }

  private func fetch(
    _ image: (address: String, path: String, line: Int), of name: String
  ) async -> PlatformClientError? {
    let temporary = "\(image.path).\(UInt64.random(in: .min ... .max))"
    do throws(PlatformCalls.Failure) {
      try await calls.fetch(
        image.address, to: temporary, maximumBytes: Self.maximumImage,
        PlatformCalls.Patience(pauses: [1, 2]))
    } catch {
      if case .cancelled = error { return .interrupted }
      return .line(name, number: image.line, reason: "the image cannot be fetched: \(error)")
    }
    do throws(FileError) {
      try FileSystem.move(temporary, to: image.path)
      return nil
    } catch {
      unlink(temporary.pathCharacters)
      return PlatformClientError(error)
    }
  }

  // MARK: Files

  /// Writes a dataset: links to the images, files of labels, and the description.
  private func write(
    _ records: DatasetRecords, to directory: String
  ) throws(PlatformClientError) {
    try Self.make(directory)
    var made: Set<String> = []
    func place(_ bytes: String, _ part: String) throws(PlatformClientError) -> String {
      let path = "\(directory)/\(part)"
      if made.insert(path).inserted { try Self.make(path) }
      return "\(path)/\(bytes)"
    }
    let classes = Self.directories(of: records.names)
    for image in records.images {
      let part: String
      if let index = image.classIndex {
        part = "\(image.split)/\(classes[index])"
      } else {
        part = "images/\(image.split)"
        if let labels = image.labels {
          try Self.write(labels, to: try place("\(image.stem).txt", "labels/\(image.split)"))
        }
      }
      try Self.share(pooled(image), try place("\(image.stem).\(image.suffix)", part))
    }
    guard records.task != .classify else { return }
    var text = ""
    for split in ["train", "val", "test"]
    where records.images.contains(where: { $0.split == split }) {
      text += "\(split): images/\(split)\n"
    }
    text += "names:\n"
    for (index, name) in records.names.enumerated() {
      text += "  \(index): \(JSONWriter.text(.string(name)))\n"
    }
    if records.task == .pose, let shape = records.keypointShape {
      text += "kpt_shape: [\(shape.map { "\($0)" }.joined(separator: ", "))]\n"
      if let flip = records.flip, !flip.isEmpty {
        text += "flip_idx: [\(flip.map { "\($0)" }.joined(separator: ", "))]\n"
      }
    }
    try Self.write(text, to: "\(directory)/data.yaml")
  }

  /// The names of directories that stand for classes: without what leads elsewhere, and each once.
  static func directories(of names: [String]) -> [String] {
    var used: Set<String> = []
    return names.enumerated().map { index, name in
      var plain = String(name.sanitized().map { $0 == "/" ? "_" : $0 })
      // A name of more bytes than a file system takes, of a hidden file, or of a part of a path.
      while plain.utf8.count > 200 { plain.removeLast() }
      if plain.isEmpty || plain.hasPrefix(".") { plain = "class\(index)" }
      if used.contains(plain) { plain += "-\(index)" }
      used.insert(plain)
      return plain
    }
  }

  private static func make(_ path: String) throws(PlatformClientError) {
    do throws(FileError) {
      try FileSystem.makeDirectories(path)
    } catch {
      throw PlatformClientError(error)
    }
  }

  private static func write(_ text: String, to path: String) throws(PlatformClientError) {
    let descriptor = FileSystem.createFile(path, mode: 0o666)
    guard descriptor >= 0 else { throw PlatformClientError(FileError(lastErrorAt: path)) }
    var text = text
    let number = text.withUTF8 { FileSystem.write(UnsafeRawBufferPointer($0), to: descriptor) }
    guard close(descriptor) == 0, number == nil else {
      throw PlatformClientError(FileError(path, .system(number ?? errno)))
    }
  }

  /// Links a file under another name, or copies it where the file system cannot.
  private static func share(_ source: String, _ target: String) throws(PlatformClientError) {
    if link(source.pathCharacters, target.pathCharacters) == 0 { return }
    do throws(FileError) {
      try AtomicFile.write(
        try FileSystem.read(source, maximumBytes: maximumImage), to: target)
    } catch {
      throw PlatformClientError(error)
    }
  }
}
#endif
