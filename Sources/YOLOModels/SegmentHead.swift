import YOLOGraph
import YOLOWeights

/// The head that finds boxes with masks: each mask is a combination of prototypes (Bolya et al.,
/// "YOLACT", 2019).
///
/// Segment26 makes the prototypes of all levels together.
struct SegmentHead: HeadBlock {
  private let branches: BoxBranches
  private let proto: Proto
  private let prototypeCount: Int

  init(_ record: ModuleRecord, branch: HeadBranch) throws {
    prototypeCount = try record.count("nm", in: 1...1 << 12)
    branches = try BoxBranches(record, branch: branch, extra: ("cv4", prototypeCount))
    proto = try Proto(record.child("proto"))
  }

  func callAsFunction(_ inputs: [Value], _ builder: GraphBuilder) throws -> Network.Head {
    let layout = try branches(inputs, builder)
    let prototypes = try proto(inputs)
    guard prototypes.channels == prototypeCount else {
      throw GraphError.channelMismatch(
        at: proto.path, expected: prototypeCount, found: prototypes.channels)
    }
    return .segment(layout, prototypes: builder.output(prototypes, named: proto.path))
  }
}
