import YOLOGraph
import YOLOWeights

/// The prototypes of masks, made of the finest level at twice its resolution.
///
/// Proto26 first adds all coarser levels to it, brought to its channels and extent.
struct Proto: Block {
  /// How the coarser levels are taken in.
  private struct Fusion: Sendable {
    let refine: [Conv]
    let fuse: Conv
  }

  let path: String
  private let cv1: Conv
  private let upsample: ConvTranspose2d
  private let cv2: Conv
  private let cv3: Conv
  private let fusion: Fusion?

  init(_ record: ModuleRecord) throws {
    path = record.path
    cv1 = try record.conv("cv1")
    upsample = try ConvTranspose2d(record.child("upsample", of: "ConvTranspose2d"))
    cv2 = try record.conv("cv2")
    cv3 = try record.conv("cv3")
    switch record.className {
    case "Proto": fusion = nil
    case "Proto26":
      fusion = Fusion(
        refine: try record.child("feat_refine", of: "ModuleList").children.map { try Conv($0) },
        fuse: try record.conv("feat_fuse"))
      // A branch that only training needs.
      if record.hasChild("semseg") { try record.child("semseg").markUsed() }
    default:
      throw ModelError.unsupported(
        path: path, setting: "the class", found: record.className, supported: "Proto, Proto26")
    }
  }

  func callAsFunction(_ inputs: [Value]) throws -> Value {
    let levels = (fusion?.refine.count ?? 0) + 1
    guard let finest = inputs.first, fusion == nil || inputs.count == levels else {
      throw ModelError.inputCount(at: path, expected: levels, found: inputs.count)
    }
    var x = finest
    if let fusion {
      for (refine, level) in zip(fusion.refine, inputs.dropFirst()) {
        x = try x.adding(refine(level).resized(like: finest, at: path), at: path)
      }
      x = try fusion.fuse(x)
    }
    return try cv3(cv2(upsample(cv1(x)))).named(path)
  }
}
