import YOLODatasets
public import YOLOWeights

/// A network as rows of modules: what a YAML file of Ultralytics' form says, or a published
/// network.
public struct NetworkDescription: Sendable {
  /// A row: modules one after the other, and where their input comes from.
  struct Row: Sendable {
    /// The layers whose outputs are the input, -1 for the one before.
    var from: [Int]
    /// Whether `from` is a list, though it may be of one layer.
    var isList: Bool
    /// How many there are in a network of depth 1.
    var count: Int
    /// The class, such as `C2f` or `nn.Upsample`.
    var className: String
    /// What it is made with: channels, sizes, `nc`.
    var arguments: [AttributeValue]
  }

  /// The file that it is from, such as `yolo11n.yaml`.
  public let file: String
  /// The number of classes.
  public internal(set) var classCount: Int
  /// The number of keypoints and of values of each, where they are found.
  public internal(set) var keypointShape: [Int]?
  /// The letter of the size, or empty.
  public let scale: String
  /// The channels of the input.
  public internal(set) var channels: Int
  let rows: [Row]
  let depth: Double
  let width: Double
  let maximumChannels: Int
  let binCount: Int
  let hasOneToOne: Bool
  let activation: String?
  /// The description as files keep it.
  private(set) var source: [AttributeEntry]

  /// The layers that a description may have.
  static let rowLimit = 500

  /// Reads a description from a file, or returns the published one of this name where there is no
  /// such file: `yolo11n-seg.yaml`.
  ///
  /// - Throws: `WeightError.unreadableFile` where there is neither, or `invalidModel`.
  public static func open(_ path: String) throws(WeightError) -> NetworkDescription {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    if !YAMLAttributes.exists(path), let published = PublishedNetworks.description(name) {
      return try NetworkDescription(published, file: name)
    }
    return try NetworkDescription(try YAMLAttributes.attributes(path), file: name)
  }

  /// Reads what a checkpoint keeps of the description that its network was made from.
  ///
  /// - Throws: `WeightError.invalidModel` where it keeps none, or one that is not understood.
  public init(of network: TrainingNetwork) throws(WeightError) {
    guard case .dictionary(let entries)? = network.model.attributes["yaml"] else {
      throw .invalidModel(
        file: network.document.name, at: "yaml",
        reason: "the checkpoint keeps no description of its network")
    }
    let file =
      entries.first { $0.key.string == "yaml_file" }?.value.string ?? network.document.name
    try self.init(entries, file: file)
  }

  /// Creates a description from its entries.
  init(_ entries: [AttributeEntry], file: String) throws(WeightError) {
    func invalid(_ key: String, _ reason: String) -> WeightError {
      .invalidModel(file: file, at: key, reason: reason)
    }
    func value(_ key: String) -> AttributeValue? {
      let found = entries.first { $0.key.string == key }?.value
      return found?.isNone == true ? nil : found
    }
    self.file = file
    guard let classCount = value("nc").map({ $0.int }) ?? 80, (1...100_000).contains(classCount)
    else { throw invalid("nc", "the number of classes should be from 1 to 100000") }
    self.classCount = classCount
    if let shape = value("kpt_shape") {
      guard let numbers = shape.integers, numbers.count == 2, (1...1000).contains(numbers[0]),
        (2...3).contains(numbers[1])
      else {
        throw invalid("kpt_shape", "it should be the number of keypoints, and 2 or 3 values each")
      }
      keypointShape = numbers
    }
    guard let channels = value("channels").map({ $0.int }) ?? 3, (1...64).contains(channels) else {
      throw invalid("channels", "the number of input channels should be from 1 to 64")
    }
    self.channels = channels
    guard let bins = value("reg_max").map({ $0.int }) ?? 16, (1...64).contains(bins) else {
      throw invalid("reg_max", "it should be from 1 to 64")
    }
    binCount = bins
    hasOneToOne = value("end2end")?.bool ?? false
    activation = value("activation")?.string
    var rows: [Row] = []
    for section in ["backbone", "head"] {
      guard let list = value(section)?.elements, list.count <= Self.rowLimit else {
        throw invalid(section, "it should be a list of at most \(Self.rowLimit) layers")
      }
      for (index, row) in list.enumerated() {
        rows.append(try Row(row, at: "\(section).\(index)", file: file))
      }
    }
    guard !rows.isEmpty else { throw invalid("head", "there are no layers") }
    self.rows = rows

    var letter = value("scale")?.string ?? Self.scale(of: file)
    var depth = value("depth_multiple")?.double ?? 1
    var width = value("width_multiple")?.double ?? 1
    var maximum = Int.max
    if case .dictionary(let scales)? = value("scales"), let first = scales.first {
      if !scales.contains(where: { $0.key.string == letter }) { letter = first.key.string ?? "" }
      let chosen = scales.first { $0.key.string == letter } ?? first
      guard let numbers = chosen.value.numbers, numbers.count == 3,
        let bound = Int(exactly: numbers[2])
      else { throw invalid("scales", "\(chosen.key) should be depth, width and maximum channels") }
      (depth, width, maximum) = (numbers[0], numbers[1], bound)
    }
    guard depth > 0, depth <= 100, width > 0, width <= 100, maximum > 0 else {
      throw invalid("scales", "depth and width should be positive and at most 100")
    }
    scale = letter
    self.depth = depth
    self.width = width
    maximumChannels = maximum
    var source = entries.filter {
      !["scale", "yaml_file", "channels"].contains($0.key.string ?? "")
    }
    source += [
      AttributeEntry(key: .string("scale"), value: .string(letter)),
      AttributeEntry(key: .string("yaml_file"), value: .string(file)),
      AttributeEntry(key: .string("channels"), value: .int(channels)),
    ]
    self.source = source
  }

  /// Returns the description of a network for other classes, keypoints and input channels.
  ///
  /// - Throws: `WeightError.invalidModel` for such that cannot be.
  public func adapted(
    classCount: Int, keypointShape: [Int]? = nil, channels: Int? = nil
  ) throws(WeightError) -> NetworkDescription {
    var entries = source
    func set(_ key: String, _ value: AttributeValue) {
      let entry = AttributeEntry(key: .string(key), value: value)
      if let index = entries.firstIndex(where: { $0.key.string == key }) {
        entries[index] = entry
      } else {
        entries.insert(entry, at: 0)
      }
    }
    set("nc", .int(classCount))
    if let channels { set("channels", .int(channels)) }
    if let keypointShape { set("kpt_shape", .list(keypointShape.map(AttributeValue.int))) }
    return try NetworkDescription(entries, file: file)
  }

  /// The letter of the size in a name such as `yolov8n-seg.yaml`: what follows the number.
  private static func scale(of file: String) -> String {
    guard let start = file.range(of: "yolo")?.upperBound else { return "" }
    let rest = file[start...].drop { $0 == "v" || $0 == "e" || $0 == "-" }
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, let letter = rest.dropFirst(digits.count).first,
      "nslmx".contains(letter)
    else { return "" }
    return String(letter)
  }
}

extension NetworkDescription.Row {
  init(_ value: AttributeValue, at path: String, file: String) throws(WeightError) {
    guard let parts = value.elements, parts.count == 4, let from = parts[0].integers,
      !from.isEmpty, let count = parts[1].int, (1...100).contains(count),
      let className = parts[2].string, let arguments = parts[3].elements
    else {
      throw .invalidModel(
        file: file, at: path,
        reason: "a layer should be [from, repeats, module, arguments] but is \(value)")
    }
    self.init(
      from: from, isList: parts[0].elements != nil, count: count, className: className,
      arguments: arguments)
  }
}
