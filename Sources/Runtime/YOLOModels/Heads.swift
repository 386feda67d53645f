import YOLOGraph
import YOLOKernels
import YOLOWeights

/// The last module of a network: it names the outputs and says how to read them.
///
/// To add one: a section of this file, and a row in `HeadTable`; a new kind of result is a case of
/// `Network.Head`, and the compiler names every place that must know it.
protocol HeadBlock: Sendable {
  /// Reads the module's attributes and takes its tensors.
  init(_ record: ModuleRecord, branch: HeadBranch) throws

  /// Appends what the module does to the graph, and names its outputs.
  func callAsFunction(_ inputs: [Value], _ builder: GraphBuilder) throws -> Network.Head
}

/// The heads that are known, by the class name that checkpoints use.
enum HeadTable {
  static let heads: [String: any HeadBlock.Type] = [
    "Classify": ClassifyHead.self,
    "Depth": DepthHead.self,
    "Detect": DetectHead.self,
    "OBB": OrientedHead.self,
    "OBB26": OrientedHead.self,
    "Pose": PoseHead.self,
    "Pose26": PoseHead.self,
    "RTDETRDecoder": QueryHead.self,
    "Segment": SegmentHead.self,
    "Segment26": SegmentHead.self,
    "SemanticSegment": SemanticHead.self,
    "v10Detect": DetectHead.self,
  ]

  /// Returns the head of a record, if it is one.
  static func head(of record: ModuleRecord) throws -> (any HeadBlock.Type)? {
    if AnchorHead.recognizes(record) { return AnchorHead.self }
    guard record.isOriginal else { return heads[record.className] }
    switch record.className {
    case "DDetect", "DualDDetect": return DetectHead.self
    case "Classify": return ClassifyHead.self
    case "Detect", "Segment", "Panoptic":
      // Same names, but other inputs, masks or boxes.
      throw ModelError.unsupported(
        path: record.path, setting: "the head", found: record.qualifiedName,
        supported:
          "Detect, Segment and Classify of YOLOv5, IDetect and IAuxDetect of YOLOv7, DDetect and "
          + "DualDDetect of YOLOv9, and the heads of Ultralytics' package")
    default: return nil
    }
  }
}

/// Which branch of a head with two is run.
public enum HeadBranch: String, Sendable, Hashable, CaseIterable {
  /// Several boxes an object: overlapping ones are suppressed. Every head has this branch.
  case oneToMany
  /// One box an object, without suppression. YOLOv10 and YOLO26 have this branch, too.
  case oneToOne

  /// What the names of the branch's modules begin with.
  var prefix: String { self == .oneToOne ? "one2one_" : "" }
}

/// The head that classifies a whole image: a convolution, the mean over all pixels, a linear layer.
struct ClassifyHead: HeadBlock {
  private let path: String
  private let conv: Conv
  private let pool: AdaptiveAvgPool2d
  private let linear: Convolution

  init(_ record: ModuleRecord, branch: HeadBranch) throws {
    path = record.path
    conv = try record.conv("conv")
    pool = try AdaptiveAvgPool2d(record.child("pool", of: "AdaptiveAvgPool2d"))
    linear = try record.child("linear", of: "Linear").linear()
  }

  func callAsFunction(_ inputs: [Value], _ builder: GraphBuilder) throws -> Network.Head {
    let x = try inputs.count == 1 ? inputs[0] : concat(inputs, at: path)
    // Dropout changes nothing; from there on pixels have no place in the shape.
    let logits = try pool(conv(x))
      .named(path + ".drop", isFlat: true)
      .convolved(by: linear, at: path + ".linear").named(path + ".linear", isFlat: true)
    return .classify(
      logits: builder.output(logits, named: path + ".linear"), classCount: logits.channels)
  }
}

/// The head that finds boxes: Detect, v10Detect.
struct DetectHead: HeadBlock {
  private let branches: BoxBranches

  /// The inputs that only training reads: the first ones of YOLOv9's DualDDetect.
  private let skipped: Int

  init(_ record: ModuleRecord, branch: HeadBranch) throws {
    if record.className == "DualDDetect" {
      branches = try BoxBranches(record, branch: branch, names: ("cv4", "cv5"))
      skipped = try record.child("cv2", of: "ModuleList").children.count
      for name in ["cv2", "cv3", "dfl2"] where record.hasChild(name) {
        try record.child(name).markUsed()
      }
    } else {
      branches = try BoxBranches(record, branch: branch)
      skipped = 0
    }
  }

  func callAsFunction(_ inputs: [Value], _ builder: GraphBuilder) throws -> Network.Head {
    .detect(try branches(Array(inputs.dropFirst(skipped)), builder))
  }
}

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
    var layout = try branches(inputs, builder)
    let sum = try proto.summed(inputs)
    let prototypes = try proto.checked(sum, count: prototypeCount)
    let output = builder.output(prototypes, named: proto.path)
    if builder.isTraining { layout.semantic = try proto.semanticOutput(sum, builder) }
    return .segment(layout, prototypes: output)
  }
}

/// The prototypes of masks, made of the finest level at twice its resolution.
///
/// They are upsampled by a transposed convolution, or as in the original YOLOv5 of nearest neighbors.
/// Proto26 first adds all coarser levels to it, brought to its channels and size.
struct Proto: Block {
  /// How the coarser levels are taken in.
  private struct Fusion: Sendable {
    let refine: [Conv]
    let fuse: Conv
  }

  let path: String
  private let cv1: Conv
  private let upsample: any Block
  private let cv2: Conv
  private let cv3: Conv
  private let fusion: Fusion?
  /// The classes of pixels, of all levels together; training alone reads them.
  private let semantic: (@Sendable () throws -> Sequential)?

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    upsample =
      record.isOriginal
      ? try Upsample(record.child("upsample", of: "Upsample"))
      : try ConvTranspose2d(record.child("upsample", of: "ConvTranspose2d"))
    cv2 = try record.conv("cv2")
    cv3 = try record.conv("cv3")
    switch record.className {
    case "Proto":
      fusion = nil
      semantic = nil
    case "Proto26":
      fusion = Fusion(
        refine: try record.child("feat_refine", of: "ModuleList").children.map { try Conv($0) },
        fuse: try record.conv("feat_fuse"))
      // A branch that only training needs; a file that is damaged there predicts as well.
      if record.hasChild("semseg") {
        try record.child("semseg").markUsed()
        semantic = { try Sequential(record.child("semseg")) }
      } else {
        semantic = nil
      }
    default:
      throw ModelError.unsupported(
        path: path, setting: "the class", found: record.className, supported: "Proto, Proto26")
    }
  }

  func callAsFunction(_ inputs: [Value]) throws -> Value {
    try prototypes(of: summed(inputs))
  }

  private func prototypes(of sum: Value) throws -> Value {
    let features = try fusion?.fuse(sum) ?? sum
    return try cv3(cv2(upsample([cv1(features)]))).named(path)
  }

  /// Traces the classes of pixels as an output, if there are some: of the levels' sum, before it is
  /// fused.
  func semanticOutput(_ sum: Value, _ builder: GraphBuilder) throws -> Int? {
    guard let semantic = try semantic?() else { return nil }
    return builder.output(try semantic(sum), named: semantic.path)
  }

  /// Returns the finest level with what is taken in of the others, added up.
  func summed(_ inputs: [Value]) throws -> Value {
    let levels = (fusion?.refine.count ?? 0) + 1
    guard let finest = inputs.first, fusion == nil || inputs.count == levels else {
      throw ModelError.inputCount(at: path, expected: levels, found: inputs.count)
    }
    var x = finest
    if let fusion {
      for (refine, level) in zip(fusion.refine, inputs.dropFirst()) {
        x = try x.adding(refine(level).resized(like: finest, at: path), at: path)
      }
    }
    return x
  }

  /// Returns the prototypes, which must be of a number.
  func checked(_ sum: Value, count: Int) throws -> Value {
    let prototypes = try prototypes(of: sum)
    guard prototypes.channels == count else {
      throw GraphError.channelMismatch(at: path, expected: count, found: prototypes.channels)
    }
    return prototypes
  }
}
