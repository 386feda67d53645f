import YOLOGraph
import YOLOKernels
import YOLOWeights

/// Spatial pyramid pooling with layer aggregation (Wang et al., "YOLOv9", 2024): poolings in a chain,
/// all results joined.
struct SPPELAN: UnaryBlock {
  let path: String
  private let cv1: Conv
  private let pools: [MaxPool2d]
  private let cv5: Conv

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    pools = try ["cv2", "cv3", "cv4"].map { try MaxPool2d(record.child($0, of: "MaxPool2d")) }
    cv5 = try record.conv("cv5")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    var levels = [try cv1(x)]
    for pool in pools { levels.append(try pool(levels[levels.count - 1])) }
    return try cv5(concat(levels, at: path)).named(path)
  }
}
