import YOLOSystem

/// The content of a `data.yaml`.
struct DatasetDescription {
  let path: String
  let root: YAMLNode
  /// The directory that nothing may lie outside of, if there is one.
  let boundary: String?

  private func invalid(
    _ key: String, _ node: YAMLNode, expected: String
  ) -> DatasetError {
    .invalidValue(path: path, line: node.line, key: key, expected: expected, found: node.kind)
  }

  private func value(_ key: String) -> YAMLNode? {
    root[key].flatMap { $0.isNull ? nil : $0 }
  }

  /// The names of the classes: `names`, as a list or by index, or `class_0` … for `nc` of them.
  func names() throws(DatasetError) -> [String] {
    let limit = Dataset.maximumClasses
    let count = try value("nc").map { (node) throws(DatasetError) in
      guard let count = node.integer, (1...limit).contains(count) else {
        throw invalid("nc", node, expected: "a number of classes from 1 to \(limit)")
      }
      return count
    }
    guard let node = value("names") else {
      guard let count else {
        throw .missingKey(path: path, key: "names", expected: "the names of the classes")
      }
      return (0..<count).map { "class_\($0)" }
    }
    let names = try names(node)
    guard count == nil || count == names.count else {
      throw invalid("nc", root["nc"] ?? root, expected: "the number of names, \(names.count)")
    }
    return names
  }

  private func names(_ node: YAMLNode) throws(DatasetError) -> [String] {
    let expected = "a list of names, or names by the indices 0, 1, 2 …"
    func name(_ node: YAMLNode) throws(DatasetError) -> String {
      guard let text = node.text else { throw invalid("names", node, expected: expected) }
      return text
    }
    switch node.content {
    case .list(let elements) where (1...Dataset.maximumClasses).contains(elements.count):
      return try elements.map(name)
    case .mapping(let members) where (1...Dataset.maximumClasses).contains(members.count):
      var names = [String?](repeating: nil, count: members.count)
      for member in members {
        guard let index = Int(member.key), names.indices.contains(index), names[index] == nil
        else {
          throw .invalidValue(
            path: path, line: member.value.line, key: "names",
            expected: "names by the indices 0 to \(members.count - 1)",
            found: "the index \(member.key.prefix(40))")
        }
        names[index] = try name(member.value)
      }
      return names.compactMap { $0 }
    default: throw invalid("names", node, expected: expected)
    }
  }

  /// The channels of the images: `channels`.
  func channels() throws(DatasetError) -> Int? {
    guard let node = value("channels") else { return nil }
    guard let channels = node.integer, (1...512).contains(channels) else {
      throw invalid("channels", node, expected: "a number of channels from 1 to 512")
    }
    return channels
  }

  func keypointShape() throws(DatasetError) -> KeypointShape {
    guard let node = value("kpt_shape") else {
      throw .missingKey(
        path: path, key: "kpt_shape", expected: "the keypoints of an object, like [17, 3]")
    }
    guard case .list(let elements) = node.content, elements.count == 2,
      let count = elements[0].integer, let values = elements[1].integer,
      (1...10_000).contains(count), (2...3).contains(values)
    else {
      throw invalid(
        "kpt_shape", node,
        expected: "a number of keypoints and the numbers of each, 2 or 3, like [17, 3]")
    }
    return KeypointShape(count: count, values: values)
  }

  func keypointFlip(_ shape: KeypointShape) throws(DatasetError) -> [Int]? {
    guard let node = value("flip_idx") else { return nil }
    guard case .list(let elements) = node.content, elements.count == shape.count else {
      throw invalid("flip_idx", node, expected: "a list of \(shape.count) indices")
    }
    let indices = elements.compactMap(\.integer)
    guard indices.count == shape.count, indices.allSatisfy({ (0..<shape.count).contains($0) })
    else {
      throw invalid(
        "flip_idx", node, expected: "a list of \(shape.count) indices from 0 to \(shape.count - 1)")
    }
    return indices
  }

  func keypointSigmas(_ shape: KeypointShape) throws(DatasetError) -> [Float]? {
    guard let node = value("kpt_oks_sigmas") else { return nil }
    let expected = "a list of \(shape.count) positive numbers"
    guard case .list(let elements) = node.content, elements.count == shape.count else {
      throw invalid("kpt_oks_sigmas", node, expected: expected)
    }
    let sigmas = elements.compactMap { $0.text.flatMap { Float($0) } }
    guard sigmas.count == shape.count, sigmas.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw invalid("kpt_oks_sigmas", node, expected: expected)
    }
    return sigmas
  }

  /// The names of each class's keypoints, by its index, or one list for all classes: `kpt_names`.
  ///
  /// The keypoints of classes that are not in it are called by their numbers.
  func keypointNames(
    _ shape: KeypointShape, classes: Int
  ) throws(DatasetError) -> [[String]]? {
    guard let node = value("kpt_names") else { return nil }
    func names(_ node: YAMLNode) throws(DatasetError) -> [String] {
      guard case .list(let elements) = node.content, elements.count == shape.count,
        elements.allSatisfy({ $0.text != nil })
      else {
        throw invalid("kpt_names", node, expected: "a list of \(shape.count) names for each class")
      }
      return elements.compactMap(\.text)
    }
    guard case .mapping(let members) = node.content else {
      return Array(repeating: try names(node), count: classes)
    }
    let numbers = (0..<shape.count).map { "\($0)" }
    var result = Array(repeating: numbers, count: classes)
    for member in members {
      guard let index = Int(member.key), result.indices.contains(index) else {
        throw .invalidValue(
          path: path, line: member.value.line, key: "kpt_names",
          expected: "names by the indices of classes, 0 to \(classes - 1)",
          found: "the index \(member.key.prefix(40))")
      }
      result[index] = try names(member.value)
    }
    return result
  }

  /// The directories and lists of each part that is named.
  func sources() throws(DatasetError) -> [String: [String]] {
    let directory = FilePath.directory(of: path)
    var base = directory
    if let node = value("path") {
      guard let text = node.text else { throw invalid("path", node, expected: "a directory") }
      let beside = FilePath.joined(directory, text)
      if boundary == nil {
        base = FileSystem.exists(beside) || !FileSystem.exists(text) ? beside : text
      } else if isInside(beside), FileSystem.isDirectory(beside) {
        base = beside
      }
    }
    var sources: [String: [String]] = [:]
    for split in Dataset.splits {
      // Some exporters call it so.
      let node = value(split) ?? (split == "val" ? value("validation") : nil)
      guard let node else { continue }
      let expected = "a directory or list of images, or several of them"
      switch node.content {
      case .scalar(let text): sources[split] = [try located(text, in: base, split, node)]
      case .list(let elements) where !elements.isEmpty:
        let texts = elements.compactMap(\.text)
        guard texts.count == elements.count else { throw invalid(split, node, expected: expected) }
        sources[split] = try texts.map { (text) throws(DatasetError) in
          try located(text, in: base, split, node)
        }
      default: throw invalid(split, node, expected: expected)
      }
    }
    return sources
  }

  /// The lines that name the parts.
  func sourceLines() -> [String: Int] {
    Dataset.splits.reduce(into: [:]) { lines, split in
      let node = value(split) ?? (split == "val" ? value("validation") : nil)
      lines[split] = node?.line
    }
  }

  /// A path of Windows as others have it.
  static func slashed(_ path: String) -> String {
    String(path.map { $0 == "\\" ? "/" : $0 })
  }

  /// Some exports write `../images` for a directory that lies beside the description.
  private func located(
    _ given: String, in base: String, _ split: String, _ node: YAMLNode
  ) throws(DatasetError) -> String {
    let source = boundary == nil ? given : Self.slashed(given)
    let path = FilePath.joined(base, source)
    if let boundary, !isInside(path) || !FileSystem.exists(path) {
      if let inside = Self.located(source, below: base, inside: boundary) { return inside }
      guard isInside(path) else {
        throw invalid(split, node, expected: "a directory or list of the archive")
      }
    }
    guard source.hasPrefix("../"), !FileSystem.exists(path) else { return path }
    let beside = FilePath.joined(base, String(source.dropFirst(3)))
    return FileSystem.exists(beside) ? beside : path
  }

  /// Returns what a path of the machine that a description comes from means here: the longest part
  /// of its end that exists.
  static func located(_ source: String, below base: String, inside boundary: String) -> String? {
    var parts = source.split(separator: "/")[...]
    while !parts.isEmpty {
      let path = FilePath.joined(base, parts.joined(separator: "/"))
      if FilePath.isInside(path, boundary), FileSystem.exists(path) { return path }
      parts.removeFirst()
    }
    return nil
  }

  private func isInside(_ path: String) -> Bool {
    boundary.map { FilePath.isInside(path, $0) } ?? true
  }
}
