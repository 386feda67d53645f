import JSONText
public import YOLOGeometry

/// A dataset as lines of JSON, of which Ultralytics YOLO makes a local one: a line for the set, then
/// one for each image.
///
/// The clients keep what they have fetched by a hash of these lines: nothing in them but the query
/// of an address may change while the set stays the same.
public enum DatasetLines {
  /// The first line.
  public struct Header: Sendable, Hashable {
    /// What the labels are for.
    public var task: VisionTask
    /// What the classes are called, by index.
    public var classNames: [String]
    /// The shape of the keypoints; for pose.
    public var keypointShape: KeypointShape?
    /// Which keypoint each one becomes in a mirrored image; for pose.
    public var keypointFlip: [Int]?
    /// What the set is called.
    public var name: String
    /// What is to be known about it.
    public var description: String?
    /// The page of the set; the clients share images between sets of one origin.
    public var url: String
    /// Which state of the set this is.
    public var version: Int
    /// When the set was created, as RFC 3339 has it.
    public var created: String
    /// When its images or labels changed last.
    public var updated: String

    /// Creates a header.
    public init(
      task: VisionTask, classNames: [String], keypointShape: KeypointShape? = nil,
      keypointFlip: [Int]? = nil, name: String, description: String? = nil, url: String,
      version: Int, created: String, updated: String
    ) {
      self.task = task
      self.classNames = classNames
      self.keypointShape = keypointShape
      self.keypointFlip = keypointFlip
      self.name = name
      self.description = description
      self.url = url
      self.version = version
      self.created = created
      self.updated = updated
    }
  }

  /// The line of an image.
  public struct Image: Sendable, Hashable {
    /// The name of the file.
    public var file: String
    /// Where it is fetched from, signed in the query.
    public var url: String
    /// Its size in pixels.
    public var size: Size
    /// The part: train, val or test.
    public var split: String
    /// The rows of its labels as ``DatasetLines/rows(of:task:classIndex:)`` returns them.
    public var rows: [[Float]]

    /// Creates a line.
    public init(file: String, url: String, size: Size, split: String, rows: [[Float]]) {
      self.file = file
      self.url = url
      self.size = size
      self.split = split
      self.rows = rows
    }
  }

  /// Returns the labels of an image as rows of numbers, the class first.
  ///
  /// - Parameters:
  ///   - labels: The labels; the polygons of a set for detection become boxes.
  ///   - task: What they are for.
  ///   - classIndex: The class of the image in a set for classification.
  /// - Returns: `[class, x center, y center, width, height]` in fractions of the image, followed by
  ///   keypoints; `[class, x1, y1, x2, y2, …]` of polygons; `[class]` of classification.
  public static func rows(
    of labels: ImageLabels, task: VisionTask, classIndex: Int? = nil
  ) -> [[Float]] {
    switch task {
    // Their labels are images, which are not read.
    case .semantic, .depth: return []
    case .classify: return classIndex.map { [[Float($0)]] } ?? []
    case .segment, .obb, .pose: return labels.rows
    case .detect:
      return zip(labels.rows, labels.instances).map { row, instance in
        guard row.count != 5 else { return row }
        let box = instance.box
        return [row[0], (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2, box.width, box.height]
      }
    }
  }

  /// Returns the first line, with the line feed.
  public static func line(_ header: Header) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("type", "dataset")
    writer.member("task", header.task.rawValue)
    writer.member("name", header.name)
    if let description = header.description { writer.member("description", description) }
    writer.member("url", header.url)
    writer.key("class_names")
    writer.beginObject()
    for (index, name) in header.classNames.enumerated() { writer.member("\(index)", name) }
    writer.endObject()
    if let shape = header.keypointShape {
      writer.key("kpt_shape")
      writer.integers([shape.count, shape.values])
    }
    if let flip = header.keypointFlip {
      writer.key("flip_idx")
      writer.integers(flip)
    }
    writer.key("version")
    writer.integer(header.version)
    writer.member("created_at", header.created)
    writer.member("updated_at", header.updated)
    writer.endObject()
    return writer.takeBytes() + [UInt8(ascii: "\n")]
  }

  /// Returns the line of an image, with the line feed.
  public static func line(_ image: Image, task: VisionTask) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("type", "image")
    writer.member("file", image.file)
    writer.member("url", image.url)
    writer.key("width")
    writer.integer(image.size.width)
    writer.key("height")
    writer.integer(image.size.height)
    writer.member("split", image.split)
    if !image.rows.isEmpty {
      writer.key("annotations")
      writer.beginObject()
      writer.key(annotationKey(task))
      writer.beginArray()
      for row in image.rows {
        if task == .classify {
          writer.integer(row.first.map { Int($0) } ?? 0)
        } else {
          writer.row(row)
        }
      }
      writer.endArray()
      writer.endObject()
    }
    writer.endObject()
    return writer.takeBytes() + [UInt8(ascii: "\n")]
  }

  /// Returns what the clients call the labels of a task.
  public static func annotationKey(_ task: VisionTask) -> String {
    switch task {
    case .detect: "boxes"
    case .semantic: "semantic"
    case .depth: "depth"
    case .segment: "segments"
    case .pose: "pose"
    case .obb: "obb"
    case .classify: "classification"
    }
  }
}

extension JSONWriter {
  fileprivate mutating func member(_ name: String, _ value: String) {
    key(name)
    string(value)
  }

  fileprivate mutating func integers(_ values: [Int]) {
    beginArray()
    for value in values { integer(value) }
    endArray()
  }

  /// Writes a class and numbers of float32, each as short as it is read back the same.
  fileprivate mutating func row(_ values: [Float]) {
    beginArray()
    for (index, value) in values.enumerated() {
      if index == 0 || value == value.rounded() && abs(value) < 1e6 {
        integer(Int(value))
      } else {
        number(Double(value.description) ?? Double(value))
      }
    }
    endArray()
  }
}
