import YOLOTrainingData

/// The term of masks: the cross-entropy of the logits of an assigned anchor's mask, which are its
/// coefficients times the prototypes, with the mask of its target, within the target's box.
///
/// Prototypes of another size than the masks are resized bilinearly. It holds the working memory for
/// an image at a time.
final class MaskTerm {
  private let resizedValues = Scratch<Float>()
  private let resizedGradients = Scratch<Float>()
  private let logits = Scratch<Float>()

  /// The prototypes of an image at the size of the masks.
  private struct Prototypes {
    let values: UnsafePointer<Float>
    /// Nil where the prototypes are constants.
    let gradients: UnsafeMutablePointer<Float>?
    let height: Int
    let width: Int
    let channels: Int
    let rowStride: Int
    let pixelStride: Int
  }

  /// Assigns the gradients of an image's prototypes, unless they are constants, and of the
  /// coefficients of its assigned anchors.
  ///
  /// - Parameters:
  ///   - image: The image.
  ///   - assignment: What its anchors were assigned to.
  ///   - masks: The masks of its targets; nil if it has none.
  ///   - context: What the terms share.
  /// - Returns: The sum over the anchors of the mean cross-entropy of all pixels, those outside of the
  ///   box counting as zero, divided by the fraction of the input that the box has.
  func add(
    _ image: Int, _ assignment: ImageAssignment, masks: TargetMasks?, _ context: LossContext
  ) -> Double {
    guard let map = context.outputs.prototypes else { return 0 }
    if !context.sharesAsConstants {
      map.clearGradients(image: image, rows: 0..<map.height)
    }
    guard let masks, !assignment.positives.isEmpty else { return 0 }
    let isResized = masks.height != map.height || masks.width != map.width
    let prototypes =
      isResized
      ? resized(map, image, to: masks, context)
      : Prototypes(
        values: map.values + map.position(image: image, row: 0, column: 0),
        gradients: context.sharesAsConstants
          ? nil : map.gradients + map.position(image: image, row: 0, column: 0),
        height: map.height, width: map.width, channels: map.channels, rowStride: map.rowStride,
        pixelStride: map.pixelStride)
    var sum = 0.0
    for positive in assignment.positives {
      let cell = context.grid.cell(positive.anchor)
      guard let extra = context.outputs.levels[cell.level].extra else { continue }
      let position = extra.position(image: image, cell)
      sum += add(
        extra.values + position, extra.gradients + position, prototypes,
        assignment.instances[positive.instance], masks, context)
    }
    if isResized, let gradients = prototypes.gradients {
      forEachSample(map, masks) { target, source, weight in
        let from = gradients + target &* map.channels
        let to =
          map.gradients
          + map.position(image: image, row: source / map.width, column: source % map.width)
        var channel = 0
        while channel < map.channels {
          to[channel] += from[channel] * weight
          channel &+= 1
        }
      }
    }
    return sum
  }

  /// Adds an anchor.
  private func add(
    _ coefficients: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>,
    _ prototypes: Prototypes, _ instance: ImageAssignment.Instance, _ masks: TargetMasks,
    _ context: LossContext
  ) -> Double {
    let (width, height) = (context.grid.inputWidth, context.grid.inputHeight)
    let box = instance.corners / SIMD4(width, height, width, height)
    let area = (box[2] - box[0]) * (box[3] - box[1])
    let size = SIMD4(
      Float(prototypes.width), Float(prototypes.height), Float(prototypes.width),
      Float(prototypes.height))
    let crop = box * size
    let columns = PixelRange.inside(crop[0], crop[2], prototypes.width)
    let rows = PixelRange.inside(crop[1], crop[3], prototypes.height)
    guard !columns.isEmpty, !rows.isEmpty, area > 0 else { return 0 }
    let pixels = Float(prototypes.width * prototypes.height)
    let scale =
      context.description.gains.box * context.scale / Float(context.positives) / pixels / area
    let mask = InstanceMask(masks, instance: instance.source)
    let count = columns.count
    let padded = (count + 7) / 8 * 8
    let row = logits.reserve(padded)
    var sum = 0.0
    for y in rows {
      let offset = y &* prototypes.rowStride &+ columns.lowerBound &* prototypes.pixelStride
      let values = prototypes.values + offset
      var x = 0
      while x < count {
        row[x] = DotProduct.of(
          coefficients, values + x &* prototypes.pixelStride, prototypes.channels)
        x &+= 1
      }
      while x < padded {
        row[x] = 0
        x &+= 1
      }
      sum += Self.entropies(row, count, mask, y, columns.lowerBound, scale)
      Self.accumulate(
        values, stride: prototypes.pixelStride, count: count, times: row, to: gradients,
        prototypes.channels)
      guard let target = prototypes.gradients else { continue }
      x = 0
      while x < count {
        Self.accumulate(
          coefficients, times: row[x], to: target + offset + x &* prototypes.pixelStride,
          prototypes.channels)
        x &+= 1
      }
    }
    return sum / Double(pixels) / Double(area)
  }

  /// Replaces the logits of a row by their gradients, and returns the sum of the cross-entropies.
  private static func entropies(
    _ row: UnsafeMutablePointer<Float>, _ count: Int, _ mask: InstanceMask, _ y: Int,
    _ firstColumn: Int, _ scale: Float
  ) -> Double {
    var sum = 0.0
    var start = 0
    while start < count {
      let z = load(row + start)
      var target = LossLanes.zero
      var isInside = LossLanes.zero
      var lane = 0
      while lane < 8, start &+ lane < count {
        isInside[lane] = 1
        if mask.contains(row: y, column: firstColumn &+ start &+ lane) { target[lane] = 1 }
        lane &+= 1
      }
      // BCE(z, 1) = softplus(-z): without cancellation.
      let sign = 1 - 2 * target
      let (loss, slope) = softplusAndSigmoid(z * sign)
      store(slope * sign * scale, row + start)
      sum += YOLOTraining.sum(loss * isInside)
      start &+= 8
    }
    return sum
  }

  /// Adds `factor` times a run of numbers to another one.
  @inline(__always)
  private static func accumulate(
    _ source: UnsafePointer<Float>, times factor: Float, to target: UnsafeMutablePointer<Float>,
    _ count: Int
  ) {
    var index = 0
    while index &+ 8 <= count {
      store(load(target + index) + load(source + index) * factor, target + index)
      index &+= 8
    }
    while index < count {
      target[index] += source[index] * factor
      index &+= 1
    }
  }

  /// Adds the sum of pixels times their factors to a run of numbers; the sum is made apart, so that
  /// rows are added to the whole.
  @inline(__always)
  private static func accumulate(
    _ pixels: UnsafePointer<Float>, stride: Int, count: Int, times factors: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>, _ channels: Int
  ) {
    var channel = 0
    while channel &+ 8 <= channels {
      var sum = LossLanes.zero
      var index = 0
      while index < count {
        sum += load(pixels + (index &* stride &+ channel)) * factors[index]
        index &+= 1
      }
      store(load(target + channel) + sum, target + channel)
      channel &+= 8
    }
    while channel < channels {
      var sum: Float = 0
      var index = 0
      while index < count {
        sum += pixels[index &* stride &+ channel] * factors[index]
        index &+= 1
      }
      target[channel] += sum
      channel &+= 1
    }
  }

  // MARK: Resizing

  /// Returns the prototypes at the size of the masks, with gradients of zero.
  private func resized(
    _ map: LossMap, _ image: Int, to masks: TargetMasks, _ context: LossContext
  ) -> Prototypes {
    let count = masks.height * masks.width * map.channels
    let values = resizedValues.reserve(count)
    values.update(repeating: 0, count: count)
    forEachSample(map, masks) { target, source, weight in
      let from =
        map.values
        + map.position(image: image, row: source / map.width, column: source % map.width)
      Self.accumulate(from, times: weight, to: values + target &* map.channels, map.channels)
    }
    var gradients: UnsafeMutablePointer<Float>?
    if !context.sharesAsConstants {
      let memory = resizedGradients.reserve(count)
      memory.update(repeating: 0, count: count)
      gradients = memory
    }
    return Prototypes(
      values: values, gradients: gradients, height: masks.height, width: masks.width,
      channels: map.channels, rowStride: masks.width * map.channels, pixelStride: map.channels)
  }

  /// Calls `body` with a pixel of the masks, a pixel of the map, and the weight of the second one in
  /// the first one; pixel centers are at halves, edges are repeated.
  private func forEachSample(
    _ map: LossMap, _ masks: TargetMasks,
    _ body: (_ target: Int, _ source: Int, _ weight: Float) -> Void
  ) {
    func sample(_ index: Int, _ count: Int, _ available: Int) -> (Int, Int, Float) {
      let scale = Float(available) / Float(count)
      let position = max((Float(index) + 0.5) * scale - 0.5, 0)
      let first = min(Int(position), available - 1)
      return (first, min(first + 1, available - 1), position - Float(first))
    }
    for row in 0..<masks.height {
      let (top, bottom, down) = sample(row, masks.height, map.height)
      for column in 0..<masks.width {
        let (left, right, across) = sample(column, masks.width, map.width)
        let target = row &* masks.width &+ column
        body(target, top &* map.width &+ left, (1 - down) * (1 - across))
        body(target, top &* map.width &+ right, (1 - down) * across)
        body(target, bottom &* map.width &+ left, down * (1 - across))
        body(target, bottom &* map.width &+ right, down * across)
      }
    }
  }
}
