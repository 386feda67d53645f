import YOLOWeights

/// The blocks that are known, by the class name that checkpoints use.
enum BlockTable {
  static let blocks: [String: any Block.Type] = [
    "A2C2f": A2C2f.self,
    "AAttn": AAttn.self,
    "ABlock": ABlock.self,
    "AConv": AConv.self,
    "ADown": ADown.self,
    "Attention": Attention.self,
    "Bottleneck": Bottleneck.self,
    "C1": C1.self,
    "C2": C2.self,
    "C2PSA": C2PSA.self,
    "C2f": C2f.self,
    "C2fCIB": C2f.self,
    "C2fPSA": C2f.self,
    "C3": C3.self,
    "C3Ghost": C3.self,
    "C3k": C3.self,
    "C3k2": C2f.self,
    "C3x": C3.self,
    "CBFuse": CBFuse.self,
    "CBLinear": CBLinear.self,
    "CIB": CIB.self,
    "Concat": Concat.self,
    "Conv": Conv.self,
    "Conv2d": Conv2d.self,
    "ConvTranspose": ConvTranspose.self,
    "ConvTranspose2d": ConvTranspose2d.self,
    "DWConv": Conv.self,
    "Dropout": Identity.self,
    "ELAN1": RepNCSPELAN4.self,
    "GhostBottleneck": GhostBottleneck.self,
    "GhostConv": GhostConv.self,
    "Identity": Identity.self,
    "MaxPool2d": MaxPool2d.self,
    "PSA": PSA.self,
    "PSABlock": PSABlock.self,
    "Proto": Proto.self,
    "Proto26": Proto.self,
    "RepBottleneck": Bottleneck.self,
    "RepCSP": C3.self,
    "RepConv": RepConv.self,
    "RepNCSPELAN4": RepNCSPELAN4.self,
    "RepVGGDW": RepVGGDW.self,
    "ResNetBlock": ResNetBlock.self,
    "ResNetLayer": ResNetLayer.self,
    "SCDown": SCDown.self,
    "SPP": SPP.self,
    "SPPELAN": SPPELAN.self,
    "SPPF": SPPF.self,
    "Sequential": Sequential.self,
    "Upsample": Upsample.self,
    "ZeroPad2d": ZeroPad2d.self,
  ]

  /// Creates the block of a record.
  static func block(_ record: ModuleRecord) throws -> any Block {
    guard let type = blocks[record.className] else {
      throw ModelError.unknownBlock(
        className: record.qualifiedName, path: record.path,
        known: KnownModules.classNames)
    }
    return try type.init(record)
  }
}
