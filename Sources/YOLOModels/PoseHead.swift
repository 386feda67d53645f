import YOLOGraph
import YOLOWeights

/// The head that finds boxes with keypoints.
///
/// Pose26 gives keypoints relative to the cell's center, by a convolution apart.
struct PoseHead: HeadBlock {
  private let branches: BoxBranches
  private let keypoints: KeypointLayout

  init(_ record: ModuleRecord, branch: HeadBranch) throws {
    let shape = try record.ints("kpt_shape", count: 2)
    guard (1...1 << 12).contains(shape[0]), (2...3).contains(shape[1]) else {
      throw ModelError.unsupported(
        path: record.path, setting: "kpt_shape", found: "\(shape)",
        supported: "[1 to \(1 << 12), 2 or 3]")
    }
    let isCentered = record.className == "Pose26"
    keypoints = KeypointLayout(
      count: shape[0], hasVisibility: shape[1] == 3, isCentered: isCentered)
    branches = try BoxBranches(
      record, branch: branch, extra: ("cv4", shape[0] * shape[1]),
      extraEnd: isCentered ? "cv4_kpts" : nil)
  }

  func callAsFunction(_ inputs: [Value], _ builder: GraphBuilder) throws -> Network.Head {
    .pose(try branches(inputs, builder), keypoints)
  }
}
