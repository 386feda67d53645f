import Dispatch
import Synchronization
public import YOLODatasets
public import YOLOGeometry
import YOLOImage
package import YOLOImageIO
import YOLOSystem

/// An image of a training, with its labels.
public struct TrainingImage: Sendable, Hashable {
  /// The file.
  public let path: String
  /// The size of the upright image in pixels.
  public let size: Size
  /// The class of the image in a set for classification.
  public let classIndex: Int?
  /// The labeled objects, in fractions of the image.
  package var labels: SampleLabels

  package init(path: String, size: Size, classIndex: Int?, labels: SampleLabels) {
    self.path = path
    self.size = size
    self.classIndex = classIndex
    self.labels = labels
  }

  /// The number of labeled objects.
  public var instanceCount: Int { labels.count }
  /// The class of each labeled object.
  public var classes: [Int] { labels.classes.map { Int($0) } }
  /// The box of each labeled object in fractions of the image: center x, center y, width, height.
  public var boxes: [SIMD4<Float>] {
    labels.boxes.map {
      SIMD4(($0.x + $0.z) / 2, ($0.y + $0.w) / 2, $0.z - $0.x, $0.w - $0.y)
    }
  }
}

/// The images of a part of a dataset that are trained on, with their labels and with what is wrong
/// with the others.
///
/// An image is left out, with a fault that says why, if it cannot be decoded, is smaller than 10
/// pixels, or has a row in its label file that is not what the task needs. Images without labels
/// are background and stay. Rows that occur twice count once, with a warning.
public struct TrainingIndex: Sendable {
  /// The dataset.
  public let dataset: Dataset
  /// The part: train, mostly.
  public let split: String
  /// The images, sorted by path.
  public let images: [TrainingImage]
  /// What was found, in the order of the images; at most `maximumFaults`.
  public let faults: [DatasetFault]
  /// How many further faults were not kept.
  public let omittedFaults: Int
  /// The images that were left out because they or their labels are damaged.
  public let leftOut: Int
  /// The images without labels, which are kept as background.
  public let background: Int
  /// What else is to be told: a cache file that was damaged or could not be written, polygons that
  /// are not used.
  public private(set) var notes: [String]
  /// Whether the cache file was used in place of looking at all images.
  public let isFromCache: Bool
  /// Where the cache file is, or would be.
  public let cachePath: String

  /// The maximum number of faults that are kept.
  public static let maximumFaults = 100_000

  /// What the labels are for.
  public var task: VisionTask { dataset.task }

  /// The labeled objects of each class; of classification the images.
  public var instancesOfClass: [Int] {
    var counts = [Int](repeating: 0, count: dataset.names.count)
    for image in images {
      if let index = image.classIndex, counts.indices.contains(index) { counts[index] += 1 }
      for index in image.labels.classes where counts.indices.contains(Int(index)) {
        counts[Int(index)] += 1
      }
    }
    return counts
  }
}

/// Which images and labels of a dataset are used.
public struct TrainingSelection: Sendable, Hashable {
  /// How many images are used: a fraction of them, or a number above 1; the first ones by path.
  public var fraction: Double
  /// Whether all objects are of one class.
  public var isSingleClass: Bool
  /// The classes whose objects are kept; all of them if nil.
  public var classes: Set<Int>?

  /// Creates a selection; all images and classes unless told otherwise.
  public init(fraction: Double = 1, isSingleClass: Bool = false, classes: Set<Int>? = nil) {
    self.fraction = fraction
    self.isSingleClass = isSingleClass
    self.classes = classes
  }

  /// Returns how many of some images are used.
  package func count(of total: Int) throws(TrainingDataError) -> Int {
    guard fraction > 0, fraction.isFinite else {
      throw .invalidSetting(
        name: "fraction", value: "\(fraction)",
        expected: "a fraction up to 1, or a number of images")
    }
    if fraction > 1 { return min(Int(min(fraction, 1e15)), total) }
    return max(Int((fraction * Double(total)).rounded(.toNearestOrEven)), min(total, 1))
  }

  /// Returns the labels of an image as this selection has them.
  package func selected(_ labels: ImageLabels) -> ImageLabels {
    guard isSingleClass || classes != nil else { return labels }
    let kept = labels.instances.filter { classes?.contains($0.classIndex) ?? true }
    return ImageLabels(
      instances: isSingleClass
        ? kept.map { Instance(classIndex: 0, geometry: $0.geometry) } : kept,
      duplicates: labels.duplicates)
  }

  /// Changes labels as this selection has them.
  package func apply(to labels: inout SampleLabels) {
    if let classes { labels.keep { classes.contains(Int($0.classes[$1])) } }
    if isSingleClass { for index in labels.classes.indices { labels.classes[index] = 0 } }
  }
}

extension TrainingIndex {
  /// Looks at the images and labels of a part, or reads the cache file of an earlier look.
  ///
  /// Headers are read of all images; an image whose end is not as its format has it is decoded as a
  /// whole. The cache file lies beside the directory of labels and holds paths, sizes and times of
  /// all files: where any of them differs, all images are looked at again.
  ///
  /// - Parameters:
  ///   - dataset: The dataset, of any task whose labels are read.
  ///   - split: The part.
  ///   - selection: Which images and labels are used.
  ///   - usesCache: Whether the cache file is read and written.
  ///   - threads: How many threads look at images.
  ///   - progress: Called with the images looked at so far and their number, on any thread.
  /// - Throws: `TrainingDataError`: a part that is missing or empty, no sound image, no label.
  public init(
    _ dataset: Dataset, split: String = "train", selection: TrainingSelection = TrainingSelection(),
    usesCache: Bool = true, threads: Int = 8,
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(TrainingDataError) {
    let files = try Self.files(of: dataset, split: split, selection: selection)
    let cachePath = IndexCache.path(dataset: dataset, split: split, first: files.first?.path ?? "")
    let key = IndexCache.Key(dataset: dataset, files: files)
    var notes: [String] = []
    var content: IndexCache.Content?
    if usesCache {
      let outcome = IndexCache.read(cachePath, key: key)
      content = outcome.content
      if let note = outcome.note { notes.append(note) }
    }
    isFromCache = content != nil
    let found: IndexCache.Content
    if let content {
      found = content
      progress(files.count, files.count)
    } else {
      found = IndexScan(dataset: dataset, files: files, threads: threads, progress: progress).run()
      if usesCache, let note = IndexCache.write(found, key: key, to: cachePath) {
        notes.append(note)
      }
    }
    self.dataset = dataset
    self.split = split
    self.cachePath = cachePath
    self.notes = notes
    faults = found.faults
    omittedFaults = found.omittedFaults
    leftOut = files.count - found.images.count
    guard !found.images.isEmpty else {
      throw .noUsableImages(
        path: dataset.path, split: split, faulty: files.count,
        first: found.faults.first { $0.severity == .error }?.message ?? "unknown")
    }
    if dataset.task != .classify, found.images.allSatisfy({ $0.labels.count == 0 }) {
      throw .noLabels(
        path: dataset.path, split: split,
        expected: Dataset.labelPath(ofImage: found.images[0].path))
    }
    let (boxes, polygons) = found.images.reduce((0, 0)) {
      ($0.0 + $1.labels.count, $0.1 + $1.labels.pointEnds.count)
    }
    let isMixed = polygons > 0 && polygons < boxes
    if isMixed {
      self.notes.append(
        "\(dataset.path): \(polygons) of \(boxes) labels are polygons, the others boxes; only "
          + "boxes are used of such a set")
    }
    images = found.images.map { image in
      var image = image
      if isMixed { image.labels.removePolygons() }
      selection.apply(to: &image.labels)
      return image
    }
    background = dataset.task == .classify ? 0 : images.count { $0.labels.count == 0 }
  }

  /// A file of the part, before it is looked at.
  package struct File: Sendable {
    package let path: String
    package let classIndex: Int?
  }

  private static func files(
    of dataset: Dataset, split: String, selection: TrainingSelection
  ) throws(TrainingDataError) -> [File] {
    let files: [File]
    do throws(DatasetError) {
      guard !dataset.task.isDense else {
        throw .unsupportedTask(path: dataset.path, task: dataset.task)
      }
      files =
        dataset.task == .classify
        ? try dataset.classifiedImages(of: split).map {
          File(path: $0.path, classIndex: $0.classIndex)
        }
        : try dataset.images(of: split).map { File(path: $0, classIndex: nil) }
    } catch {
      throw .dataset(error)
    }
    guard !files.isEmpty else {
      throw .dataset(.noImages(path: dataset.path, suffixes: Dataset.suffixes))
    }
    return Array(files.prefix(try selection.count(of: files.count)))
  }
}

/// A look at all images and labels of a part.
package struct IndexScan {
  package let dataset: Dataset
  package let files: [TrainingIndex.File]
  package let threads: Int
  package let progress: @Sendable (Int, Int) -> Void

  /// The images that a thread looks at before it takes others.
  private static let chunk = 16

  /// What became of an image.
  private struct Outcome: Sendable {
    package var image: TrainingImage?
    package var faults: [DatasetFault] = []
  }

  /// Returns the sound images and all faults, in the order of the files.
  package func run() -> IndexCache.Content {
    let chunks = (files.count + Self.chunk - 1) / Self.chunk
    let state = Mutex((next: 0, done: 0, outcomes: [[Outcome]](repeating: [], count: chunks)))
    let (files, progress) = (files, progress)
    DispatchQueue.concurrentPerform(iterations: min(max(threads, 1), max(chunks, 1))) { _ in
      while true {
        let chunk = state.withLock { state in
          defer { state.next += 1 }
          return state.next
        }
        guard chunk < chunks else { return }
        let range = chunk * Self.chunk..<min((chunk + 1) * Self.chunk, files.count)
        let outcomes = range.map { outcome(files[$0]) }
        let done = state.withLock { state in
          state.outcomes[chunk] = outcomes
          state.done += range.count
          return state.done
        }
        progress(done, files.count)
      }
    }
    var content = IndexCache.Content()
    for outcome in state.withLock({ $0.outcomes }).joined() {
      if let image = outcome.image { content.images.append(image) }
      for fault in outcome.faults {
        if content.faults.count < TrainingIndex.maximumFaults {
          content.faults.append(fault)
        } else {
          content.omittedFaults += 1
        }
      }
    }
    return content
  }

  private func outcome(_ file: TrainingIndex.File) -> Outcome {
    var outcome = Outcome()
    var size: Size?
    do {
      let found = try SoundImage.size(of: file.path, channels: dataset.channels ?? 3)
      try Dataset.check(found, ofImage: file.path)
      size = found
    } catch let error as DatasetError {
      outcome.faults.append(.tooSmall(error))
    } catch {
      outcome.faults.append(.unreadable(image: file.path, message: "\(error)"))
    }
    var labels = SampleLabels()
    if dataset.task != .classify {
      let scan = dataset.scannedLabels(ofImage: file.path)
      outcome.faults += scan.faults
      labels = SampleLabels(scan.labels, keypointCount: dataset.keypointShape?.count ?? 0)
    }
    if let size, !outcome.faults.contains(where: { $0.severity == .error }) {
      outcome.image = TrainingImage(
        path: file.path, size: size, classIndex: file.classIndex, labels: labels)
    }
    return outcome
  }
}

/// A quick look at an image file that notices what happens to files: missing ends.
package enum SoundImage {
  /// Returns the size of the upright image.
  ///
  /// The headers are read; unless the file ends as JPEG and PNG files do, all of it is decoded.
  package static func size(of path: String, channels: Int) throws(ImageIOError) -> Size {
    guard hasKnownEnd(path) else {
      return try ImageReader.read(contentsOf: path, channels: channels).size
    }
    return try ImageReader.size(contentsOf: path, channels: channels)
  }

  private static func hasKnownEnd(_ path: String) -> Bool {
    guard let file = try? RegularFile(opening: path), file.size > 24,
      let start = try? file.prefix(4), lseek(file.descriptor, off_t(file.size - 12), SEEK_SET) >= 0,
      let end = try? file.prefix(12)
    else { return false }
    if start.starts(with: [0xFF, 0xD8]) { return end.suffix(2).elementsEqual([0xFF, 0xD9]) }
    if start == [0x89, 0x50, 0x4E, 0x47] {
      return end[4..<8].elementsEqual([0x49, 0x45, 0x4E, 0x44])
    }
    return false
  }
}
