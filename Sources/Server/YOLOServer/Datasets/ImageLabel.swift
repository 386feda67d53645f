#if Server
import YOLOGeometry

/// A label as the later documents have it: an object instead of a row of numbers.
struct ImageLabel: Codable, Sendable, Hashable {
  let classId: Int
  /// The center and the size of the box.
  var bbox: [Float]?
  /// The points of the polygon.
  var segments: [Float]?
  /// The keypoints, with their visibility if the dataset has it.
  var keypoints: [Float]?
  /// The corners of the oriented box.
  var obb: [Float]?

  /// Reads a row of a task; nil for one without a class.
  init?(row: [Float], task: VisionTask) {
    guard let first = row.first else { return nil }
    classId = Int(first)
    let numbers = Array(row.dropFirst())
    switch task {
    case .classify, .semantic, .depth: break
    case .detect: bbox = numbers
    case .segment: segments = numbers
    case .obb: obb = numbers
    case .pose:
      bbox = Array(numbers.prefix(4))
      keypoints = Array(numbers.dropFirst(4))
    }
  }

  /// The row of a task: a class, then numbers; a box around the points where there is no other.
  func row(_ task: VisionTask) -> [Float] {
    let numbers: [Float] =
      switch task {
      case .classify, .semantic, .depth: []
      case .detect: bbox ?? Self.box(around: segments ?? obb ?? [])
      case .segment: segments ?? obb ?? []
      case .obb: obb ?? segments ?? []
      case .pose: (bbox ?? []) + (keypoints ?? [])
      }
    return [Float(classId)] + numbers
  }

  private static func box(around points: [Float]) -> [Float] {
    let xs = points.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
    let ys = points.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map(\.element)
    guard let left = xs.min(), let right = xs.max(), let top = ys.min(), let bottom = ys.max()
    else { return [] }
    return [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]
  }
}

/// A label of a request: a row of numbers, the class first, or an object.
enum LabelInput: Decodable, Sendable {
  case row([Float])
  case label(ImageLabel)

  init(from decoder: any Decoder) throws {
    if (try? decoder.unkeyedContainer()) != nil {
      self = .row(try decoder.singleValueContainer().decode([Float].self))
    } else {
      self = .label(try ImageLabel(from: decoder))
    }
  }

  /// The row of a task.
  func row(_ task: VisionTask) -> [Float] {
    switch self {
    case .row(let row): row
    case .label(let label): label.row(task)
    }
  }
}

/// The labels of an image in a list, as many as a preview needs.
struct LabelPreview: Sendable {
  /// The maximum number of labels, and of their numbers.
  static let maximumLabels = 300
  static let maximumNumbers = 10_000

  let labels: [ImageLabel]
  /// Whether there are more.
  let isTruncated: Bool

  init(_ rows: [[Float]], task: VisionTask, isWhole: Bool = false) {
    var labels: [ImageLabel] = []
    var count = 0
    for row in rows {
      count += row.count
      if !isWhole, labels.count == Self.maximumLabels || count > Self.maximumNumbers { break }
      if let label = ImageLabel(row: row, task: task) { labels.append(label) }
    }
    self.labels = labels
    isTruncated = labels.count < rows.count
  }
}
#endif
