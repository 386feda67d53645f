import YOLOWeights

/// The heads that are known, by the class name that checkpoints use.
enum HeadTable {
  static let heads: [String: any HeadBlock.Type] = [
    "Classify": ClassifyHead.self,
    "Detect": DetectHead.self,
    "OBB": RotatedHead.self,
    "OBB26": RotatedHead.self,
    "Pose": PoseHead.self,
    "Pose26": PoseHead.self,
    "Segment": SegmentHead.self,
    "Segment26": SegmentHead.self,
    "v10Detect": DetectHead.self,
  ]
}
