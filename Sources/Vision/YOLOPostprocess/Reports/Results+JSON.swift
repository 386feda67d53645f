public import JSONText
import YOLOGeometry

extension Results {
  /// The decimals of a time in milliseconds.
  private static let timeDecimals = 3

  /// Writes `{"results":[…],"shape":[height,width],"speed":{…}}`, an image of the HUB answer.
  ///
  /// Of a depth map there are no results; a member `depth` has its range.
  ///
  /// - Parameters:
  ///   - json: The writer.
  ///   - isNormalized: Whether coordinates are divided by the image's width and height.
  ///   - includesSource: Whether a member `source` comes first.
  public func write(
    to json: inout JSONWriter, isNormalized: Bool = false, includesSource: Bool = false
  ) {
    write(
      to: &json, isNormalized: isNormalized,
      members: includesSource ? [JSONMember("source", .string(source))] : [])
  }

  /// Writes an image of the HUB answer.
  ///
  /// - Parameters:
  ///   - json: The writer.
  ///   - isNormalized: Whether coordinates are divided by the image's width and height.
  ///   - members: Members that come first.
  ///   - map: The member that holds the map of a dense task; nil for the range of a depth map.
  package func write(
    to json: inout JSONWriter, isNormalized: Bool, members: [JSONMember], map: JSONMember? = nil
  ) {
    json.beginObject()
    for member in members {
      json.key(member.key)
      json.value(member.value)
    }
    json.key("results")
    json.beginArray()
    let scale = ResultScale(size: imageSize, isNormalized: isNormalized)
    if let classification {
      for score in classification.top5 { score.write(to: &json) }
    } else if task.isDense {
      for ratio in classRatios { json.pixels(of: ratio) }
    } else {
      for instance in instances { instance.write(to: &json, scale: scale) }
    }
    json.endArray()
    json.key("shape")
    json.beginArray()
    json.integer(imageSize.height)
    json.integer(imageSize.width)
    json.endArray()
    json.key("speed")
    json.beginObject()
    for (key, time) in [
      ("inference", speed.inference), ("postprocess", speed.postprocess),
      ("preprocess", speed.preprocess),
    ] {
      json.key(key)
      json.number(DecimalRounding.round(time, decimals: Self.timeDecimals))
    }
    json.endObject()
    if let map = map ?? depthMap.map({ JSONMember("depth", $0.range().json) }) {
      json.key(map.key)
      json.value(map.value)
    }
    json.endObject()
  }

  /// Returns the result as one line of JSON with its source, newline included.
  public func jsonLine(isNormalized: Bool = false) -> [UInt8] {
    var json = JSONWriter()
    write(to: &json, isNormalized: isNormalized, includesSource: true)
    return json.takeBytes() + [UInt8(ascii: "\n")]
  }

  /// The result as an image of the HUB answer: `{"results":[…],"shape":[…],"speed":{…}}`.
  public var json: String {
    var json = JSONWriter()
    write(to: &json)
    return String(decoding: json.takeBytes(), as: UTF8.self)
  }
}

extension Results: Encodable {
  private enum CodingKeys: String, CodingKey {
    case source
    case task
    case results
    case shape
    case speed
    case depth
  }

  /// Encodes `source`, `task`, `results`, `shape` (height and width) and `speed`; of a depth map also
  /// `depth`, its range.
  ///
  /// The keys are those of the HUB answer; numbers are not rounded.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(source, forKey: .source)
    try container.encode(task, forKey: .task)
    if let classification {
      try container.encode(classification.top5, forKey: .results)
    } else if task == .semantic {
      try container.encode(classRatios, forKey: .results)
    } else {
      try container.encode(instances, forKey: .results)
    }
    try container.encode([imageSize.height, imageSize.width], forKey: .shape)
    try container.encode(speed, forKey: .speed)
    try container.encodeIfPresent(depthMap?.range(), forKey: .depth)
  }
}

extension JSONWriter {
  /// Writes `{"class":…,"name":…,"pixel_ratio":…}`.
  mutating func pixels(of ratio: ClassRatio) {
    beginObject()
    key("class")
    integer(ratio.classIndex)
    key("name")
    string(ratio.className)
    key("pixel_ratio")
    number(ratio.roundedRatio)
    endObject()
  }
}

extension ClassRatio {
  /// The ratio as Ultralytics rounds it.
  var roundedRatio: Double { DecimalRounding.round(pixelRatio, decimals: 5) }
}

extension DepthRange {
  /// The range as `{"min":…,"max":…,"mean":…}`; null where no pixel has a number.
  fileprivate var json: JSONValue {
    .object(
      [("min", minimum), ("max", maximum), ("mean", mean)].map {
        JSONMember($0, $1.isFinite ? .double(ResultScale.rounded($1)) : .null)
      })
  }
}

extension ClassScore {
  /// Writes `{"class":…,"name":…,"confidence":…}`.
  fileprivate func write(to json: inout JSONWriter) {
    json.beginObject()
    json.members(classIndex: classIndex, name: className, confidence: confidence)
    json.endObject()
  }
}

extension Instance {
  /// Writes `{"class":…,"name":…,"confidence":…,"box":{…}}`.
  ///
  /// Of an oriented box the object `box` has four corners. A mask or outline adds
  /// `"segments":{"x":[…],"y":[…]}`, keypoints add
  /// `"keypoints":{"visible":[…],"x":[…],"y":[…]}`, where `visible` is left out if the model has no
  /// visibilities.
  fileprivate func write(to json: inout JSONWriter, scale: ResultScale) {
    json.beginObject()
    json.members(classIndex: classIndex, name: className, confidence: confidence)
    switch geometry {
    case .box(let box): json.box(box, scale: scale)
    case .mask(let box, _, let outline), .outline(let box, let outline):
      json.box(box, scale: scale)
      json.key("segments")
      json.beginObject()
      json.members(outline.points, scale: scale)
      json.endObject()
    case .keypoints(let box, let keypoints):
      json.box(box, scale: scale)
      json.key("keypoints")
      json.beginObject()
      let visibilities = keypoints.compactMap(\.visibility)
      if visibilities.count == keypoints.count {
        json.key("visible")
        json.array(visibilities, ResultScale.arrayRounded)
      }
      json.members(keypoints.map(\.point), scale: scale)
      json.endObject()
    case .orientedBox(let box): json.box(box.corners, scale: scale)
    }
    json.endObject()
  }
}

/// Writes the answer of the HUB inference API, `{"images":[…],"metadata":{…}}`, image by image.
public struct ResultReport: Sendable {
  private var json = JSONWriter()
  private let isNormalized: Bool

  /// Opens a report.
  ///
  /// - Parameter isNormalized: Whether coordinates are divided by an image's width and height.
  public init(isNormalized: Bool = false) {
    self.isNormalized = isNormalized
    json.beginObject()
    json.key("images")
    json.beginArray()
  }

  /// Adds the results of an image.
  public mutating func append(_ image: Results) { append(image, members: []) }

  /// Adds the results of an image with members of its own, which come first.
  ///
  /// `map` is the member that holds the map of a dense task.
  package mutating func append(
    _ image: Results, members: [JSONMember], map: JSONMember? = nil
  ) {
    image.write(to: &json, isNormalized: isNormalized, members: members, map: map)
  }

  /// Adds an entry without results.
  package mutating func append(_ members: [JSONMember]) { json.value(.object(members)) }

  /// Closes the report; nothing may be added after that.
  public mutating func finish(metadata: [JSONMember]) {
    json.endArray()
    json.key("metadata")
    json.value(.object(metadata))
    json.endObject()
  }

  /// Returns what has been written since the last call.
  public mutating func takeBytes() -> [UInt8] { json.takeBytes() }
}

/// The parts that the results of all tasks are written from, in the HUB answer's order of keys.
extension JSONWriter {
  /// Writes `"class":…,"name":…,"confidence":…`.
  mutating func members(classIndex: Int, name: String, confidence: Float) {
    key("class")
    integer(classIndex)
    key("name")
    string(name)
    key("confidence")
    number(ResultScale.rounded(confidence))
  }

  /// Writes `"box":{"x1":…,"x2":…,"y1":…,"y2":…}`, for four corners up to `x4` and `y4`.
  mutating func box(_ corners: [Point], scale: ResultScale) {
    key("box")
    beginObject()
    for (index, corner) in corners.enumerated() {
      key("x\(index + 1)")
      number(scale.x(corner.x))
    }
    for (index, corner) in corners.enumerated() {
      key("y\(index + 1)")
      number(scale.y(corner.y))
    }
    endObject()
  }

  /// Writes `"box":{"x1":…,"x2":…,"y1":…,"y2":…}`.
  mutating func box(_ box: Box, scale: ResultScale) {
    self.box([Point(x: box.x1, y: box.y1), Point(x: box.x2, y: box.y2)], scale: scale)
  }

  /// Writes `"x":[…],"y":[…]`.
  mutating func members(_ points: [Point], scale: ResultScale) {
    key("x")
    array(points) { scale.arrayX($0.x) }
    key("y")
    array(points) { scale.arrayY($0.y) }
  }

  /// Writes an array of a number for each element.
  mutating func array<Element>(_ elements: [Element], _ value: (Element) -> Double) {
    beginArray()
    for element in elements { number(value(element)) }
    endArray()
  }
}
