import Dispatch
import Synchronization
public import YOLOGeometry
import YOLOSystem

/// A look at every image and every label of a dataset before it is used.
public struct DatasetCheck: Sendable {
  /// What a part of the set holds.
  public struct SplitSummary: Sendable, Hashable {
    /// The part: train, val or test.
    public let split: String
    /// Its images.
    public internal(set) var images = 0
    /// Those with at least one sound label.
    public internal(set) var labeledImages = 0
    /// The labeled objects.
    public internal(set) var instances = 0
    /// The images that Ultralytics leaves out because they or their labels are damaged.
    public internal(set) var faultyImages = 0
  }

  /// What the labels are for.
  public let task: VisionTask
  /// What the classes are called, by index.
  public let names: [String]
  /// The parts that there are.
  public let splits: [SplitSummary]
  /// The labeled objects of each class in all parts; of classification the images.
  public let instancesOfClass: [Int]
  /// What was found, errors and warnings, part by part in the order of the images.
  public let faults: [DatasetFault]
  /// How many further faults were not kept.
  public let omittedFaults: Int

  /// The maximum number of faults that are kept.
  public static let maximumFaults = 100_000

  /// Whether the set can be used as it is.
  public var isSound: Bool { omittedFaults == 0 && !faults.contains { $0.severity == .error } }
}

/// An image of a dataset as it was found.
public struct CheckedImage: Sendable {
  /// The file.
  public let path: String
  /// The part: train, val or test.
  public let split: String
  /// Its size in pixels; nil if it could not be decoded.
  public internal(set) var size: Size?
  /// Its class in a set for classification.
  public let classIndex: Int?
  /// The labels of its sound rows; empty without a label file.
  public internal(set) var labels = ImageLabels(instances: [], duplicates: 0)
  /// What is wrong with it or with its labels.
  public internal(set) var faults: [DatasetFault] = []

  /// Whether Ultralytics leaves it out because it or its labels are damaged.
  public var isFaulty: Bool { faults.contains { $0.severity == .error } }
}

extension DatasetCheck {
  /// Looks at a dataset.
  ///
  /// - Parameters:
  ///   - path: A data.yaml, the directory of one, or a directory for classification.
  ///   - task: What the labels are for; if nil, the keypoints of the description and the first label
  ///     tell.
  ///   - maximumImageBytes: The maximum size of an image file in bytes.
  ///   - size: Decodes an image, all of it, and returns its size; called on several threads.
  ///   - progress: Called after each image, on any thread.
  /// - Throws: `DatasetError` if the set cannot be opened at all.
  public init(
    path: String, task: VisionTask? = nil, maximumImageBytes: Int = 1 << 30,
    size: @escaping @Sendable ([UInt8], _ path: String) throws -> Size,
    progress: @escaping @Sendable (_ total: Int) -> Void = { _ in }
  ) throws(DatasetError) {
    let task = if let task { task } else { try Self.guessedTask(path) }
    self.init(
      try Dataset.open(path: path, task: task), maximumImageBytes: maximumImageBytes, size: size,
      progress: progress, visit: { (_) throws(Never) in })
  }

  /// Looks at a dataset.
  ///
  /// - Parameters:
  ///   - dataset: The set.
  ///   - maximumImageBytes: The maximum size of an image file in bytes.
  ///   - size: Decodes an image, all of it, and returns its size; called on several threads.
  ///   - progress: Called after each image, on any thread.
  ///   - visit: Called with each image in the order of the parts and of their images, on the calling
  ///     thread; what it throws ends the check.
  /// - Throws: What `visit` throws.
  public init<Failure>(
    _ dataset: Dataset, maximumImageBytes: Int = 1 << 30,
    size: @escaping @Sendable ([UInt8], _ path: String) throws -> Size,
    progress: @escaping @Sendable (_ total: Int) -> Void = { _ in },
    visit: (CheckedImage) throws(Failure) -> Void
  ) throws(Failure) {
    var run = Run(
      dataset: dataset, maximumImageBytes: maximumImageBytes, size: size, progress: progress)
    run.checkDescription()
    var summaries: [SplitSummary] = []
    for split in dataset.presentSplits { summaries.append(try run.check(split, visit)) }
    run.checkClasses()
    run.checkMixture()
    run.checkUnused()
    task = dataset.task
    names = dataset.names
    splits = summaries
    instancesOfClass = run.instances
    faults = run.faults
    omittedFaults = run.omitted
  }

  /// Returns what labels are for, as far as it can be told: a directory without a description is of
  /// classification, keypoints of pose, rows of nine numbers of oriented boxes, longer ones of
  /// segmentation.
  static func guessedTask(_ path: String) throws(DatasetError) -> VisionTask {
    var description = path
    if FileSystem.isDirectory(path) {
      description = FilePath.joined(path, "data.yaml")
      guard FileSystem.exists(description) else { return .classify }
    }
    return try guessedTask(description: description)
  }

  /// Returns what the labels of a described set are for.
  static func guessedTask(
    description: String, boundary: String? = nil
  ) throws(DatasetError) -> VisionTask {
    if (try? Dataset(description: description, task: .pose, boundary: boundary)) != nil {
      return .pose
    }
    return guessedTask(
      of: try Dataset(description: description, task: .detect, boundary: boundary))
  }

  /// Returns what labels are for, by the rows of the first images: rows of nine numbers alone are
  /// oriented boxes, as polygons have now four points and now more.
  static func guessedTask(of dataset: Dataset) -> VisionTask {
    var hasCorners = false
    for split in dataset.presentSplits {
      // What is wrong with a part is told when it is looked at.
      guard let images = try? dataset.images(of: split) else { continue }
      for image in images.prefix(1000) {
        let label = Dataset.labelPath(ofImage: image)
        guard FileSystem.exists(label),
          let bytes = try? DatasetFiles.read(label, maximumBytes: LabelReader.maximumBytes)
        else { continue }
        for count in LabelReader.rowCounts(bytes) {
          guard count > 6 else { return .detect }
          guard count == 9 else { return .segment }
          hasCorners = true
        }
      }
      if hasCorners { break }
    }
    return hasCorners ? .obb : .detect
  }
}

/// A check under way.
private struct Run {
  let dataset: Dataset
  let maximumImageBytes: Int
  let size: @Sendable ([UInt8], String) throws -> Size
  let progress: @Sendable (Int) -> Void

  var faults: [DatasetFault] = []
  var omitted = 0
  /// The labeled objects of each class, and those of the training images.
  var instances: [Int]
  private var trainingInstances: [Int]
  /// The first label file of boxes, and of polygons.
  private var firstBoxes: String?
  private var firstPolygons: String?
  /// The first part that names an image.
  private var partOfImage: [String: String] = [:]
  /// The first image of each content.
  private var firstImages: [Content: (path: String, split: String)] = [:]

  /// The images that are looked at by all threads before their faults are put in order.
  private static let batch = 256

  /// A file's size and hash; equal ones are compared byte by byte.
  private struct Content: Hashable {
    let count: Int
    let hash: Int

    init(_ bytes: [UInt8]) {
      var hasher = Hasher()
      bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
      (count, hash) = (bytes.count, hasher.finalize())
    }
  }

  /// What was found about an image.
  private struct ImageOutcome: Sendable {
    var image: CheckedImage
    var content: Content?

    /// The classes of what it shows.
    var classes: [Int] {
      image.classIndex.map { [$0] } ?? image.labels.instances.map(\.classIndex)
    }
  }

  init(
    dataset: Dataset, maximumImageBytes: Int,
    size: @escaping @Sendable ([UInt8], String) throws -> Size,
    progress: @escaping @Sendable (Int) -> Void
  ) {
    self.dataset = dataset
    self.maximumImageBytes = maximumImageBytes
    self.size = size
    self.progress = progress
    instances = [Int](repeating: 0, count: dataset.names.count)
    trainingInstances = instances
  }

  private mutating func add(_ fault: DatasetFault) {
    guard faults.count < DatasetCheck.maximumFaults else {
      omitted += 1
      return
    }
    faults.append(fault)
  }

  // MARK: - The description

  mutating func checkDescription() {
    let path = dataset.path
    for split in ["train", "val"] where !dataset.presentSplits.contains(split) {
      add(
        DatasetFault(
          .error, .missingSplit, path,
          "\(path) has no \(split) part, which a training needs; there is "
            + dataset.presentSplits.joined(separator: ", ")))
    }
    var positions: [String: Int] = [:]
    for (index, name) in dataset.names.enumerated() {
      if name.allSatisfy(\.isWhitespace) {
        add(
          DatasetFault(.warning, .className, path, "\(path): class \(index) has an empty name"))
      } else if let first = positions[name] {
        add(
          DatasetFault(
            .warning, .className, path,
            "\(path): classes \(first) and \(index) are both called \(name.excerpt())"))
      } else {
        positions[name] = index
      }
    }
    checkEncoding()
    if let flip = dataset.keypointFlip {
      let stranger = flip.indices.first { flip[flip[$0]] != $0 }
      if let stranger {
        add(
          DatasetFault(
            .warning, .flipOrder, path,
            "\(path): flip_idx mirrors keypoint \(stranger) into \(flip[stranger]), but that one "
              + "into \(flip[flip[stranger]])"))
      }
    }
    for other in dataset.otherDescriptions {
      add(
        DatasetFault(
          .warning, .otherFile, other, "\(other) is passed over: \(path) describes the dataset"))
    }
    if dataset.task == .pose, dataset.keypointFlip == nil {
      add(
        DatasetFault(
          .warning, .missingFlip, path,
          "\(path): the key flip_idx is missing; without it a training mirrors no images"))
    }
  }

  private mutating func checkEncoding() {
    guard dataset.task != .classify, !FileSystem.isDirectory(dataset.path),
      let bytes = try? DatasetFiles.read(dataset.path, maximumBytes: YAMLReader.maximumBytes),
      let line = TextEncoding.firstInvalidLine(bytes)
    else { return }
    add(
      DatasetFault(
        .warning, .encoding, dataset.path, line: line,
        "\(dataset.path), line \(line): the text is not UTF-8, so that characters are lost"))
  }

  /// Looks for boxes among polygons: what belongs to detection and to segmentation.
  mutating func checkMixture() {
    guard dataset.task == .detect, let firstBoxes, let firstPolygons else { return }
    add(
      DatasetFault(
        .warning, .mixedLabels, firstPolygons,
        "\(firstPolygons) has polygons, but \(firstBoxes) has boxes: only boxes are used of such a "
          + "set"))
  }

  /// Looks for images of the directory that no part names, and for archives.
  mutating func checkUnused() {
    let unused = (try? dataset.unusedFiles(except: Set(partOfImage.keys))) ?? []
    let images = unused.filter { Dataset.suffixes.contains(FilePath.suffix($0)) }
    for archive in unused where !Dataset.suffixes.contains(FilePath.suffix(archive)) {
      add(
        DatasetFault(
          .warning, .otherFile, archive,
          "\(archive) is passed over: archives inside of archives are not unpacked"))
    }
    guard let first = images.first else { return }
    add(
      DatasetFault(
        .warning, .otherFile, first,
        "\(first) is passed over: it is in no part of the dataset, as \(images.count) images in "
          + "all"))
  }

  mutating func checkClasses() {
    guard dataset.presentSplits.contains("train"), trainingInstances.contains(where: { $0 > 0 })
    else { return }
    for (index, count) in trainingInstances.enumerated() where count == 0 {
      add(
        DatasetFault(
          .warning, .unusedClass, dataset.path,
          "\(dataset.path): class \(index) (\(dataset.names[index].excerpt())) is in no training "
            + "image"))
    }
  }

  // MARK: - Images

  mutating func check<Failure>(
    _ split: String, _ visit: (CheckedImage) throws(Failure) -> Void
  ) throws(Failure) -> DatasetCheck.SplitSummary {
    var summary = DatasetCheck.SplitSummary(split: split)
    let images: [(path: String, classIndex: Int?)]
    do throws(DatasetError) {
      try dataset.checkSources(of: split)
      images =
        dataset.task == .classify
        ? try dataset.classifiedImages(of: split).map { ($0.path, $0.classIndex) }
        : try dataset.images(of: split).map { ($0, nil) }
      for fault in try dataset.strangers(in: split, images: images.map(\.path)) { add(fault) }
    } catch {
      add(DatasetFault(error))
      return summary
    }
    summary.images = images.count
    checkShared(images.map(\.path), in: split)
    for start in stride(from: 0, to: images.count, by: Self.batch) {
      let part = images[start..<min(start + Self.batch, images.count)].map {
        CheckedImage(path: $0.path, split: split, classIndex: $0.classIndex)
      }
      for outcome in outcomes(of: part, total: images.count) {
        record(outcome, &summary)
        try visit(outcome.image)
      }
    }
    if dataset.task != .classify, summary.labeledImages == 0, let first = images.first {
      let expected = Dataset.labelPath(ofImage: first.path)
      add(
        DatasetFault(
          split == "train" ? .error : .warning, .unlabeledSplit, dataset.path,
          "\(dataset.path): no image of the \(split) part has a label; that of \(first.path) is "
            + "expected in \(expected)"))
    }
    return summary
  }

  /// Looks for images that an earlier part names, too.
  private mutating func checkShared(_ images: [String], in split: String) {
    var counts: [String: Int] = [:]
    for image in images {
      if let other = partOfImage[image], other != split {
        counts[other, default: 0] += 1
      } else {
        partOfImage[image] = split
      }
    }
    for (other, count) in counts.sorted(by: { $0.key < $1.key }) {
      add(
        DatasetFault(
          .warning, .repeatedImage, dataset.path,
          "\(dataset.path): images of the \(split) part that are of the \(other) part, too: "
            + "\(count)"))
    }
  }

  private mutating func record(
    _ outcome: ImageOutcome, _ summary: inout DatasetCheck.SplitSummary
  ) {
    let (path, split) = (outcome.image.path, outcome.image.split)
    if outcome.image.isFaulty { summary.faultyImages += 1 }
    for fault in outcome.image.faults { add(fault) }
    let classes = outcome.classes
    if !classes.isEmpty { summary.labeledImages += 1 }
    if let first = outcome.image.labels.rows.first {
      let label = Dataset.labelPath(ofImage: path)
      if first.count > 6 {
        firstPolygons = firstPolygons ?? label
      } else {
        firstBoxes = firstBoxes ?? label
      }
    }
    summary.instances += classes.count
    for index in classes {
      instances[index] += 1
      if split == "train" { trainingInstances[index] += 1 }
    }
    guard let content = outcome.content else { return }
    guard let first = firstImages[content] else {
      firstImages[content] = (path, split)
      return
    }
    guard first.path != path, isSame(first.path, path) else { return }
    let part = first.split == split ? "" : ", which is of the \(first.split) part"
    add(
      DatasetFault(
        .warning, .repeatedImage, path, "\(path) is the same image as \(first.path)\(part)"))
  }

  private func isSame(_ first: String, _ second: String) -> Bool {
    let contents = [first, second].map {
      try? DatasetFiles.read($0, maximumBytes: maximumImageBytes)
    }
    return contents[0] == contents[1]
  }

  /// Looks at images on all threads; the outcomes are in the order of the images.
  private func outcomes(of images: [CheckedImage], total: Int) -> [ImageOutcome] {
    let outcomes = Mutex(images.map { ImageOutcome(image: $0) })
    DispatchQueue.concurrentPerform(iterations: images.count) { index in
      let outcome = outcome(images[index])
      outcomes.withLock { $0[index] = outcome }
      progress(total)
    }
    return outcomes.withLock { $0 }
  }

  private func outcome(_ image: CheckedImage) -> ImageOutcome {
    let path = image.path
    var outcome = ImageOutcome(image: image)
    do {
      let bytes = try DatasetFiles.read(path, maximumBytes: maximumImageBytes)
      outcome.content = Content(bytes)
      let size = try size(bytes, path)
      outcome.image.size = size
      try Dataset.check(size, ofImage: path)
    } catch let error as DatasetError {
      outcome.image.faults.append(
        error.isUnreadable
          ? DatasetFault(.error, .unreadableImage, path, "\(error)") : DatasetFault(error))
    } catch {
      outcome.image.faults.append(DatasetFault(.error, .unreadableImage, path, "\(error)"))
    }
    if image.classIndex == nil { checkLabels(of: &outcome.image) }
    return outcome
  }

  private func checkLabels(of image: inout CheckedImage) {
    let path = Dataset.labelPath(ofImage: image.path)
    guard FileSystem.exists(path) else { return }
    do throws(DatasetError) {
      let bytes = try DatasetFiles.read(path, maximumBytes: LabelReader.maximumBytes)
      let reader = LabelReader(
        path: path, task: dataset.task, classCount: dataset.names.count,
        keypointShape: dataset.keypointShape)
      let scan = try reader.scan(bytes)
      let labels = scan.labels
      image.faults += scan.faults.map { DatasetFault($0) }
      image.labels = labels
      if let line = scan.repeatedLine {
        image.faults.append(
          DatasetFault(
            .warning, .repeatedLabel, path, line: line,
            "\(path), line \(line): rows that occur before: \(labels.duplicates)"))
      }
      func warn(_ kind: DatasetFault.Kind, _ what: String, where isOdd: (Int) -> Bool) {
        let odd = labels.instances.indices.filter(isOdd)
        guard let first = odd.first else { return }
        image.faults.append(
          DatasetFault(
            .warning, kind, path, line: scan.lines[first],
            "\(path), line \(scan.lines[first]): \(what): \(odd.count)"))
      }
      warn(.emptyBox, "objects without width or height") {
        let box = labels.instances[$0].box
        return box.width <= 0 || box.height <= 0
      }
      if dataset.task == .obb {
        warn(.cornerCount, "oriented boxes with other than four corners") {
          labels.rows[$0].count != 9
        }
      }
      if dataset.task == .pose, dataset.keypointShape?.values == 3 {
        warn(.visibility, "objects whose keypoints have a visibility other than 0, 1 or 2") {
          labels.instances[$0].geometry.keypoints?.contains {
            $0.visibility.map { ![0, 1, 2].contains($0) } ?? false
          } ?? false
        }
      }
    } catch {
      image.faults.append(DatasetFault(error))
    }
  }
}

extension DatasetError {
  /// Whether a file could not be read, or is larger than it may be.
  fileprivate var isUnreadable: Bool {
    switch self {
    case .unreadable, .tooLarge: true
    case .malformed, .missingKey, .invalidValue, .missingSplit, .noImages, .invalidLabel,
      .imageTooSmall, .invalidPrediction, .unsupportedTask, .unsupportedFormat:
      false
    }
  }
}

extension Dataset {
  /// Looks for files of a part that belong to nothing: labels without an image, images that share a
  /// label file, files that are no images.
  fileprivate func strangers(
    in split: String, images: [String]
  ) throws(DatasetError) -> [DatasetFault] {
    var faults: [DatasetFault] = []
    for file in try otherFiles(of: split) {
      faults.append(
        DatasetFault(
          .warning, .otherFile, file,
          "\(file) is passed over: images end in "
            + Self.suffixes.map { ".\($0)" }.joined(separator: ", ")))
    }
    guard task != .classify else {
      let known = Set(images)
      for image in try self.images(of: split) where !known.contains(image) {
        faults.append(
          DatasetFault(
            .warning, .otherFile, image, "\(image) is passed over: its directory is no class"))
      }
      return faults
    }
    var owners: [String: String] = [:]
    for image in images {
      let label = Self.labelPath(ofImage: image)
      guard let owner = owners.updateValue(image, forKey: label), FileSystem.exists(label) else {
        continue
      }
      faults.append(
        DatasetFault(
          .warning, .sharedLabel, label, "\(label) labels both \(owner) and \(image)"))
    }
    let directories = Set(owners.keys.map { FilePath.directory(of: $0) }).sorted()
    for directory in directories where FileSystem.isDirectory(directory) {
      for name in try DatasetFiles.entries(of: directory) where name.hasSuffix(".txt") {
        let label = FilePath.joined(directory, name)
        guard owners[label] == nil, name != "classes.txt" else { continue }
        faults.append(
          DatasetFault(
            .warning, .labelWithoutImage, label, "\(label) belongs to no image of the \(split) part"
          ))
      }
    }
    return faults
  }
}
