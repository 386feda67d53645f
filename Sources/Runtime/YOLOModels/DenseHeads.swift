import YOLOGraph
import YOLOKernels
import YOLOWeights

/// The head that finds the class of each pixel: SemanticSegment.
///
/// It reads the finest level; the branch of the coarser one serves training alone.
struct SemanticHead: HeadBlock {
  /// The maximum number of classes: a pixel's class is a byte, of which 255 is none.
  private static let maximumClasses = 255

  private let path: String
  private let classifier: Sequential
  private let classCount: Int

  init(_ record: ModuleRecord, branch: HeadBranch) throws {
    path = record.path
    classCount = try record.count("nc", in: 1...Self.maximumClasses)
    classifier = try Sequential(record.child("classifier", of: "Sequential"))
    if record.hasChild("aux_head") { try record.child("aux_head").markUsed() }
  }

  func callAsFunction(_ inputs: [Value], _ builder: GraphBuilder) throws -> Network.Head {
    guard let finest = inputs.first else {
      throw ModelError.inputCount(at: path, expected: 1, found: 0)
    }
    let logits = try classifier(finest)
    guard logits.channels == classCount else {
      throw GraphError.channelMismatch(
        at: classifier.path, expected: classCount, found: logits.channels)
    }
    return .semantic(
      logits: builder.output(logits, named: classifier.path), classCount: classCount)
  }
}

/// The head that finds the distance of each pixel: Depth.
///
/// From the coarsest level to the finest, each is brought to the next one's size, added to it and
/// refined; the last convolutions double the resolution.
struct DepthHead: HeadBlock {
  private let path: String
  private let projections: [Conv]
  private let refinements: [Sequential]
  private let head: Sequential

  init(_ record: ModuleRecord, branch: HeadBranch) throws {
    path = record.path
    projections = try record.child("proj", of: "ModuleList").children.map { try Conv($0) }
    refinements = try record.child("refine", of: "ModuleList").children.map { try Sequential($0) }
    head = try Sequential(record.child("head", of: "Sequential"))
    guard !projections.isEmpty, refinements.count == projections.count - 1 else {
      throw ModelError.unsupported(
        path: path, setting: "the number of modules in refine", found: "\(refinements.count)",
        supported: "one less than in proj, which has \(projections.count)")
    }
  }

  func callAsFunction(_ inputs: [Value], _ builder: GraphBuilder) throws -> Network.Head {
    guard inputs.count == projections.count else {
      throw ModelError.inputCount(at: path, expected: projections.count, found: inputs.count)
    }
    let levels = try zip(projections, inputs).map { try $0($1) }
    let double = Interpolation(to: .factors(height: 2, width: 2), alignsCorners: true)
    var x = levels[levels.count - 1]
    for index in refinements.indices.reversed() {
      x = try refinements[index](
        x.interpolated(by: double, at: path).adding(levels[index], at: path))
    }
    let logarithm = try head(x)
    guard logarithm.channels == 1 else {
      throw GraphError.channelMismatch(at: head.path, expected: 1, found: logarithm.channels)
    }
    return .depth(logarithm: builder.output(logarithm, named: head.path))
  }
}
