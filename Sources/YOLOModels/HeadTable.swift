import YOLOWeights

/// The heads that are known, by the class name that checkpoints use.
enum HeadTable {
  static let heads: [String: any HeadBlock.Type] = [
    "Classify": ClassifyHead.self,
    "Detect": DetectHead.self,
    "OBB": OrientedHead.self,
    "OBB26": OrientedHead.self,
    "Pose": PoseHead.self,
    "Pose26": PoseHead.self,
    "Segment": SegmentHead.self,
    "Segment26": SegmentHead.self,
    "v10Detect": DetectHead.self,
  ]
}
