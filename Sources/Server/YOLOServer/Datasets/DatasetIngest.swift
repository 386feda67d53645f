#if Server
import Dispatch
import Logging
import NIOPosix
import ServiceLifecycle
import Synchronization
import YOLODatasets
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOSystem

/// Adds a file to a dataset: unpacks it, finds the dataset in it, looks at every image and label,
/// and stores those that are sound.
///
/// What is damaged is named and left out; it fails nothing else. Work that a crash has ended begins
/// again, and finds the images that it had stored.
struct DatasetIngest: Sendable {
  /// The images that are stored in one transaction.
  private static let batch = 32
  /// The maximum number of bytes of an image's file.
  static let maximumImageBytes = ImageLimits().maximumBytes

  let jobs: IngestRepository
  let work: IngestRepository.Work
  /// The directory of this work, which nobody else uses.
  let directory: String
  /// What fetches from addresses; nil if the operator does not allow it.
  let fetcher: SourceFetcher?

  /// Where a file is fetched to.
  private var download: String { "\(directory).download" }

  /// Does the work; what goes wrong with the file is in the outcome.
  ///
  /// - Throws: `PlatformError` where the store or the database fails, and the work may be tried
  ///   again.
  func run() async throws(PlatformError) {
    var outcome = IngestRepository.Outcome()
    do {
      FileSystem.removeTree(directory)
      FileSystem.removeTree(download)
      try FileSystem.makeDirectory(directory, mode: 0o700)
      defer {
        FileSystem.removeTree(directory)
        FileSystem.removeTree(download)
      }
      let file = try await file()
      if FilePath.suffix(work.job.name) == "ndjson" {
        try await storeLines(file, &outcome)
      } else {
        let unpacked = try await onOwnThread { try unpack(file) }
        for entry in unpacked.skipped {
          outcome.add(
            IngestFault(
              severity: "warning", kind: "skipped-entry", file: entry.name, line: nil,
              message: "\(entry.name) is left out: \(entry.reason)"))
        }
        outcome.omittedFaults += unpacked.omitted
        if unpacked.files == 0, let first = unpacked.skipped.first {
          outcome.failure =
            "\(work.job.name) has no file that can be used: \(first.name) is left out, as "
            + first.reason
        } else {
          try await store(&outcome)
        }
      }
    } catch let error as PlatformError {
      // What the account or the disk has no room for ends the work; all else may be tried again.
      switch error {
      case .storageFull, .storage(.diskFull), .invalid: outcome.failure = "\(error)"
      default: throw error
      }
    } catch let error as DatasetError {
      outcome.failure = named("\(error)")
      outcome.add(
        IngestFault(
          severity: "error", kind: DatasetFault.Kind.description.rawValue,
          file: named(error.path), line: error.line, message: named("\(error)")))
    } catch {
      outcome.failure = named("\(error)")
    }
    try await jobs.finish(work, outcome)
  }

  /// Runs something that waits for the disk.
  func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await NIOThreadPool.singleton.runIfActive(body)
  }

  /// Runs something that takes long, beside what waits for the disk.
  private func onOwnThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global(qos: .utility).async {
        continuation.resume(with: Result { try body() })
      }
    }
  }

  /// A message in which the files are called as they are in the archive.
  private func named(_ message: String) -> String {
    message.split(separator: download, omittingEmptySubsequences: false).joined(
      separator: work.job.name
    ).split(separator: directory + "/", omittingEmptySubsequences: false).joined()
      .split(separator: directory, omittingEmptySubsequences: false).joined(
        separator: work.job.name)
  }

  /// Returns where the file is: in the store, or where it has been fetched to.
  private func file() async throws -> String {
    if let object = work.object { return jobs.store.path(of: object.digest) }
    guard let source = work.job.source, let fetcher else {
      throw PlatformError.invalid(
        argument: "sourceUrl", given: work.job.name.excerpt(),
        expected: "an upload: this server fetches nothing from addresses")
    }
    let used = try await jobs.store.use(of: work.account)
    try await fetcher.file(
      at: source, to: download, maximumBytes: max(0, work.account.limits.storageBytes - used))
    return download
  }

  private func unpack(_ path: String) throws -> ArchiveExtractor.Outcome {
    if Dataset.suffixes.contains(FilePath.suffix(work.job.name)) {
      // A single image is a set of one.
      let bytes = try FileSystem.read(path, maximumBytes: Self.maximumImageBytes)
      try AtomicFile.write(bytes, to: "\(directory)/\(ObjectName.plain(work.job.name))")
      return ArchiveExtractor.Outcome(files: 1, bytes: bytes.count)
    }
    let extractor = ArchiveExtractor(maximumBytes: work.account.limits.storageBytes)
    return try extractor.extract(path, named: work.job.name, to: directory)
  }

  private func store(_ outcome: inout IngestRepository.Outcome) async throws {
    let isFirst = work.dataset.images == 0 && work.dataset.classNames.isEmpty
    let task = work.dataset.isTaskGiven || !isFirst ? work.dataset.task : nil
    let found = try await onOwnThread { [directory] in try Dataset.find(in: directory, task: task) }
    if let shape = found.keypointShape.map({ [$0.count, $0.values] }),
      let expected = work.dataset.keypointShape, shape != expected
    {
      outcome.failure =
        "\(work.job.name) has keypoints of the shape \(shape), those of the dataset are \(expected)"
      return
    }
    let classes = try await classes(
      found.names, task: found.task,
      shape: found.keypointShape.map { [$0.count, $0.values] }, flip: found.keypointFlip,
      isFirst: isFirst)
    let images = try await check(found, classes)
    outcome.sound = images.sound
    outcome.faulty = images.faulty
    for found in images.check.faults { outcome.add(fault(found)) }
    outcome.omittedFaults += images.check.omittedFaults
    if images.sound == 0 {
      outcome.failure = "\(work.job.name) has no image that can be used"
    }
  }

  private func fault(_ fault: DatasetFault) -> IngestFault {
    // An export of oriented boxes has four corners of each.
    let isError = fault.severity == .error || fault.kind == .cornerCount
    return IngestFault(
      severity: isError ? "error" : "warning", kind: fault.kind.rawValue, file: named(fault.path),
      line: fault.line, message: named(fault.message))
  }

  /// Returns which class of the dataset each class of the file is, nil for those whose labels are left
  /// out, and adds those that it does not have.
  func classes(
    _ found: [String], task: VisionTask, shape: [Int]?, flip: [Int]?, isFirst: Bool
  ) async throws(PlatformError) -> [Int?] {
    var names = work.dataset.classNames
    var positions = Dictionary(
      names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let mapping = work.job.classMapping ?? [:]
    var classes: [Int?] = []
    for name in found {
      let target = mapping[name] ?? .name(name)
      switch target {
      case nil: classes.append(nil)
      case .index(let index):
        guard work.dataset.classNames.indices.contains(index) else {
          throw .invalid(
            argument: "classMapping", given: "\(index) for \(name.excerpt())",
            expected: "a class of the dataset, which has \(work.dataset.classNames.count)")
        }
        classes.append(index)
      case .name(let name):
        if let index = positions[name] {
          classes.append(index)
        } else {
          names.append(name)
          positions[name] = names.count - 1
          classes.append(names.count - 1)
        }
      }
    }
    if isFirst || names.count > work.dataset.classNames.count {
      try await jobs.describe(
        work.dataset,
        IngestRepository.Description(
          task: task, classNames: names, keypointShape: shape ?? work.dataset.keypointShape,
          keypointFlip: flip ?? work.dataset.keypointFlip))
    }
    return classes
  }

  private struct Checked: Sendable {
    let check: DatasetCheck
    var sound = 0
    var faulty = 0
  }

  /// Looks at all images on a thread of its own, and stores the sound ones batch by batch.
  private func check(_ found: Dataset, _ classes: [Int?]) async throws -> Checked {
    let (batches, continuation) = AsyncThrowingStream<[CheckedImage], any Error>.makeStream()
    let taken = DispatchSemaphore(value: 2)
    let isOver = Atomic(false)
    let checking = Task.detached { [self] in
      try await onOwnThread {
        var sound = 0
        var faulty = 0
        var waiting: [CheckedImage] = []
        func hand() throws {
          // Two batches may be on their way: what is checked does not pile up.
          taken.wait()
          guard !isOver.load(ordering: .relaxed) else { throw CancellationError() }
          continuation.yield(waiting)
          waiting = []
        }
        defer { continuation.finish() }
        let check = try DatasetCheck(
          found, maximumImageBytes: Self.maximumImageBytes,
          size: { bytes, path in try ImageReader.decode(bytes, named: path).size },
          visit: { image in
            let hasOddCorners =
              found.task == .obb && image.labels.rows.contains { $0.count != 9 }
            guard !image.isFaulty, !hasOddCorners else {
              faulty += 1
              return
            }
            sound += 1
            waiting.append(image)
            if waiting.count == Self.batch { try hand() }
          })
        if !waiting.isEmpty { try hand() }
        return Checked(check: check, sound: sound, faulty: faulty)
      }
    }
    do {
      var number = 0
      for try await batch in batches {
        try await store(batch, from: number, task: found.task, classes)
        number += batch.count
        taken.signal()
      }
    } catch {
      isOver.store(true, ordering: .relaxed)
      taken.signal()
      taken.signal()
      _ = try? await checking.value
      throw error
    }
    return try await checking.value
  }

  private func store(
    _ images: [CheckedImage], from number: Int, task: VisionTask, _ classes: [Int?]
  ) async throws {
    var objects: [(image: NewImage, staged: StagedObject)] = []
    for (offset, image) in images.enumerated() {
      let path = image.path
      let bytes = try await onThread {
        try FileSystem.read(path, maximumBytes: Self.maximumImageBytes)
      }
      let writer = try await jobs.store.begin(for: work.account)
      try await writer.append(bytes)
      let staged = try await writer.finish()
      let rows = DatasetLines.rows(of: image.labels, task: task, classIndex: image.classIndex)
        .compactMap { row in classes[Int(row[0])].map { [Float($0)] + row.dropFirst() } }
      objects.append(
        (
          NewImage(
            id: ResourceID.numbered(number + offset, now: work.job.created),
            object: staged.object, name: FilePath.name(of: path),
            split: work.job.split ?? image.split, size: image.size ?? Size(width: 0, height: 0),
            rows: rows),
          staged
        ))
    }
    try await jobs.add(objects, of: work)
  }
}

/// Adds files to datasets, one after the other, as long as the server runs.
struct IngestRunner: Service {
  let jobs: IngestRepository
  let logger: Logger
  /// Wakes the runner when a file has come.
  let signal: WakeSignal
  /// What fetches from addresses; nil if the operator does not allow it.
  let fetcher: SourceFetcher?

  /// The time after which files of other processes are looked for.
  private static let interval = Duration.seconds(5)

  func run() async {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do throws(PlatformError) {
          for job in try await jobs.open() where !Task.isCancelled { try await take(job) }
        } catch {
          logger.error("a file was not taken into a dataset", metadata: ["error": "\(error)"])
        }
        await signal.wait(for: Self.interval)
      }
    }
  }

  private func take(_ job: IngestRow) async throws(PlatformError) {
    let directory = "\(jobs.store.database.directory)/ingest"
    let lock: ProcessLock
    do throws(FileError) {
      if !FileSystem.isDirectory(directory) {
        try FileSystem.makeDirectories(directory, mode: 0o700)
      }
      // Another process may be at it.
      guard let free = try ProcessLock("\(directory)/\(job.id).lock") else { return }
      lock = free
    } catch {
      throw .storage(.inaccessible(path: error.path, reason: error.message))
    }
    guard let work = try await jobs.start(job.id) else { return lock.remove() }
    logger.info(
      "taking a file into a dataset",
      metadata: [
        "dataset": "\(work.dataset.slug)", "bytes": "\(work.object?.bytes ?? 0)",
      ])
    try await DatasetIngest(
      jobs: jobs, work: work, directory: "\(directory)/\(job.id)", fetcher: fetcher
    ).run()
    // Nobody takes it in again, so nobody wants the lock.
    lock.remove()
  }
}
#endif
