public import YOLOGeometry
import YOLOSystem

/// A set of labeled images in the directories that Ultralytics YOLO uses.
///
/// Detection, segmentation, pose and oriented boxes are described by a `data.yaml` that names
/// directories or lists of images; each image has a text file of labels in the directory beside,
/// `labels` instead of `images`. Classification has a directory for each part (`train`, `val`, `test`)
/// and in it one for each class.
public struct Dataset: Sendable, Hashable {
  /// The suffixes that make a file an image.
  public static let suffixes = [
    "avif", "bmp", "dng", "heic", "heif", "jp2", "jpeg", "jpg", "mpo", "png", "tif", "tiff", "webp",
  ]
  /// The parts that a dataset may have.
  public static let splits = ["train", "val", "test"]
  /// The minimum width and height of an image; Ultralytics leaves smaller ones out.
  public static let minimumSide = 10
  /// The maximum number of classes.
  public static let maximumClasses = 100_000

  /// What the labels are for.
  public let task: VisionTask
  /// The description, or the directory of a classification set.
  public let path: String
  /// What the classes are called, by index.
  public let names: [String]
  /// The channels of the images, where the description tells them.
  public let channels: Int?
  /// The shape of the keypoints; for pose only.
  public let keypointShape: KeypointShape?
  /// Which keypoint each one becomes in a mirrored image; for pose only, and not always given.
  public let keypointFlip: [Int]?
  /// How far annotators are apart at each keypoint, relative to the object's size, by which keypoints
  /// are compared; for pose only, and not always given.
  public let keypointSigmas: [Float]?
  /// What the keypoints of each class are called; for pose only, and not always given.
  public let keypointNames: [[String]]?
  /// The directories and lists of images of each part.
  private let sources: [String: [String]]
  /// The lines of the description that name them.
  private let sourceLines: [String: Int]
  /// The other descriptions that were found, which are passed over.
  let otherDescriptions: [String]
  /// The directory that nothing may lie outside of, if there is one.
  private let boundary: String?

  /// Opens a dataset: a description, or a directory for classification.
  ///
  /// Of a directory for another task the `data.yaml` in it is taken. Labels of pixels, which semantic
  /// segmentation and depth have, are not read.
  ///
  /// - Parameters:
  ///   - path: The description or directory.
  ///   - task: What the labels are for.
  ///   - boundary: The directory that no image and list may lie outside of, for sets of strangers;
  ///     it has no links.
  /// - Returns: The dataset.
  /// - Throws: Any `DatasetError` about the description.
  public static func open(
    path: String, task: VisionTask, boundary: String? = nil
  ) throws(DatasetError) -> Dataset {
    if task == .classify { return try Dataset(classificationDirectory: path) }
    return try Dataset(
      description: FileSystem.isDirectory(path) ? FilePath.joined(path, "data.yaml") : path,
      task: task, boundary: boundary)
  }

  /// Reads a description; it is not checked that its directories exist, see `DatasetCheck`.
  ///
  /// A relative `path` in it counts from the description's directory if there is such a directory there,
  /// else from the working directory; without `path` everything counts from the description's
  /// directory.
  ///
  /// - Parameters:
  ///   - path: The `data.yaml`.
  ///   - task: What the labels are for, anything but classification.
  ///   - boundary: The directory that no image and list may lie outside of, for sets of strangers. A
  ///     path that leaves it stands for the longest part of its end that is there.
  /// - Throws: Any `DatasetError` about the description.
  public init(
    description path: String, task: VisionTask, boundary: String? = nil
  ) throws(DatasetError) {
    try self.init(description: path, others: [], task: task, boundary: boundary)
  }

  /// The same beside other descriptions, which are passed over.
  init(
    description path: String, others: [String], task: VisionTask, boundary: String?
  ) throws(DatasetError) {
    precondition(task != .classify, "classification sets have no description")
    guard !task.isDense else { throw .unsupportedTask(path: path, task: task) }
    let bytes = try DatasetFiles.read(path, maximumBytes: YAMLReader.maximumBytes)
    let root: YAMLNode
    do {
      root = try YAMLReader.read(bytes)
    } catch {
      throw .malformed(path: path, line: error.line, reason: error.reason)
    }
    let description = DatasetDescription(path: path, root: root, boundary: boundary)
    self.task = task
    self.path = path
    names = try description.names()
    channels = try description.channels()
    keypointShape = task == .pose ? try description.keypointShape() : nil
    keypointFlip = try keypointShape.flatMap { (shape) throws(DatasetError) in
      try description.keypointFlip(shape)
    }
    keypointSigmas = try keypointShape.flatMap { (shape) throws(DatasetError) in
      try description.keypointSigmas(shape)
    }
    let classes = names.count
    keypointNames = try keypointShape.flatMap { (shape) throws(DatasetError) in
      try description.keypointNames(shape, classes: classes)
    }
    sources = try description.sources()
    sourceLines = description.sourceLines()
    self.boundary = boundary
    otherDescriptions = others
  }

  /// Looks into the directory of a classification set; its classes are the directories in `train`, or in
  /// the part that there is, by name.
  public init(classificationDirectory path: String) throws(DatasetError) {
    var sources: [String: [String]] = [:]
    for split in Self.splits {
      let directory = FilePath.joined(path, split)
      if FileSystem.isDirectory(directory) { sources[split] = [directory] }
    }
    guard let first = Self.splits.lazy.compactMap({ sources[$0]?.first }).first else {
      // Says why if the directory itself cannot be read.
      _ = try DatasetFiles.entries(of: path)
      throw .missingSplit(path: path, split: Self.splits.joined(separator: ", "), present: [])
    }
    names = try DatasetFiles.directories(in: first)
    guard !names.isEmpty else {
      throw .invalidValue(
        path: first, line: 0, key: "directory", expected: "a directory for each class",
        found: "empty")
    }
    task = .classify
    self.path = path
    self.sources = sources
    sourceLines = [:]
    otherDescriptions = []
    boundary = nil
    channels = nil
    keypointShape = nil
    keypointFlip = nil
    keypointSigmas = nil
    keypointNames = nil
  }

  /// Creates a set without a description.
  init(
    task: VisionTask, path: String, names: [String], sources: [String: [String]], boundary: String
  ) {
    self.task = task
    self.path = path
    self.names = names
    self.sources = sources
    sourceLines = [:]
    otherDescriptions = []
    self.boundary = boundary
    channels = nil
    keypointShape = nil
    keypointFlip = nil
    keypointSigmas = nil
    keypointNames = nil
  }

  /// The parts that the dataset has, of `train`, `val` and `test`.
  public var presentSplits: [String] { Self.splits.filter { sources[$0] != nil } }

  /// Lists the paths of the images of a part, sorted.
  ///
  /// Directories are searched with all that is in them, hidden files left out; text files are lists of
  /// images, of which those that begin with `./` lie beside the list.
  public func images(of split: String) throws(DatasetError) -> [String] {
    guard let sources = sources[split] else {
      throw .missingSplit(path: path, split: split, present: presentSplits)
    }
    var images: [String] = []
    for source in sources {
      images +=
        FileSystem.isDirectory(source)
        ? try DatasetFiles.files(below: source) : try list(source)
    }
    images.removeAll { !Self.suffixes.contains(FilePath.suffix($0)) }
    guard !images.isEmpty else {
      throw .noImages(path: sources.joined(separator: ", "), suffixes: Self.suffixes)
    }
    return images.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Checks that the directories and lists of a part exist.
  ///
  /// - Throws: `invalidValue` with the line of the description.
  func checkSources(of split: String) throws(DatasetError) {
    guard let line = sourceLines[split] else { return }
    for source in sources[split] ?? [] where !FileSystem.exists(source) {
      throw .invalidValue(
        path: path, line: line, key: split, expected: "a directory or list of images",
        found: "\(source), which does not exist")
    }
  }

  /// Lists the files in the boundary that are images or archives, but belong to no part.
  ///
  /// - Parameter known: The images of all parts.
  /// - Returns: The files, sorted.
  /// - Throws: `unreadable` for a directory that cannot be listed.
  func unusedFiles(except known: Set<String>) throws(DatasetError) -> [String] {
    guard let boundary else { return [] }
    let known = Set(known.map(Self.normalized))
    return try DatasetFiles.files(below: boundary).filter { file in
      let suffix = FilePath.suffix(file)
      if AnnotationFormat.archiveSuffixes.contains(suffix) { return true }
      guard Self.suffixes.contains(suffix), !known.contains(file) else { return false }
      // Those beside classes are named as such.
      return task != .classify
        || !sources.values.joined().contains { FilePath.isInside(file, $0) }
    }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// A path without `.` and `..` in it.
  private static func normalized(_ path: String) -> String {
    guard path.contains("/.") || path.contains("//") else { return path }
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }

  /// Lists the files in the directories of a part that are neither images nor labels beside them.
  func otherFiles(of split: String) throws(DatasetError) -> [String] {
    var files: [String] = []
    for source in sources[split] ?? [] where FileSystem.isDirectory(source) {
      files += try DatasetFiles.files(below: source).filter {
        let suffix = FilePath.suffix($0)
        return !Self.suffixes.contains(suffix) && suffix != "txt"
      }
    }
    return files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Lists the images of a part of a classification set with their class; images in directories
  /// that are no class are left out.
  public func classifiedImages(
    of split: String
  ) throws(DatasetError) -> [(path: String, classIndex: Int)] {
    precondition(task == .classify, "only classification sets have a directory for each class")
    let indices = Dictionary(
      names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let directory = (sources[split]?.first ?? "") + "/"
    return try images(of: split).compactMap { image in
      let name = image.dropFirst(directory.count).prefix { $0 != "/" }
      return indices[String(name)].map { (image, $0) }
    }
  }

  /// Returns where the labels of an image are: the last directory `images` replaced by `labels`, the
  /// suffix by `txt`.
  public static func labelPath(ofImage path: String) -> String {
    var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if let directory = parts.dropLast().lastIndex(of: "images"), directory > 0 {
      parts[directory] = "labels"
    }
    if var name = parts.popLast() {
      if let dot = name.lastIndex(of: "."), dot != name.startIndex { name = String(name[..<dot]) }
      parts.append(name + ".txt")
    }
    return parts.joined(separator: "/")
  }

  /// Reads the labels of an image; an image without a label file has none.
  ///
  /// Rows that occur twice count once. Throws `invalidLabel` for a row that is not what the task
  /// needs; Ultralytics leaves such an image out of the set as a whole.
  public func labels(ofImage image: String) throws(DatasetError) -> ImageLabels {
    let path = Self.labelPath(ofImage: image)
    guard FileSystem.exists(path) else { return ImageLabels(instances: [], duplicates: 0) }
    let bytes = try DatasetFiles.read(path, maximumBytes: LabelReader.maximumBytes)
    let reader = LabelReader(
      path: path, task: task, classCount: names.count, keypointShape: keypointShape)
    return try reader.read(bytes)
  }

  /// Throws `imageTooSmall` for an image that Ultralytics leaves out for its size.
  public static func check(_ size: Size, ofImage path: String) throws(DatasetError) {
    guard size.width >= minimumSide, size.height >= minimumSide else {
      throw .imageTooSmall(
        path: path, width: size.width, height: size.height, least: minimumSide)
    }
  }

  private func list(_ path: String) throws(DatasetError) -> [String] {
    let bytes = try DatasetFiles.read(path, maximumBytes: 1 << 28)
    let directory = FilePath.directory(of: path)
    var images: [String] = []
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      var text = String(decoding: line, as: UTF8.self).filter { $0 != "\r" && $0 != "\r\n" }
      guard !text.isEmpty else { continue }
      if boundary != nil, text.contains("\\") { text = DatasetDescription.slashed(text) }
      let beside = FilePath.joined(
        directory, text.hasPrefix("./") ? String(text.dropFirst(2)) : text)
      if let boundary {
        if !FilePath.isInside(beside, boundary) || !FileSystem.exists(beside),
          let inside = DatasetDescription.located(text, below: boundary, inside: boundary)
        {
          images.append(inside)
          continue
        }
        guard FilePath.isInside(beside, boundary) else {
          throw .malformed(
            path: path, line: index + 1,
            reason: "\(text.excerpt(limit: 80)) lies outside of the archive")
        }
        images.append(beside)
      } else {
        images.append(!text.hasPrefix("./") && FileSystem.exists(text) ? text : beside)
      }
    }
    return images
  }
}
