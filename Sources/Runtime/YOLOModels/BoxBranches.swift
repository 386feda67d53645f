import YOLOGraph
import YOLOWeights

/// What the heads that find objects share: a box and a class branch at every level, and a third one
/// for what the task adds.
struct BoxBranches: Sendable {
  let path: String
  let classCount: Int
  /// Whether the head is one of the original YOLOv9.
  private let isOriginal: Bool
  private let branch: HeadBranch
  private let binCount: Int
  private let strides: [Int]
  private let boxes: [Sequential]
  private let classes: [Sequential]
  private let extras: [Sequential]
  private let extraEnds: [Conv2d]
  /// The deviations of keypoints, which training alone reads.
  private let deviations: (@Sendable () throws -> [Conv2d])?
  private let extraChannels: Int
  /// Reads the other branch of a head with two.
  private let other: (@Sendable () throws -> BoxBranches)?

  /// The children whose weights may stay unused, without the prefix of a branch.
  private static let needless: Set = [
    "cv2", "cv3", "cv4", "cv4_kpts", "cv4_sigma", "dfl", "flow_model",
  ]

  /// Reads the branches of a head's record.
  ///
  /// - Parameters:
  ///   - record: The head.
  ///   - branch: Which of two branches; a head saved with one only has the unprefixed one.
  ///   - extra: The name of the task's own branch, and the channels that it gives.
  ///   - extraEnd: The name of the last convolution of it, where that is a module of its own.
  ///   - names: The names of the box and the class branch.
  /// - Throws: What the record lacks.
  init(
    _ record: ModuleRecord, branch: HeadBranch, extra: (name: String, channels: Int)? = nil,
    extraEnd: String? = nil, names: (boxes: String, classes: String) = ("cv2", "cv3")
  ) throws {
    path = record.path
    isOriginal = record.isOriginal
    self.branch = branch
    classCount = try record.count("nc", in: 1...1 << 16)
    binCount = try record.count("reg_max", in: 1...256)
    let prefix = branch.prefix
    guard record.hasChild(prefix + names.boxes) else {
      throw ModelError.noBranch(head: path, branch: branch)
    }
    func sequences(_ name: String) throws -> [Sequential] {
      try record.child(prefix + name, of: "ModuleList").children.map { try Sequential($0) }
    }
    boxes = try sequences(names.boxes)
    classes = try sequences(names.classes)
    extras = try extra.map { try sequences($0.name) } ?? []
    extraEnds =
      try extraEnd.map { name in
        try record.child(prefix + name, of: "ModuleList").children.map { try Conv2d($0) }
      } ?? []
    let hasDeviations = extraEnd != nil && record.hasChild(prefix + "cv4_sigma")
    if hasDeviations {
      deviations = { () throws -> [Conv2d] in
        try record.child(prefix + "cv4_sigma", of: "ModuleList").children.map { try Conv2d($0) }
      }
    } else {
      deviations = nil
    }
    extraChannels = extra?.channels ?? 0
    let otherBranch: HeadBranch = branch == .oneToMany ? .oneToOne : .oneToMany
    if record.hasChild(otherBranch.prefix + names.boxes) {
      other = { () throws -> BoxBranches in
        try BoxBranches(record, branch: otherBranch, extra: extra, extraEnd: extraEnd)
      }
    } else {
      other = nil
    }
    let strides = try record.doubles("stride")
    guard strides.count == boxes.count, strides.count == classes.count, !strides.isEmpty,
      extra == nil || extras.count == strides.count,
      extraEnd == nil || extraEnds.count == strides.count,
      strides.allSatisfy({ (1...1024).contains($0) && $0 == $0.rounded() })
    else {
      throw ModelError.unsupported(
        path: path, setting: "stride", found: ModelError.excerpt(strides),
        supported: "an integer for each of the \(boxes.count) levels")
    }
    self.strides = strides.map { Int($0) }
    try record.checkBins(binCount)
    // The bins of a distance have the fixed weights 0, 1, 2, …: they are in the decoder. The rest
    // is the other branch, and what training alone needs.
    for child in record.children where Self.needless.contains(child.unprefixedName) {
      child.markUsed()
    }
  }

  /// Traces the branches and names the outputs.
  func callAsFunction(_ inputs: [Value], _ builder: GraphBuilder) throws -> DetectLayout {
    guard inputs.count == strides.count else {
      throw ModelError.inputCount(at: path, expected: strides.count, found: inputs.count)
    }
    let levels = try levels(inputs, builder)
    var others = [DetectLayout.Level]()
    if let other {
      if builder.isTraining {
        others = try builder.detached { try other().levels(inputs, builder) }
      } else {
        // Taps read the other branch; a file that is damaged there predicts as well.
        builder.attempt { try other().trace(inputs, builder) }
      }
    }
    return DetectLayout(
      classCount: classCount, binCount: binCount, isOneToOne: branch == .oneToOne,
      isUnrounded: isOriginal, levels: levels, oneToOneLevels: others, semantic: nil)
  }

  /// Traces the branches of all levels, and names the outputs.
  private func levels(_ inputs: [Value], _ builder: GraphBuilder) throws -> [DetectLayout.Level] {
    var levels = [DetectLayout.Level]()
    let deviations = builder.isTraining ? try deviations?() ?? [] : []
    for (index, x) in inputs.enumerated() {
      let extra = try extra(x, level: index)
      levels.append(
        DetectLayout.Level(
          stride: strides[index],
          boxes: try output(boxes[index](x), boxes[index].path, channels: 4 * binCount),
          classes: try output(classes[index](x), classes[index].path, channels: classCount),
          extra: try extra.map { try output($0.value, $0.path, channels: extraChannels) },
          deviations: try extra.flatMap { extra in
            guard index < deviations.count else { return nil }
            let end = deviations[index]
            return builder.output(try end(extra.features), named: end.path)
          }))
    }
    return levels

    func output(_ value: Value, _ path: String, channels: Int) throws -> Int {
      guard value.channels == channels else {
        throw GraphError.channelMismatch(at: path, expected: channels, found: value.channels)
      }
      return builder.output(value, named: path)
    }
  }

  /// Traces the branches as what inference does not need.
  private func trace(_ inputs: [Value], _ builder: GraphBuilder) throws {
    guard inputs.count == strides.count else {
      throw ModelError.inputCount(at: path, expected: strides.count, found: inputs.count)
    }
    for (index, x) in inputs.enumerated() {
      if let extra = try extra(x, level: index) { builder.auxiliaryOutput(extra.value) }
      builder.auxiliaryOutput(try boxes[index](x))
      builder.auxiliaryOutput(try classes[index](x))
    }
  }

  /// Traces what the task adds; its features are what the last convolution reads, where that is a
  /// module of its own.
  private func extra(
    _ x: Value, level: Int
  ) throws -> (value: Value, features: Value, path: String)? {
    guard !extras.isEmpty else { return nil }
    let y = try extras[level](x)
    guard !extraEnds.isEmpty else { return (y, y, extras[level].path) }
    return (try extraEnds[level](y), y, extraEnds[level].path)
  }
}

extension ModuleRecord {
  /// Refuses bins of a distance with other weights than those that the decoder has.
  fileprivate func checkBins(_ count: Int) throws {
    guard count > 1, hasChild("dfl") else { return }
    let dfl = try child("dfl")
    guard dfl.className == "DFL", dfl.hasChild("conv") else { return }
    let weight = try dfl.child("conv").tensor("weight", shape: [1, count, 1, 1]).floats()
    guard weight.enumerated().allSatisfy({ $0.element == Float($0.offset) }) else {
      throw ModelError.unsupported(
        path: "\(dfl.path).conv", setting: "weight", found: ModelError.excerpt(weight),
        supported: "0, 1, 2 and so on to \(count - 1), which every training keeps")
    }
  }

  /// The name without the prefix of the one-to-one branch.
  fileprivate var unprefixedName: String {
    let prefix = HeadBranch.oneToOne.prefix
    return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
  }
}
