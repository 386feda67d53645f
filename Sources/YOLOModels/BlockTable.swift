import YOLOWeights

/// The blocks that are known, by the class name that checkpoints use.
enum BlockTable {
  static let blocks: [String: any Block.Type] = [
    "Bottleneck": Bottleneck.self,
    "C2": C2.self,
    "C2f": C2f.self,
    "Concat": Concat.self,
    "Conv": Conv.self,
    "Conv2d": Conv2d.self,
    "SPPF": SPPF.self,
    "Sequential": Sequential.self,
    "Upsample": Upsample.self,
  ]

  /// Makes the block of a record.
  static func block(_ record: ModuleRecord) throws -> any Block {
    guard let type = blocks[record.className] else {
      throw ModelError.unknownBlock(
        className: record.qualifiedName, path: record.path,
        known: (blocks.keys + [DetectHead.className]).sorted())
    }
    return try type.init(record)
  }
}
