import YOLOGraph
import YOLOWeights

/// Fast spatial pyramid pooling: one pooling applied several times, all results joined.
struct SPPF: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let cv2: Conv
  private let m: MaxPool2d
  private let n: Int
  private let add: Bool

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    cv2 = try record.conv("cv2")
    m = try MaxPool2d(record.child("m", of: "MaxPool2d"))
    // Files from before these attributes existed pool three times and do not add.
    n = record.hasAttribute("n") ? try record.count("n", in: 1...16) : 3
    add = try record.bool("add", default: false)
  }

  func callAsFunction(_ x: Value) throws -> Value {
    var levels = [try cv1(x)]
    for _ in 0..<n { levels.append(try m(levels[levels.count - 1])) }
    let y = try cv2(concat(levels, at: path))
    return try (add ? y.adding(x, at: path) : y).named(path)
  }
}
