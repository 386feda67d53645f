import YOLOGraph
import YOLOWeights

/// A module of a network: made from its record, called on values.
///
/// A block is a `Sendable` struct that reads as its paper does. To add one: a section in the file of
/// its family, and a row in `BlockTable`. What goes wrong inside is a `WeightError`, `GraphError` or
/// `ModelError`; `Network` is where they become one type.
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

/// What a checkpoint may consist of.
public enum KnownModules {
  /// The class names of the blocks and heads that are known, sorted.
  public static var classNames: [String] {
    (Array(BlockTable.blocks.keys) + Array(HeadTable.heads.keys)).sorted()
  }
}
