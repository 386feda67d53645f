import YOLOGeometry

/// What the terms of a loss share in an evaluation.
struct LossContext {
  let description: LossDescription
  let grid: AnchorGrid
  let outputs: BranchOutputs
  /// The factor of every gradient: the number of images times the weight of the branch.
  let scale: Float
  /// Whether prototypes and semantic logits are constants, as they are for the one-to-one branch.
  let sharesAsConstants: Bool
  /// The sum of the soft scores of the batch, at least 1.
  let scoreSum: Float
  /// The number of assigned anchors of the batch.
  let positives: Int

  var classTerm: ClassTerm {
    ClassTerm(
      scale: description.gains.classes / scoreSum * scale, weights: description.classWeights)
  }

  var boxTerms: BoxTerms {
    BoxTerms(
      bins: description.binCount, boxScale: description.gains.box / scoreSum * scale,
      distanceScale: description.gains.distances / scoreSum * scale,
      inputSize: SIMD4(
        grid.inputWidth, grid.inputHeight, grid.inputWidth, grid.inputHeight))
  }

  var orientedTerms: OrientedTerms {
    OrientedTerms(
      boxes: boxTerms, angleScale: description.gains.angle / scoreSum * scale,
      isRaw: description.isYOLO26)
  }

  /// The number of keypoints of all assigned anchors, at least 1.
  var keypointTotal: Float { Float(max(positives * description.keypointCount, 1)) }

  var keypointTerm: KeypointTerm {
    KeypointTerm(
      description, poseScale: description.gains.pose / keypointTotal * scale,
      visibilityScale: description.gains.visibility / keypointTotal * scale,
      inputWidth: grid.inputWidth, inputHeight: grid.inputHeight)
  }
}

/// Sums of the terms, before they are divided by what they are means of.
struct LossTerms {
  var box = 0.0
  var classes = 0.0
  var distances = 0.0
  var angle = 0.0
  var masks = 0.0
  var semantic = 0.0
  var pose = 0.0
  var visibility = 0.0
  /// With its gain.
  var likelihood = 0.0

  static func += (a: inout LossTerms, b: LossTerms) {
    a.box += b.box
    a.classes += b.classes
    a.distances += b.distances
    a.angle += b.angle
    a.masks += b.masks
    a.semantic += b.semantic
    a.pose += b.pose
    a.visibility += b.visibility
    a.likelihood += b.likelihood
  }

  /// Returns the terms with their gains, in the order of their names.
  func values(_ context: LossContext) -> BranchLoss.Values {
    let description = context.description
    let gains = description.gains
    let score = Double(context.scoreSum)
    let box = self.box / score * Double(gains.box)
    let classes = self.classes / score * Double(gains.classes)
    let distances = self.distances / score * Double(gains.distances)
    let keypoints = Double(context.keypointTotal)
    let items: [Double] =
      switch description.task {
      case .segment:
        [
          box, masks / Double(max(context.positives, 1)) * Double(gains.box), classes, distances,
          semantic / Double(context.grid.batch) * Double(gains.box),
        ]
      case .pose:
        [
          box, pose / keypoints * Double(gains.pose),
          visibility / keypoints * Double(gains.visibility), classes, distances,
        ] + (description.isYOLO26 ? [likelihood] : [])
      case .obb: [box, classes, distances, angle / score * Double(gains.angle)]
      case .detect, .classify, .semantic, .depth: [box, classes, distances]
      }
    return BranchLoss.Values(
      items: items.map { Float($0) }, sum: items.reduce(0, +), positives: context.positives)
  }
}
