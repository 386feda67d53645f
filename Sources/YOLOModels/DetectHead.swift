import YOLOGraph
import YOLOWeights

/// The head that finds boxes: Detect, v10Detect.
struct DetectHead: HeadBlock {
  private let branches: BoxBranches

  init(_ record: ModuleRecord, branch: HeadBranch) throws {
    branches = try BoxBranches(record, branch: branch)
  }

  func callAsFunction(_ inputs: [Value], _ builder: GraphBuilder) throws -> Network.Head {
    .detect(try branches(inputs, builder))
  }
}
