import JSONText
import YOLODatasets
import YOLOGeometry
import YOLOSystem

/// Turns JSON into predictions.
struct PredictionReader {
  let path: String

  func parse(_ bytes: ArraySlice<UInt8>, firstLine: Int) throws(DatasetError) -> JSONValue {
    let result: Result<JSONValue, JSONParser.Failure> = bytes.withUnsafeBytes { buffer in
      do throws(JSONParser.Failure) {
        return .success(try JSONParser.parse(buffer))
      } catch {
        return .failure(error)
      }
    }
    do {
      return try result.get()
    } catch {
      let before = bytes.prefix(error.offset)
      let line = firstLine + before.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
      throw .malformed(path: path, line: line, reason: error.reason)
    }
  }

  private func invalid(_ position: String, _ expected: String) -> DatasetError {
    .invalidPrediction(path: path, at: position, expected: expected)
  }

  func images(_ root: JSONValue) throws(DatasetError) -> [PredictedImage] {
    if let images = root["images"] {
      guard let images = images.elements else { throw invalid("images", "a list") }
      var result: [PredictedImage] = []
      for (index, image) in images.enumerated() {
        result.append(try self.image(image, at: "images[\(index)]"))
      }
      return result
    }
    return [try image(root, at: "")]
  }

  /// Reads one image: an object with `results` or `predictions`, or the list itself.
  func image(_ value: JSONValue, at position: String) throws(DatasetError) -> PredictedImage {
    let key = ["results", "predictions"].first { value[$0] != nil }
    let list = key.flatMap { value[$0] } ?? value
    let start = [position, key ?? ""].filter { !$0.isEmpty }.joined(separator: ".")
    guard let elements = list.elements else {
      if let error = value["error"]?.string {
        throw invalid(
          position,
          "an object with \"results\", but this source failed (\(error.excerpt(limit: 200)))")
      }
      throw invalid(
        position.isEmpty ? "the file" : position, "a list of objects, or an object with \"results\""
      )
    }
    var objects: [ComparedObject] = []
    for (index, element) in elements.enumerated() {
      objects.append(try object(element, at: "\(start)[\(index)]"))
    }
    if let depth = value["depth"] {
      objects += try range(depth, at: position.isEmpty ? "depth" : "\(position).depth")
    }
    return PredictedImage(source: value["source"]?.string, objects: objects)
  }

  /// Reads the range of a depth map as an object for each of its numbers.
  private func range(_ value: JSONValue, at position: String) throws(DatasetError)
    -> [ComparedObject]
  {
    var objects: [ComparedObject] = []
    for name in ComparedObject.depthLabels {
      guard let meters = value[name] else {
        // The services do not say the mean.
        guard name != "mean" else { continue }
        throw invalid("\(position).\(name)", "a number")
      }
      objects.append(
        ComparedObject(
          label: name, confidence: try number(meters, "\(position).\(name)"), geometry: nil))
    }
    return objects
  }

  private func object(_ value: JSONValue, at position: String) throws(DatasetError)
    -> ComparedObject
  {
    let label: String
    switch value["class"] {
    case .int(let index): label = "\(index)"
    case .string(let name): label = name
    default: throw invalid("\(position).class", "a class index or name")
    }
    if let ratio = value["pixel_ratio"] {
      return ComparedObject(
        label: label, confidence: try number(ratio, "\(position).pixel_ratio"), geometry: nil)
    }
    let confidence = try number(value["confidence"], "\(position).confidence")
    guard let box = value["box"] else {
      return ComparedObject(label: label, confidence: confidence, geometry: nil)
    }
    if box["x3"] != nil {
      var corners: [Point] = []
      for index in 1...4 {
        corners.append(
          Point(
            x: try number(box["x\(index)"], "\(position).box.x\(index)"),
            y: try number(box["y\(index)"], "\(position).box.y\(index)")))
      }
      guard corners.allSatisfy({ $0.x.isFinite && $0.y.isFinite }) else {
        throw invalid("\(position).box", "finite corners")
      }
      return ComparedObject(label: label, confidence: confidence, corners: corners)
    }
    let edges = Box(
      x1: try number(box["x1"], "\(position).box.x1"),
      y1: try number(box["y1"], "\(position).box.y1"),
      x2: try number(box["x2"], "\(position).box.x2"),
      y2: try number(box["y2"], "\(position).box.y2"))
    if let segments = value["segments"] {
      let points = try points(segments, "\(position).segments")
      return ComparedObject(
        label: label, confidence: confidence, geometry: .outline(edges, Polygon(points: points)))
    }
    if let keypoints = value["keypoints"] {
      let points = try points(keypoints, "\(position).keypoints")
      let visible = try keypoints["visible"].map { (visible) throws(DatasetError) in
        try numbers(visible, "\(position).keypoints.visible")
      }
      guard visible.map({ $0.count == points.count }) ?? true else {
        throw invalid("\(position).keypoints.visible", "a number for each point")
      }
      return ComparedObject(
        label: label, confidence: confidence,
        geometry: .keypoints(
          edges, points.enumerated().map { Keypoint($1, visibility: visible?[$0]) }))
    }
    return ComparedObject(label: label, confidence: confidence, geometry: .box(edges))
  }

  private func points(_ value: JSONValue, _ position: String) throws(DatasetError) -> [Point] {
    let x = try numbers(value["x"], "\(position).x")
    let y = try numbers(value["y"], "\(position).y")
    guard x.count == y.count else { throw invalid(position, "as many x as y") }
    return zip(x, y).map { Point(x: $0, y: $1) }
  }

  private func numbers(_ value: JSONValue?, _ position: String) throws(DatasetError) -> [Float] {
    guard let elements = value?.elements else { throw invalid(position, "a list of numbers") }
    var numbers: [Float] = []
    numbers.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      numbers.append(try number(element, "\(position)[\(index)]"))
    }
    return numbers
  }

  /// Reads a number; `null` is what is written for one that is not finite.
  private func number(_ value: JSONValue?, _ position: String) throws(DatasetError) -> Float {
    switch value {
    case .int(let number): return Float(number)
    case .double(let number): return Float(number)
    case .null: return .nan
    default: throw invalid(position, "a number")
    }
  }
}
