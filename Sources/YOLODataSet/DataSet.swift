public import YOLOGeometry

/// A set of labelled pictures in the folders that Ultralytics YOLO uses.
///
/// Detection, segmentation, pose and rotated boxes are described by a `data.yaml` that names
/// folders or lists of pictures; each picture has a text file of labels in the folder beside,
/// `labels` instead of `images`. Classification has a folder for each part (`train`, `val`, `test`)
/// and in it one for each class.
public struct DataSet: Sendable, Hashable {
  /// The suffixes that make a file a picture.
  public static let suffixes = [
    "avif", "bmp", "dng", "heic", "heif", "jp2", "jpeg", "jpg", "mpo", "png", "tif", "tiff", "webp",
  ]
  /// The parts that a data set may have.
  public static let splits = ["train", "val", "test"]
  /// The least width and height of a picture; the reference leaves smaller ones out.
  public static let leastSide = 10
  /// The most classes.
  public static let maximumClasses = 100_000

  /// What the labels are for.
  public let task: DataSetTask
  /// The description, or the folder of a classification set.
  public let path: String
  /// What the classes are called, by index.
  public let names: [String]
  /// The shape of the keypoints; for pose only.
  public let keypointShape: KeypointShape?
  /// Which keypoint each one becomes in a mirrored picture; for pose only, and not always given.
  public let keypointFlip: [Int]?
  /// The folders and lists of pictures of each part.
  private let sources: [String: [String]]

  /// Opens a data set: a description, or a folder for classification.
  ///
  /// Of a folder for another task the `data.yaml` in it is taken.
  public static func open(path: String, task: DataSetTask) throws(DataSetError) -> DataSet {
    if task == .classify { return try DataSet(classificationFolder: path) }
    return try DataSet(
      description: FileSystem.isDirectory(path) ? FileSystem.joined(path, "data.yaml") : path,
      task: task)
  }

  /// Reads a description; it is not checked that its folders exist.
  ///
  /// A relative `path` in it counts from the description's folder if there is such a folder there,
  /// else from the working directory; without `path` everything counts from the description's
  /// folder.
  ///
  /// - Parameters:
  ///   - path: The `data.yaml`.
  ///   - task: What the labels are for, anything but classification.
  /// - Throws: Any `DataSetError` about the description.
  public init(description path: String, task: DataSetTask) throws(DataSetError) {
    precondition(task != .classify, "classification sets have no description")
    let bytes = try FileSystem.read(path, maximumBytes: YAMLReader.maximumBytes)
    let root: YAMLNode
    do {
      root = try YAMLReader.read(bytes)
    } catch {
      throw .malformed(path: path, line: error.line, reason: error.reason)
    }
    let description = DataSetDescription(path: path, root: root)
    self.task = task
    self.path = path
    names = try description.names()
    keypointShape = task == .pose ? try description.keypointShape() : nil
    keypointFlip = try keypointShape.flatMap { (shape) throws(DataSetError) in
      try description.keypointFlip(shape)
    }
    sources = try description.sources()
  }

  /// Looks into the folder of a classification set; its classes are the folders in `train`, or in
  /// the part that there is, by name.
  public init(classificationFolder path: String) throws(DataSetError) {
    var sources: [String: [String]] = [:]
    for split in Self.splits {
      let folder = FileSystem.joined(path, split)
      if FileSystem.isDirectory(folder) { sources[split] = [folder] }
    }
    guard let first = Self.splits.lazy.compactMap({ sources[$0]?.first }).first else {
      // Says why if the folder itself cannot be read.
      _ = try FileSystem.entries(of: path)
      throw .missingSplit(path: path, split: Self.splits.joined(separator: ", "), present: [])
    }
    names = try FileSystem.folders(in: first)
    guard !names.isEmpty else {
      throw .invalidValue(
        path: first, line: 0, key: "folder", expected: "a folder for each class", found: "empty")
    }
    task = .classify
    self.path = path
    self.sources = sources
    keypointShape = nil
    keypointFlip = nil
  }

  /// The parts that the data set has, of `train`, `val` and `test`.
  public var presentSplits: [String] { Self.splits.filter { sources[$0] != nil } }

  /// Lists the paths of the pictures of a part, sorted.
  ///
  /// Folders are searched with all that is in them, hidden files left out; text files are lists of
  /// pictures, of which those that begin with `./` lie beside the list.
  public func pictures(of split: String) throws(DataSetError) -> [String] {
    guard let sources = sources[split] else {
      throw .missingSplit(path: path, split: split, present: presentSplits)
    }
    var pictures: [String] = []
    for source in sources {
      pictures +=
        FileSystem.isDirectory(source)
        ? try FileSystem.files(below: source) : try Self.list(source)
    }
    pictures.removeAll { !Self.suffixes.contains(FileSystem.suffix($0)) }
    guard !pictures.isEmpty else {
      throw .noPictures(path: sources.joined(separator: ", "), suffixes: Self.suffixes)
    }
    return pictures.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Lists the pictures of a part of a classification set with their class; pictures in folders
  /// that are no class are left out.
  public func classifiedPictures(
    of split: String
  ) throws(DataSetError) -> [(path: String, classIndex: Int)] {
    precondition(task == .classify, "only classification sets have a folder for each class")
    let indices = Dictionary(
      names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let folder = (sources[split]?.first ?? "") + "/"
    return try pictures(of: split).compactMap { picture in
      let name = picture.dropFirst(folder.count).prefix { $0 != "/" }
      return indices[String(name)].map { (picture, $0) }
    }
  }

  /// Returns where the labels of a picture are: the last folder `images` replaced by `labels`, the
  /// suffix by `txt`.
  public static func labelPath(ofPicture path: String) -> String {
    var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if let folder = parts.dropLast().lastIndex(of: "images"), folder > 0 {
      parts[folder] = "labels"
    }
    if var name = parts.popLast() {
      if let dot = name.lastIndex(of: "."), dot != name.startIndex { name = String(name[..<dot]) }
      parts.append(name + ".txt")
    }
    return parts.joined(separator: "/")
  }

  /// Reads the labels of a picture; a picture without a label file has none.
  ///
  /// Rows that occur twice count once. Throws `invalidLabel` for a row that is not what the task
  /// needs; the reference leaves such a picture out of the set as a whole.
  public func labels(ofPicture picture: String) throws(DataSetError) -> PictureLabels {
    let path = Self.labelPath(ofPicture: picture)
    guard FileSystem.exists(path) else { return PictureLabels(objects: [], duplicates: 0) }
    let bytes = try FileSystem.read(path, maximumBytes: LabelReader.maximumBytes)
    let reader = LabelReader(
      path: path, task: task, classCount: names.count, keypointShape: keypointShape)
    return try reader.read(bytes)
  }

  /// Throws `pictureTooSmall` for a picture that the reference leaves out for its extent.
  public static func check(_ size: Size, ofPicture path: String) throws(DataSetError) {
    guard size.width >= leastSide, size.height >= leastSide else {
      throw .pictureTooSmall(
        path: path, width: size.width, height: size.height, least: leastSide)
    }
  }

  private static func list(_ path: String) throws(DataSetError) -> [String] {
    let bytes = try FileSystem.read(path, maximumBytes: 1 << 28)
    let folder = FileSystem.folder(of: path)
    return bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let text = String(decoding: line, as: UTF8.self).filter { $0 != "\r" && $0 != "\r\n" }
      guard !text.isEmpty else { return nil }
      if text.hasPrefix("./") { return FileSystem.joined(folder, String(text.dropFirst(2))) }
      return FileSystem.exists(text) ? text : FileSystem.joined(folder, text)
    }
  }
}
