import YOLOGraph
import YOLOWeights

/// The head that finds oriented boxes: OBB, OBB26.
struct OrientedHead: HeadBlock {
  private let branches: BoxBranches
  private let isRadian: Bool

  init(_ record: ModuleRecord, branch: HeadBranch) throws {
    let angles = try record.count("ne", in: 1...1)
    branches = try BoxBranches(record, branch: branch, extra: ("cv4", angles))
    isRadian = record.className == "OBB26"
  }

  func callAsFunction(_ inputs: [Value], _ builder: GraphBuilder) throws -> Network.Head {
    .oriented(try branches(inputs, builder), anglesAreRadians: isRadian)
  }
}
