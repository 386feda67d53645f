import YOLOTrainingData

/// The term of YOLO26's class logits of pixels: half the mean cross-entropy and half the mean of one
/// less the Dice coefficient of each class's map (Milletari and others, "V-Net", arXiv:1606.04797).
///
/// It holds the working memory for an image at a time.
final class SemanticTerm {
  private let overlaps = Scratch<Double>()
  private let sums = Scratch<Double>()
  private let areas = Scratch<Double>()

  /// Assigns the gradients of an image's logits unless they are constants, and returns the term's
  /// value for the image before the mean over images.
  ///
  /// Pixels of masks of another size are those nearest to the logits' upper left corners. Without
  /// assigned anchors in the batch there is no term.
  func add(_ image: Int, masks: TargetMasks?, _ context: LossContext) -> Double {
    guard let map = context.outputs.semantic else { return 0 }
    guard context.positives > 0 else {
      if !context.sharesAsConstants {
        map.clearGradients(image: image, rows: 0..<map.height)
      }
      return 0
    }
    let channels = map.channels
    for scratch in [overlaps, sums, areas] {
      scratch.reserve(channels).update(repeating: 0, count: channels)
    }
    var entropy = 0.0
    for row in 0..<map.height {
      for column in 0..<map.width {
        entropy += accumulate(
          map.values + map.position(image: image, row: row, column: column), channels,
          category: Self.category(masks, row, column, map))
      }
    }
    let maps = Double(channels)
    let pixels = Double(map.height * map.width)
    var dice = 0.0
    for channel in 0..<channels {
      let union = sums.base[channel] + areas.base[channel] + 1
      dice += 1 - (2 * overlaps.base[channel] + 1) / union
    }
    if !context.sharesAsConstants { assign(map, image, masks, context) }
    return 0.5 * entropy / (maps * pixels) + 0.5 * dice / maps
  }

  /// Returns the class of a pixel of the logits, or -1.
  @inline(__always)
  private static func category(
    _ masks: TargetMasks?, _ row: Int, _ column: Int, _ map: LossMap
  ) -> Int {
    guard let masks else { return -1 }
    let y = row &* masks.height / map.height
    let x = column &* masks.width / map.width
    return Int(masks.semantic[y &* masks.width &+ x])
  }

  /// Adds a pixel to the sums of the classes and returns its cross-entropies' sum.
  @inline(__always)
  private func accumulate(
    _ values: UnsafePointer<Float>, _ channels: Int, category: Int
  ) -> Double {
    var entropy = 0.0
    var start = 0
    while start < channels {
      let count = min(8, channels &- start)
      var z = LossLanes(repeating: -87)
      var lane = 0
      while lane < count {
        z[lane] = values[start &+ lane]
        lane &+= 1
      }
      let (loss, p) = softplusAndSigmoid(z)
      lane = 0
      while lane < count {
        sums.base[start &+ lane] += Double(p[lane])
        entropy += Double(loss[lane])
        lane &+= 1
      }
      if category >= start, category < start &+ count {
        entropy -= Double(z[category &- start])
        overlaps.base[category] += Double(p[category &- start])
        areas.base[category] += 1
      }
      start &+= 8
    }
    return entropy
  }

  private func assign(
    _ map: LossMap, _ image: Int, _ masks: TargetMasks?, _ context: LossContext
  ) {
    let channels = map.channels
    let perMap =
      0.5 * context.description.gains.box * context.scale
      / Float(context.grid.batch * channels)
    let entropyScale = perMap / Float(map.height * map.width)
    for row in 0..<map.height {
      for column in 0..<map.width {
        let position = map.position(image: image, row: row, column: column)
        let category = Self.category(masks, row, column, map)
        var channel = 0
        while channel < channels {
          let p = sigmoid(map.values[position &+ channel])
          let target: Float = channel == category ? 1 : 0
          let union = Float(sums.base[channel] + areas.base[channel] + 1)
          let overlap = Float(2 * overlaps.base[channel] + 1)
          let slope = (overlap / union - 2 * target) / union
          map.gradients[position &+ channel] =
            (p - target) * entropyScale + slope * p * (1 - p) * perMap
          channel &+= 1
        }
      }
    }
  }
}
