import YOLOTrainingData

/// What masks add to the overlaps by which YOLO26 assigns anchors: the IoU of the predicted mask, in
/// the predicted box, with that of the target.
final class MaskOverlap {
  /// The candidates of a target whose masks are compared, for each anchor that it marks.
  private static let candidatesPerMark = 3

  private var highest = HighestMetrics()
  private var picks = ContiguousArray<Int>()
  private let raisedMetrics = Scratch<Float>()
  private let maskIoU = Scratch<Float>()

  /// Replaces the overlaps of the candidates of a target by the mean of box and mask IoU; the mask
  /// IoU of all but the best ones by the metric is zero.
  func add(
    to assigner: Assigner, _ range: Range<Int>, _ instance: ImageAssignment.Instance, image: Int,
    targets: TrainingTargets, outputs: BranchOutputs, grid: AnchorGrid
  ) {
    guard let prototypes = outputs.prototypes, let masks = targets.masks else { return }
    // Anchors within the target come before all others, whose metric is zero.
    let metrics = raisedMetrics.reserve(range.count)
    let found = maskIoU.reserve(range.count)
    for index in 0..<range.count {
      metrics[index] = assigner.metrics.base[range.lowerBound + index] + 1e-9
      found[index] = 0
    }
    picks.removeAll(keepingCapacity: true)
    highest.select(
      Self.candidatesPerMark * assigner.settings.markCount,
      anchors: assigner.anchors.base + range.lowerBound, metrics: metrics, count: range.count,
      anchorCount: grid.count, into: &picks)
    let mask = SampledMask(
      InstanceMask(masks, instance: instance.source), masks: masks, height: prototypes.height,
      width: prototypes.width)
    let area = mask.area
    for pick in picks {
      let anchor = Int(assigner.anchors.base[range.lowerBound + pick])
      let cell = assigner.cells.base[range.lowerBound + pick]
      guard let extra = outputs.levels[cell.level].extra else { continue }
      found[pick] = Self.overlap(
        coefficients: extra.values + extra.position(image: image, cell), count: extra.channels,
        box: SIMD4(
          assigner.x1.base[anchor], assigner.y1.base[anchor], assigner.x2.base[anchor],
          assigner.y2.base[anchor]) * (Float(prototypes.height) / grid.inputHeight),
        prototypes: prototypes, image: image, mask: mask, area: area)
    }
    for index in 0..<range.count {
      let box = assigner.overlaps.base[range.lowerBound + index]
      assigner.overlaps.base[range.lowerBound + index] = (box + found[index]) / 2
    }
  }

  /// Returns the IoU of the pixels of a box, in prototype pixels, whose logit is above zero with a
  /// mask.
  private static func overlap(
    coefficients: UnsafePointer<Float>, count: Int, box: SIMD4<Float>, prototypes: LossMap,
    image: Int, mask: SampledMask, area: Int
  ) -> Float {
    let columns = PixelRange.inside(box[0], box[2], prototypes.width)
    let rows = PixelRange.inside(box[1], box[3], prototypes.height)
    var predicted = 0
    var common = 0
    for row in rows {
      for column in columns {
        let logit = DotProduct.of(
          coefficients,
          prototypes.values + prototypes.position(image: image, row: row, column: column), count)
        guard logit > 0 else { continue }
        predicted &+= 1
        if mask.contains(row: row, column: column) { common &+= 1 }
      }
    }
    return Float(common) / Float(max(predicted + area - common, 1))
  }
}

/// The pixels of an axis that are in a box.
enum PixelRange {
  /// Returns the pixels p with low ≤ p < high; none where a bound is not a number.
  static func inside(_ low: Float, _ high: Float, _ count: Int) -> Range<Int> {
    let limit = Float(count)
    guard low < high, low < limit, high > 0 else { return 0..<0 }
    let first = Int(max(low, 0).rounded(.up))
    let end = Int(min(high, limit).rounded(.up))
    return first..<max(first, end)
  }
}

/// The mask of a target.
struct InstanceMask {
  private let masks: TargetMasks
  private let offset: Int
  private let number: UInt16

  init(_ masks: TargetMasks, instance: Int) {
    self.masks = masks
    offset = masks.isOverlapping ? 0 : instance * masks.height * masks.width
    number = masks.isOverlapping ? UInt16(truncatingIfNeeded: instance + 1) : 1
  }

  /// Returns whether a pixel belongs to the target.
  @inline(__always)
  func contains(row: Int, column: Int) -> Bool {
    masks.values[offset &+ row &* masks.width &+ column] == number
  }
}

/// The mask of a target at the size of the prototypes: of each of their pixels the mask's pixel at its
/// upper left corner.
private struct SampledMask {
  private let mask: InstanceMask
  private let maskHeight: Int
  private let maskWidth: Int
  private let height: Int
  private let width: Int

  init(_ mask: InstanceMask, masks: TargetMasks, height: Int, width: Int) {
    self.mask = mask
    maskHeight = masks.height
    maskWidth = masks.width
    self.height = height
    self.width = width
  }

  /// Returns whether a pixel belongs to the target.
  @inline(__always)
  func contains(row: Int, column: Int) -> Bool {
    mask.contains(row: row &* maskHeight / height, column: column &* maskWidth / width)
  }

  /// The number of pixels.
  var area: Int {
    var area = 0
    for row in 0..<height {
      for column in 0..<width where contains(row: row, column: column) { area += 1 }
    }
    return area
  }
}

/// Sums of products.
enum DotProduct {
  /// Returns Σ a · b over `count` elements.
  @inline(__always)
  static func of(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int) -> Float {
    var sum = LossLanes.zero
    var index = 0
    while index &+ 8 <= count {
      sum += load(a + index) * load(b + index)
      index &+= 8
    }
    let four = sum.lowHalf + sum.highHalf
    let two = four.lowHalf + four.highHalf
    var total = two[0] + two[1]
    while index < count {
      total += a[index] * b[index]
      index &+= 1
    }
    return total
  }
}
