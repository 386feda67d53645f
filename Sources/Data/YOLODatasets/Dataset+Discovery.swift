public import YOLOGeometry
import YOLOSystem

/// Finding out what a directory of unknown making is as a dataset: an unpacked archive.
extension Dataset {
  /// The suffixes of descriptions.
  private static let descriptionSuffixes: Set<String> = ["yaml", "yml"]
  /// The directories inside one another in which a description is looked for.
  private static let descriptionDepth = 3

  /// Finds the dataset in a directory and in what lies in it.
  ///
  /// A YAML file that names classes or parts is a description. Without one, directories of images
  /// that are named after classes are a set for classification, in parts or as a whole; anything
  /// else with images is a set whose classes are called `class0` … by the labels, if there are any,
  /// and whose parts are told by the names of its directories. What belongs to no part is for
  /// training. A file `classes.txt`, `obj.names` or `_darknet.labels` tells what the classes are
  /// called.
  ///
  /// Annotations of other programs are an error, unless there are labels of YOLO as well.
  ///
  /// - Parameters:
  ///   - directory: The directory, without links, which no image of the set lies outside of.
  ///   - task: What the labels are for; if nil, the description and the first label tell.
  /// - Returns: The dataset.
  /// - Throws: Any `DatasetError` about the description, `unsupportedFormat` for annotations that
  ///   are not read and archives inside of the archive, and `noImages` if there is nothing.
  public static func find(
    in directory: String, task: VisionTask? = nil
  ) throws(DatasetError) -> Dataset {
    if task != .classify, let (description, others) = try descriptions(in: directory) {
      let task =
        if let task { task } else {
          try DatasetCheck.guessedTask(description: description, boundary: directory)
        }
      return try Dataset(
        description: description, others: others, task: task, boundary: directory)
    }
    let files = try DatasetFiles.files(below: directory)
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let images = files.filter { suffixes.contains(FilePath.suffix($0)) }
    guard !images.isEmpty else {
      let archive = files.first {
        AnnotationFormat.archiveSuffixes.contains(FilePath.suffix($0))
      }
      if let archive {
        throw .unsupportedFormat(
          path: archive, reason: "archives inside of archives are not unpacked")
      }
      throw .noImages(path: directory, suffixes: suffixes)
    }
    let tree = ImageTree(directory, images)
    let isLabeled = files.contains { file in
      FilePath.suffix(file) == "txt" && tree.labels.contains(file)
    }
    if !isLabeled, let (path, name) = try AnnotationFormat.first(of: files) {
      throw .unsupportedFormat(
        path: path,
        reason: "annotations as \(name) are not read; text files of YOLO beside the images, "
          + "directories of classes and NDJSON are")
    }
    if task ?? .classify == .classify, !isLabeled, let classes = tree.classes {
      return Dataset(
        task: .classify, path: directory, names: classes.names, sources: classes.sources,
        boundary: directory)
    }
    guard task != .classify else {
      throw .missingSplit(
        path: directory, split: "a directory for each class", present: tree.sources.keys.sorted())
    }
    let names = try names(in: files, count: (tree.maximumClass() ?? -1) + 1)
    let dataset = Dataset(
      task: task ?? .detect, path: directory, names: names, sources: tree.sources,
      boundary: directory)
    guard task == nil else { return dataset }
    return Dataset(
      task: DatasetCheck.guessedTask(of: dataset), path: directory, names: names,
      sources: tree.sources, boundary: directory)
  }

  /// Returns what the classes are called: as a list of names beside the images says, if it has so
  /// many, else by their numbers.
  private static func names(in files: [String], count: Int) throws(DatasetError) -> [String] {
    let lists = files.filter {
      ["classes.txt", "obj.names", "_darknet.labels"].contains(FilePath.name(of: $0))
    }
    var found: Set<[String]> = []
    for list in lists {
      let bytes = try DatasetFiles.read(list, maximumBytes: YAMLReader.maximumBytes)
      var names = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
        String(decoding: $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0, as: UTF8.self)
      }
      while names.last?.allSatisfy(\.isWhitespace) == true { names.removeLast() }
      found.insert(names)
    }
    // Lists that contradict each other tell nothing.
    guard found.count == 1, let names = found.first,
      (count...maximumClasses).contains(names.count)
    else { return (0..<count).map { "class\($0)" } }
    return names
  }

  /// Returns the description that lies highest, of several in one directory `data.yaml`, else the
  /// first by name; and the others.
  private static func descriptions(
    in root: String
  ) throws(DatasetError) -> (description: String, others: [String])? {
    var description: String?
    var others: [String] = []
    var level = [root]
    for _ in 0..<descriptionDepth {
      var next: [String] = []
      for directory in level {
        var found: [String] = []
        for name in try DatasetFiles.entries(of: directory) {
          let path = FilePath.joined(directory, name)
          let suffix = FilePath.suffix(name)
          if descriptionSuffixes.contains(suffix), !FileSystem.isDirectory(path) {
            if try isDescription(path, isOther: description != nil) { found.append(path) }
          } else if !suffixes.contains(suffix), suffix != "txt", FileSystem.isDirectory(path) {
            next.append(path)
          }
        }
        if description == nil, !found.isEmpty {
          description =
            found.first { FilePath.name(of: $0) == "data.yaml" } ?? found.first
        }
        others += found.filter { $0 != description }
      }
      level = next
    }
    guard let description else { return nil }
    return (description, others)
  }

  /// Whether a YAML file names classes or parts; one that cannot be read is an error where it is
  /// called `data.yaml` and there is no other.
  private static func isDescription(
    _ path: String, isOther: Bool
  ) throws(DatasetError) -> Bool {
    let isNamed = FilePath.name(of: path) == "data.yaml"
    let root: YAMLNode
    do {
      root = try YAMLReader.read(
        try DatasetFiles.read(path, maximumBytes: YAMLReader.maximumBytes))
    } catch let error as YAMLFailure {
      guard isNamed, !isOther else { return isNamed }
      throw .malformed(path: path, line: error.line, reason: error.reason)
    } catch let error as DatasetError {
      throw error
    } catch {
      return false
    }
    return isNamed || ["names", "nc", "train"].contains { root[$0] != nil }
  }
}

/// The images of a directory by what the directories in it are called.
private struct ImageTree {
  let root: String
  /// The images, in parts by the names of directories.
  private(set) var sources: [String: [String]] = [:]
  /// Where the labels of the images are.
  let labels: Set<String>
  private let images: [String]

  init(_ root: String, _ images: [String]) {
    self.root = root
    self.images = images
    labels = Set(images.map { Dataset.labelPath(ofImage: $0) })
    var directories: [String: Set<String>] = [:]
    for image in images {
      let directory = FilePath.directory(of: image)
      directories[Self.split(directory, below: root) ?? "train", default: []].insert(directory)
    }
    sources = directories.mapValues { directories in
      // A directory stands for all that is in it.
      directories.filter { directory in
        !directories.contains { $0 != directory && FilePath.isInside(directory, $0) }
      }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
  }

  /// Returns the part that a name of a directory means.
  private static func split(named name: Substring) -> String? {
    switch name.lowercased() {
    case "train", "training": "train"
    case "val", "valid", "validation": "val"
    case "test", "testing": "test"
    default: nil
    }
  }

  private static func split(_ directory: String, below root: String) -> String? {
    directory.dropFirst(root.count).split(separator: "/").lazy.compactMap { split(named: $0) }.first
  }

  /// The classes and parts, if most images lie in directories that are named after classes.
  var classes: (names: [String], sources: [String: [String]])? {
    var names: Set<String> = []
    var sources: [String: Set<String>] = [:]
    var strays = 0
    for image in images {
      var parts = image.dropFirst(root.count).split(separator: "/").dropLast()
      guard let name = parts.popLast(), name != "images", Self.split(named: name) == nil
      else {
        strays += 1
        continue
      }
      names.insert(String(name))
      let split = parts.last.flatMap { Self.split(named: $0) } ?? "train"
      sources[split, default: []]
        .insert(FilePath.directory(of: FilePath.directory(of: image)))
    }
    // One directory with images in it is that, and no class.
    guard names.count > 1, strays * 2 < images.count, sources.values.allSatisfy({ $0.count == 1 })
    else { return nil }
    return (
      names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) },
      sources.mapValues { Array($0) }
    )
  }

  /// Returns the greatest class that a label names, nil if none does.
  func maximumClass() throws(DatasetError) -> Int? {
    var maximum: Int?
    for label in labels where FileSystem.exists(label) {
      let bytes = try DatasetFiles.read(label, maximumBytes: LabelReader.maximumBytes)
      for line in bytes.split(separator: UInt8(ascii: "\n")) {
        let word = line.drop { $0 == 0x20 || $0 == 0x09 }.prefix { (0x30...0x39).contains($0) }
        guard let index = Int(String(decoding: word, as: UTF8.self)),
          index < Dataset.maximumClasses
        else { continue }
        maximum = max(maximum ?? 0, index)
      }
    }
    return maximum
  }
}
