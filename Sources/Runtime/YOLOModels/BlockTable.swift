import YOLOGraph
import YOLOWeights

/// A module of a network: made from its record, called on values.
///
/// A block is a `Sendable` struct that reads as its paper does. To add one: a section in the file
/// of its family, and a row in `BlockTable`. What goes wrong inside is a `WeightError`,
/// `GraphError` or `ModelError`; `Network` is where they become one type.
protocol Block: Sendable {
  /// The module's path.
  var path: String { get }

  /// Reads the module's attributes and takes its tensors.
  init(_ record: ModuleRecord) throws

  /// Appends what the module does to the graph, and names the result by the module's path.
  func callAsFunction(_ inputs: [Value]) throws -> Value

  /// Appends what the module does as a layer, whose inputs and output may be lists of values.
  ///
  /// Only the layers that give or take a list implement this.
  func layer(_ inputs: [[Value]]) throws -> [Value]
}

extension Block {
  func layer(_ inputs: [[Value]]) throws -> [Value] {
    let single = try inputs.map { values in
      guard values.count == 1 else {
        throw ModelError.inputCount(at: path, expected: 1, found: values.count)
      }
      return values[0]
    }
    return [try self(single)]
  }
}

/// A block with one input.
protocol UnaryBlock: Block {
  func callAsFunction(_ x: Value) throws -> Value
}

extension UnaryBlock {
  func callAsFunction(_ inputs: [Value]) throws -> Value {
    guard inputs.count == 1 else {
      throw ModelError.inputCount(at: path, expected: 1, found: inputs.count)
    }
    return try self(inputs[0])
  }
}

/// The blocks that are known, by the class name that checkpoints use.
enum BlockTable {
  static let blocks: [String: any Block.Type] = [
    "A2C2f": A2C2f.self,
    "AAttn": AAttn.self,
    "ABlock": ABlock.self,
    "AConv": AConv.self,
    "ADown": ADown.self,
    "AGLU": AGLU.self,
    "AIFI": AIFI.self,
    "AdaptiveAvgPool2d": AdaptiveAvgPool2d.self,
    "Attention": Attention.self,
    "AvgPool2d": AvgPool2d.self,
    "BatchNorm2d": BatchNorm2d.self,
    "Bottleneck": Bottleneck.self,
    "BottleneckCSP": BottleneckCSP.self,
    "C1": C1.self,
    "C2": C2.self,
    "C2PSA": C2PSA.self,
    "C2f": C2f.self,
    "C2fCIB": C2f.self,
    "C2fPSA": C2f.self,
    "C3": C3.self,
    "C3Ghost": C3.self,
    "C3TR": C3.self,
    "C3k": C3.self,
    "C3k2": C2f.self,
    "C3x": C3.self,
    "CBAM": CBAM.self,
    "CBFuse": CBFuse.self,
    "CBLinear": CBLinear.self,
    "CELU": ActivationLayer.self,
    "CIB": CIB.self,
    "ChannelAttention": ChannelAttention.self,
    "ChannelShuffle": ChannelShuffle.self,
    "Concat": Concat.self,
    "Conv": Conv.self,
    "Conv2": Conv2.self,
    "Conv2d": Conv2d.self,
    "ConvTranspose": ConvTranspose.self,
    "ConvTranspose2d": ConvTranspose2d.self,
    "DWConv": Conv.self,
    "DWConvTranspose2d": ConvTranspose2d.self,
    "Dropout": Identity.self,
    "Dropout2d": Identity.self,
    "ELAN1": RepNCSPELAN4.self,
    "ELU": ActivationLayer.self,
    "Focus": Focus.self,
    "GELU": ActivationLayer.self,
    "GhostBottleneck": GhostBottleneck.self,
    "GhostConv": GhostConv.self,
    "GroupNorm": Standardized.self,
    "HGBlock": HGBlock.self,
    "HGStem": HGStem.self,
    "Hardshrink": ActivationLayer.self,
    "Hardsigmoid": ActivationLayer.self,
    "Hardswish": ActivationLayer.self,
    "Hardtanh": ActivationLayer.self,
    "Identity": Identity.self,
    "Index": Index.self,
    "InstanceNorm2d": Standardized.self,
    "LayerNorm2d": Standardized.self,
    "LeakyReLU": ActivationLayer.self,
    "LightConv": LightConv.self,
    "LogSigmoid": ActivationLayer.self,
    "MaxPool2d": MaxPool2d.self,
    "Mish": ActivationLayer.self,
    "PReLU": PReLU.self,
    "PSA": PSA.self,
    "PSABlock": PSABlock.self,
    "PixelShuffle": PixelShuffle.self,
    "PixelUnshuffle": PixelShuffle.self,
    "Proto": Proto.self,
    "Proto26": Proto.self,
    "RReLU": ActivationLayer.self,
    "ReLU": ActivationLayer.self,
    "ReLU6": ActivationLayer.self,
    "RepBottleneck": Bottleneck.self,
    "RepC3": RepC3.self,
    "RepCSP": C3.self,
    "RepConv": RepConv.self,
    "RepNCSPELAN4": RepNCSPELAN4.self,
    "RepVGGDW": RepVGGDW.self,
    "ResNetBlock": ResNetBlock.self,
    "ResNetLayer": ResNetLayer.self,
    "SCDown": SCDown.self,
    "SELU": ActivationLayer.self,
    "SPP": SPP.self,
    "SPPELAN": SPPELAN.self,
    "SPPF": SPPF.self,
    "Sequential": Sequential.self,
    "SiLU": ActivationLayer.self,
    "Sigmoid": ActivationLayer.self,
    "Softplus": ActivationLayer.self,
    "Softshrink": ActivationLayer.self,
    "Softsign": ActivationLayer.self,
    "SpatialAttention": SpatialAttention.self,
    "Tanh": ActivationLayer.self,
    "Tanhshrink": ActivationLayer.self,
    "Threshold": ActivationLayer.self,
    "TransformerBlock": TransformerBlock.self,
    "Upsample": Upsample.self,
    "UpsamplingBilinear2d": Upsample.self,
    "UpsamplingNearest2d": Upsample.self,
    "ZeroPad2d": ZeroPad2d.self,
  ]

  /// The blocks of the original YOLOv5, YOLOv7 and YOLOv9, of the modules `models.common` and
  /// `models.experimental`, that have other names than those above.
  private static let originals: [String: any Block.Type] = [
    "CrossConv": Bottleneck.self,
    "DownC": DownC.self,
    "MP": PoolingHolder.self,
    "ReOrg": ReOrg.self,
    "RepConvN": RepConv.self,
    "RepNBottleneck": Bottleneck.self,
    "RepNCSP": C3.self,
    "SP": PoolingHolder.self,
    "SPPCSPC": SPPCSPC.self,
    "Shortcut": Shortcut.self,
    "Silence": Identity.self,
  ]

  /// Creates the block of a record.
  static func block(_ record: ModuleRecord) throws -> any Block {
    let original = record.isOriginal ? originals[record.className] : nil
    guard let type = original ?? blocks[record.className] else {
      throw ModelError.unknownBlock(
        className: record.qualifiedName, path: record.path,
        known: KnownModules.classNames)
    }
    return try type.init(record)
  }
}

extension ModuleRecord {
  /// Whether the module is one of the original YOLOv5, YOLOv7 or YOLOv9.
  var isOriginal: Bool { qualifiedName.hasPrefix("models.") }
}

/// What a checkpoint may consist of.
public enum KnownModules {
  /// The class names of the blocks and heads that are known, sorted.
  public static var classNames: [String] {
    (Array(BlockTable.blocks.keys) + Array(HeadTable.heads.keys)).sorted()
  }
}
