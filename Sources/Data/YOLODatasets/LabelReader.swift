import YOLOGeometry
import YOLOSystem

/// Reads the text files that label images: a row for each object, its class first.
///
/// A file of rows with more than six numbers has polygons, the others boxes by center and size;
/// both may not be mixed. What is accepted is what Ultralytics accepts.
struct LabelReader {
  static let maximumBytes = 64 << 20
  /// The maximum number of objects of an image, and of values of each: far beyond any real label.
  static let maximumRows = 10_000
  static let maximumNumbers = 40_001
  /// How far coordinates may lie outside of the image: rounding, nothing else.
  private static let range: ClosedRange<Float> = -0.01...1.01

  let path: String
  let task: VisionTask
  let classCount: Int
  let keypointShape: KeypointShape?

  private struct Row {
    let line: Int
    let values: [Float]
  }

  /// What is in a file.
  struct Scan {
    /// The labels of the sound rows.
    let labels: ImageLabels
    /// The lines that these were read from.
    let lines: [Int]
    /// What is wrong with the other rows, in the order of the lines.
    let faults: [DatasetError]
    /// The first row that occurs before.
    let repeatedLine: Int?
  }

  /// Reads a file all of whose rows must be what the task needs.
  ///
  /// - Throws: The fault of the first row that is not.
  func read(_ bytes: [UInt8]) throws(DatasetError) -> ImageLabels {
    let scan = try scan(bytes)
    if let first = scan.faults.first { throw first }
    return scan.labels
  }

  /// Reads a file as far as its rows are what the task needs.
  ///
  /// - Throws: For a file that is too large to be one of labels.
  func scan(_ bytes: [UInt8]) throws(DatasetError) -> Scan {
    var (rows, faults) = try rows(bytes)
    let isPolygonal = task != .pose && rows.contains { $0.values.count > 6 }
    var instances: [Instance] = []
    var numbers: [[Float]] = []
    var lines: [Int] = []
    var seen: Set<Instance> = []
    var duplicates = 0
    var repeatedLine: Int?
    for row in rows {
      do throws(DatasetError) {
        let instance = isPolygonal ? try polygon(row) : try box(row)
        // Polygons that differ within the same box are one object to Ultralytics, too.
        var key = instance
        key.geometry = .keypoints(instance.box, instance.keypoints ?? [])
        guard seen.insert(key).inserted else {
          duplicates += 1
          repeatedLine = repeatedLine ?? row.line
          continue
        }
        instances.append(instance)
        numbers.append(row.values)
        lines.append(row.line)
      } catch {
        faults.append(error)
      }
    }
    faults.sort { ($0.line ?? 0) < ($1.line ?? 0) }
    return Scan(
      labels: ImageLabels(instances: instances, duplicates: duplicates, rows: numbers),
      lines: lines, faults: faults, repeatedLine: repeatedLine)
  }

  /// How many numbers the rows have, each count once, for guessing what labels are of.
  static func rowCounts(_ bytes: [UInt8]) -> [Int] {
    let counts = bytes.split(separator: UInt8(ascii: "\n")).lazy
      .map { line in line.split { $0 == 0x20 || (0x09...0x0D).contains($0) }.count }
    return Set(counts.filter { $0 > 0 }).sorted()
  }

  private func invalid(_ row: Row, expected: String, found: String) -> DatasetError {
    .invalidLabel(path: path, line: row.line, expected: expected, found: found)
  }

  private func rows(_ bytes: [UInt8]) throws(DatasetError) -> ([Row], faults: [DatasetError]) {
    var rows: [Row] = []
    var faults: [DatasetError] = []
    if TextEncoding.isUTF16(bytes) {
      return (
        [],
        [
          .invalidLabel(
            path: path, line: 1, expected: "numbers as UTF-8 or ASCII", found: "UTF-16")
        ]
      )
    }
    let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let words = line.split { $0 == 0x20 || (0x09...0x0D).contains($0) }
      guard !words.isEmpty else { continue }
      guard rows.count + faults.count < Self.maximumRows else {
        throw .tooLarge(path: path, what: "more objects", maximum: Self.maximumRows)
      }
      guard words.count <= Self.maximumNumbers else {
        throw .tooLarge(
          path: path, what: "\(words.count) numbers in line \(index + 1)",
          maximum: Self.maximumNumbers)
      }
      guard !line.contains(0) else {
        faults.append(
          .invalidLabel(path: path, line: index + 1, expected: "numbers", found: "a null byte"))
        continue
      }
      var values: [Float] = []
      values.reserveCapacity(words.count)
      for word in words {
        let text = String(decoding: word, as: UTF8.self)
        guard let value = Float(text), value.isFinite else {
          faults.append(
            .invalidLabel(
              path: path, line: index + 1, expected: "numbers",
              found: "\"\(text.excerpt(limit: 40))\""))
          break
        }
        values.append(value)
      }
      if values.count == words.count { rows.append(Row(line: index + 1, values: values)) }
    }
    return (rows, faults)
  }

  private func classIndex(_ row: Row) throws(DatasetError) -> Int {
    guard let value = row.values.first, value >= 0, value < Float(classCount),
      value == value.rounded(.towardZero)
    else {
      throw invalid(
        row, expected: "a class from 0 to \(classCount - 1)",
        found: row.values.first.map { "\($0)" } ?? "nothing")
    }
    return Int(value)
  }

  private func check(_ values: some Sequence<Float>, _ row: Row) throws(DatasetError) {
    guard let stranger = values.first(where: { !Self.range.contains($0) }) else { return }
    throw invalid(row, expected: "coordinates from 0 to 1", found: "\(stranger)")
  }

  private func polygon(_ row: Row) throws(DatasetError) -> Instance {
    guard row.values.count >= 7, row.values.count % 2 == 1 else {
      throw invalid(
        row, expected: "a class and at least three points, as other rows have",
        found: "\(row.values.count) numbers")
    }
    let classIndex = try classIndex(row)
    let points = stride(from: 1, to: row.values.count, by: 2).map {
      Point(x: row.values[$0], y: row.values[$0 + 1])
    }
    var box = Box(x1: points[0].x, y1: points[0].y, x2: points[0].x, y2: points[0].y)
    for point in points {
      box.x1 = min(box.x1, point.x)
      box.y1 = min(box.y1, point.y)
      box.x2 = max(box.x2, point.x)
      box.y2 = max(box.y2, point.y)
    }
    // The box is what is checked: its center and size.
    try check([(box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2, box.width, box.height], row)
    return Instance(classIndex: classIndex, geometry: .outline(box, Polygon(points: points)))
  }

  private func box(_ row: Row) throws(DatasetError) -> Instance {
    let shape = task == .pose ? keypointShape : nil
    let count = 5 + (shape.map { $0.count * $0.values } ?? 0)
    switch task {
    case .segment, .obb:
      throw invalid(
        row, expected: "a class and at least three points", found: "\(row.values.count) numbers")
    case .detect, .pose, .classify, .semantic, .depth: break
    }
    guard row.values.count == count else {
      throw invalid(
        row,
        expected: shape.map { "a class, a box and \($0.count) keypoints: \(count) numbers" }
          ?? "a class and a box: 5 numbers",
        found: "\(row.values.count)")
    }
    let classIndex = try classIndex(row)
    let values = row.values
    try check(values[1..<5], row)
    let (width, height) = (values[3], values[4])
    let box = Box(
      x1: values[1] - width / 2, y1: values[2] - height / 2, x2: values[1] + width / 2,
      y2: values[2] + height / 2)
    guard let shape else { return Instance(classIndex: classIndex, geometry: .box(box)) }
    var keypoints: [Keypoint] = []
    for start in stride(from: 5, to: count, by: shape.values) {
      let point = Point(x: values[start], y: values[start + 1])
      try check([point.x, point.y], row)
      let isPlaced = point.x >= 0 && point.y >= 0
      keypoints.append(
        Keypoint(
          point, visibility: shape.values == 3 ? values[start + 2] : isPlaced ? 1 : 0))
    }
    return Instance(classIndex: classIndex, geometry: .keypoints(box, keypoints))
  }
}
