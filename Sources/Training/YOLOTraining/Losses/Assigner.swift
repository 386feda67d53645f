import YOLOGeometry
import YOLOSystem
import YOLOTrainingData

/// Assigns anchors to the targets of an image by how well their predictions fit (Feng and others,
/// "TOOD: Task-aligned One-stage Object Detection", arXiv:2108.07755).
///
/// It holds the working memory for an image at a time.
final class Assigner {
  /// What is assigned for.
  struct Settings {
    let description: LossDescription
    /// How many anchors a target marks.
    let markCount: Int
    /// How many of those that are left to it, it keeps; nil for all.
    let keptCount: Int?
  }

  let settings: Settings
  private let decoder: DistanceDecoder
  var isOriented: Bool { settings.description.task == .obb }

  /// What is read of a level of the image.
  private struct Level {
    let boxes: LossMap
    let classes: LossMap
    let extra: LossMap?
    let stride: Float
    /// The offset of the image's first element in the class map.
    let classOffset: Int
  }
  private let levels = Scratch<Level>()

  // By anchor.
  private let isDecoded = Scratch<Bool>()
  /// The predicted boxes in pixels; not for oriented ones.
  let x1 = Scratch<Float>()
  let y1 = Scratch<Float>()
  let x2 = Scratch<Float>()
  let y2 = Scratch<Float>()
  let aspects = Scratch<Float>()
  /// The predicted oriented boxes in pixels.
  let gaussians = Scratch<GaussianBox>()
  private let bestOverlap = Scratch<Float>()
  private let bestInstance = Scratch<Int32>()
  private let owners = Scratch<Int32>()

  // By candidate: an anchor within a target.
  private(set) var candidateCount = 0
  let anchors = Scratch<Int32>()
  let cells = Scratch<AnchorGrid.Cell>()
  let overlaps = Scratch<Float>()
  let metrics = Scratch<Float>()
  private var ranges = ContiguousArray<Range<Int>>()

  private var highest = HighestMetrics()
  private var picks = ContiguousArray<Int>()
  private var marked = ContiguousArray<Int32>()
  /// The kept anchors of a target, and their metrics.
  private let keptAnchors = Scratch<Int32>()
  private let keptMetrics = Scratch<Float>()
  let maskOverlap = MaskOverlap()

  private static let unowned: Int32 = -1
  private static let contested: Int32 = -2

  init(_ settings: Settings) {
    self.settings = settings
    decoder = DistanceDecoder(bins: settings.description.binCount)
  }

  /// Assigns anchors of an image to the instances of `assignment`.
  func assign(
    image: Int, targets: TrainingTargets, outputs: BranchOutputs, grid: AnchorGrid,
    to assignment: ImageAssignment
  ) {
    guard !assignment.instances.isEmpty else { return }
    prepare(image, outputs, grid)
    for (index, instance) in assignment.instances.enumerated() {
      let start = candidateCount
      if isOriented {
        appendOrientedCandidates(instance, grid)
      } else {
        appendCandidates(instance, grid)
      }
      let range = start..<candidateCount
      ranges.append(range)
      overlaps.grow(to: candidateCount, keeping: start)
      metrics.grow(to: candidateCount, keeping: start)
      decode(range, image, outputs, grid)
      findOverlaps(range, instance, image, targets, outputs, grid)
      findMetrics(range, instance)
      if settings.description.task == .segment, settings.description.isYOLO26 {
        maskOverlap.add(
          to: self, range, instance, image: image, targets: targets, outputs: outputs, grid: grid)
        findMetrics(range, instance)
      }
      rank(range, Int32(index), assignment)
      mark(range, Int32(index), grid)
    }
    settle()
    keep(assignment, grid)
  }

  private func prepare(_ image: Int, _ outputs: BranchOutputs, _ grid: AnchorGrid) {
    let count = grid.count
    let levels = self.levels.reserve(grid.levels.count)
    for (index, level) in outputs.levels.enumerated() {
      (levels + index).initialize(
        to: Level(
          boxes: level.boxes, classes: level.classes, extra: level.extra,
          stride: Float(level.stride),
          classOffset: level.classes.position(image: image, row: 0, column: 0)))
    }
    isDecoded.reserve(count).update(repeating: false, count: count)
    bestOverlap.reserve(count).update(repeating: 0, count: count)
    bestInstance.reserve(count).update(repeating: 0, count: count)
    owners.reserve(count).update(repeating: Self.unowned, count: count)
    if isOriented {
      gaussians.reserve(count)
    } else {
      x1.reserve(count)
      y1.reserve(count)
      x2.reserve(count)
      y2.reserve(count)
      aspects.reserve(count)
    }
    candidateCount = 0
    ranges.removeAll(keepingCapacity: true)
    marked.removeAll(keepingCapacity: true)
  }

  // MARK: Candidates

  /// Appends the anchors whose centers are inside of a box, whose sides are extended to the minimum.
  private func appendCandidates(_ instance: ImageAssignment.Instance, _ grid: AnchorGrid) {
    let corners = instance.corners
    let center = SIMD2((corners[0] + corners[2]) / 2, (corners[1] + corners[3]) / 2)
    var size = SIMD2(corners[2] - corners[0], corners[3] - corners[1])
    size.replace(with: grid.minimumSide, where: size .< grid.minimumSide)
    let low = center - size / 2
    let high = center + size / 2
    let gate = LevelGate(instance, grid, isOpen: !settings.description.gatesLevels)
    let start = candidateCount
    append(gate)
    // A target that no level is for has the anchors of all of them.
    if candidateCount == start, !gate.isOpen { append(LevelGate(isOpen: true)) }

    func append(_ gate: LevelGate) {
      for (index, level) in grid.levels.enumerated() where gate.lets(index) {
        let columns = Self.cells(low.x, high.x, level.stride, level.width)
        let rows = Self.cells(low.y, high.y, level.stride, level.height)
        guard !columns.isEmpty, !rows.isEmpty else { continue }
        reserveCandidates(rows.count * columns.count)
        for row in rows {
          let first = level.first &+ row &* level.width
          for column in columns {
            appendCandidate(
              first &+ column, AnchorGrid.Cell(level: index, row: row, column: column))
          }
        }
      }
    }
  }

  private func reserveCandidates(_ count: Int) {
    anchors.grow(to: candidateCount + count, keeping: candidateCount)
    cells.grow(to: candidateCount + count, keeping: candidateCount)
  }

  @inline(__always)
  private func appendCandidate(_ anchor: Int, _ cell: AnchorGrid.Cell) {
    anchors.base[candidateCount] = Int32(truncatingIfNeeded: anchor)
    cells.base[candidateCount] = cell
    candidateCount &+= 1
  }

  /// The cells of an axis whose centers are inside.
  private static func cells(
    _ low: Float, _ high: Float, _ stride: Float, _ count: Int
  ) -> Range<Int> {
    func isInside(_ cell: Int) -> Bool {
      let center = (Float(cell) + 0.5) * stride
      return center - low > 1e-9 && high - center > 1e-9
    }
    // Coordinates were limited when the targets were read: both conversions are safe.
    var first = min(max(Int(low / stride) - 2, 0), count)
    while first < count, !isInside(first) {
      guard (Float(first) + 0.5) * stride < high else { return first..<first }
      first += 1
    }
    var end = first
    while end < count, isInside(end) { end += 1 }
    return first..<end
  }

  /// Appends the anchors whose centers are inside of an oriented box or on its edge.
  private func appendOrientedCandidates(_ instance: ImageAssignment.Instance, _ grid: AnchorGrid) {
    var half = SIMD2(instance.box[2], instance.box[3])
    half.replace(with: grid.minimumSide, where: half .< grid.minimumSide)
    half /= 2
    let cosine = cosf(instance.angle)
    let sine = sinf(instance.angle)
    let reach = SIMD2(
      half.x * abs(cosine) + half.y * abs(sine), half.x * abs(sine) + half.y * abs(cosine))
    for (index, level) in grid.levels.enumerated() {
      func cells(_ center: Float, _ reach: Float, _ count: Int) -> Range<Int> {
        let first = min(max(Int((center - reach) / level.stride) - 2, 0), count)
        let end = min(max(Int((center + reach) / level.stride) + 2, 0), count)
        return first..<max(first, end)
      }
      let columns = cells(instance.box[0], reach.x, level.width)
      let rows = cells(instance.box[1], reach.y, level.height)
      reserveCandidates(rows.count * columns.count)
      for row in rows {
        let dy = (Float(row) + 0.5) * level.stride - instance.box[1]
        for column in columns {
          let dx = (Float(column) + 0.5) * level.stride - instance.box[0]
          let along = dx * cosine + dy * sine
          let across = dy * cosine - dx * sine
          guard abs(along) <= half.x, abs(across) <= half.y else { continue }
          appendCandidate(
            level.first &+ row &* level.width &+ column,
            AnchorGrid.Cell(level: index, row: row, column: column))
        }
      }
    }
  }

  // MARK: Predictions

  private func decode(
    _ range: Range<Int>, _ image: Int, _ outputs: BranchOutputs, _ grid: AnchorGrid
  ) {
    let (anchors, cells, levels) = (self.anchors.base, self.cells.base, self.levels.base)
    let isDecoded = self.isDecoded.base
    for position in range {
      let anchor = Int(anchors[position])
      guard !isDecoded[anchor] else { continue }
      isDecoded[anchor] = true
      let cell = cells[position]
      let level = levels + cell.level
      let boxes = level.pointee.boxes
      let distances = decoder.distances(boxes.values + boxes.position(image: image, cell))
      if isOriented {
        decodeOriented(anchor, distances, image, cell, level.pointee)
        continue
      }
      let center = cell.center
      let box =
        SIMD4(
          center.x - distances[0], center.y - distances[1], center.x + distances[2],
          center.y + distances[3]) * level.pointee.stride
      x1.base[anchor] = box[0]
      y1.base[anchor] = box[1]
      x2.base[anchor] = box[2]
      y2.base[anchor] = box[3]
      aspects.base[anchor] = CompleteIoU.aspect(box)
    }
  }

  private func decodeOriented(
    _ anchor: Int, _ distances: SIMD4<Float>, _ image: Int, _ cell: AnchorGrid.Cell,
    _ level: Level
  ) {
    guard let extra = level.extra else { return }
    let angle = OrientedDecoder.angle(
      extra.values[extra.position(image: image, cell)], isRaw: settings.description.isYOLO26)
    let box =
      OrientedDecoder.box(distances, angle: angle, center: cell.center) * level.stride
    (gaussians.base + anchor).initialize(
      to: GaussianBox(
        OrientedBox(x: box[0], y: box[1], width: box[2], height: box[3], angle: angle)))
  }

  private func findOverlaps(
    _ range: Range<Int>, _ instance: ImageAssignment.Instance, _ image: Int,
    _ targets: TrainingTargets, _ outputs: BranchOutputs, _ grid: AnchorGrid
  ) {
    if isOriented {
      let target = GaussianBox(
        OrientedBox(
          x: instance.box[0], y: instance.box[1], width: instance.box[2],
          height: instance.box[3], angle: instance.angle))
      for position in range {
        let overlap = gaussians.base[Int(anchors.base[position])].overlap(with: target)
        overlaps.base[position] = overlap < 0 ? 0 : overlap
      }
      return
    }
    if settings.description.task == .pose, settings.description.isYOLO26,
      findSimilarities(range, instance, image, targets, outputs, grid)
    {
      return
    }
    let aspect = CompleteIoU.aspect(instance.corners)
    let anchors = self.anchors.base
    let overlaps = self.overlaps.base
    let (x1, y1, x2, y2) = (self.x1.base, self.y1.base, self.x2.base, self.y2.base)
    let allAspects = self.aspects.base
    var position = range.lowerBound
    while position < range.upperBound {
      var (left, top, right, bottom) = (
        LossLanes.zero, LossLanes.zero, LossLanes.zero, LossLanes.zero
      )
      var aspects = LossLanes.zero
      let count = min(8, range.upperBound &- position)
      var lane = 0
      while lane < count {
        let anchor = Int(anchors[position &+ lane])
        left[lane] = x1[anchor]
        top[lane] = y1[anchor]
        right[lane] = x2[anchor]
        bottom[lane] = y2[anchor]
        aspects[lane] = allAspects[anchor]
        lane &+= 1
      }
      var values = CompleteIoU.values(
        x1: left, y1: top, x2: right, y2: bottom, aspects: aspects, with: instance.corners,
        aspect: aspect)
      values.replace(with: 0, where: values .< 0)
      lane = 0
      while lane < count {
        overlaps[position &+ lane] = values[lane]
        lane &+= 1
      }
      position &+= 8
    }
  }

  /// Overlaps of the task pose of YOLO26: the similarities of the keypoints; false where the target
  /// has none that is labeled.
  private func findSimilarities(
    _ range: Range<Int>, _ instance: ImageAssignment.Instance, _ image: Int,
    _ targets: TrainingTargets, _ outputs: BranchOutputs, _ grid: AnchorGrid
  ) -> Bool {
    let count = settings.description.keypointCount
    let similarity = KeypointSimilarity(
      targets.keypoints, first: instance.source * count, sigmas: settings.description.sigmas,
      box: instance.box, grid: grid)
    guard similarity.isLabeled else { return false }
    let size = settings.description.hasVisibility ? 3 : 2
    for position in range {
      let cell = cells.base[position]
      guard let extra = levels.base[cell.level].extra else { continue }
      overlaps.base[position] = similarity.value(
        extra.values + extra.position(image: image, cell), channelsPerKeypoint: size,
        center: cell.center, stride: levels.base[cell.level].stride)
    }
    return true
  }

  /// The metric of a candidate is the root of its class score times the sixth power of its overlap.
  private func findMetrics(_ range: Range<Int>, _ instance: ImageAssignment.Instance) {
    let (cells, levels) = (self.cells.base, self.levels.base)
    let (overlaps, metrics) = (self.overlaps.base, self.metrics.base)
    let category = instance.category
    var position = range.lowerBound
    while position < range.upperBound {
      var logits = LossLanes.zero
      var overlap = LossLanes.zero
      let count = min(8, range.upperBound &- position)
      var lane = 0
      while lane < count {
        let cell = cells[position &+ lane]
        let level = levels + cell.level
        let offset =
          cell.row &* level.pointee.classes.rowStride
          &+ cell.column &* level.pointee.classes.pixelStride
        logits[lane] =
          level.pointee.classes.values[
            level.pointee.classOffset &+ offset &+ category]
        overlap[lane] = overlaps[position &+ lane]
        lane &+= 1
      }
      let square = overlap * overlap
      let values = sigmoid(logits).squareRoot() * (square * square * square)
      lane = 0
      while lane < count {
        metrics[position &+ lane] = values[lane]
        lane &+= 1
      }
      position &+= 8
    }
  }

  // MARK: Choice

  /// Notes for each anchor which target it overlaps most.
  private func rank(_ range: Range<Int>, _ index: Int32, _ assignment: ImageAssignment) {
    for position in range {
      let anchor = Int(anchors.base[position])
      let overlap = overlaps.base[position]
      if overlap > bestOverlap.base[anchor] {
        bestOverlap.base[anchor] = overlap
        bestInstance.base[anchor] = index
      } else if overlap.isNaN {
        assignment.isInvalid = true
      }
    }
  }

  private func mark(_ range: Range<Int>, _ index: Int32, _ grid: AnchorGrid) {
    picks.removeAll(keepingCapacity: true)
    highest.select(
      settings.markCount, anchors: anchors.base + range.lowerBound,
      metrics: metrics.base + range.lowerBound, count: range.count, anchorCount: grid.count,
      into: &picks)
    for pick in picks {
      let anchor = anchors.base[range.lowerBound + pick]
      if owners.base[Int(anchor)] == Self.unowned {
        owners.base[Int(anchor)] = index
        marked.append(anchor)
      } else {
        owners.base[Int(anchor)] = Self.contested
      }
    }
  }

  /// Assigns an anchor that several targets marked to the one that it overlaps most, whether that
  /// marked it or not.
  private func settle() {
    for anchor in marked where owners.base[Int(anchor)] == Self.contested {
      owners.base[Int(anchor)] = bestInstance.base[Int(anchor)]
    }
    marked.sort()
  }

  /// Returns the candidate of a target that an anchor is, if it is within the target.
  private func candidate(_ anchor: Int32, of instance: Int) -> Int? {
    var (low, high) = (ranges[instance].lowerBound, ranges[instance].upperBound)
    while low < high {
      let middle = (low + high) / 2
      if anchors.base[middle] < anchor { low = middle + 1 } else { high = middle }
    }
    return low < ranges[instance].upperBound && anchors.base[low] == anchor ? low : nil
  }

  /// Drops what a target has beyond the number that it keeps, and gives the rest their soft scores.
  private func keep(_ assignment: ImageAssignment, _ grid: AnchorGrid) {
    let anchorsOfTarget = keptAnchors.reserve(marked.count)
    let metricsOfTarget = keptMetrics.reserve(marked.count)
    for instance in assignment.instances.indices {
      var count = 0
      for anchor in marked where owners.base[Int(anchor)] == Int32(instance) {
        anchorsOfTarget[count] = anchor
        metricsOfTarget[count] = candidate(anchor, of: instance).map { metrics.base[$0] } ?? 0
        count += 1
      }
      picks.removeAll(keepingCapacity: true)
      if let kept = settings.keptCount, kept != settings.markCount {
        highest.select(
          kept, anchors: anchorsOfTarget, metrics: metricsOfTarget, count: count,
          anchorCount: grid.count, into: &picks)
        picks.sort()
      } else {
        picks.append(contentsOf: 0..<count)
      }
      var (bestMetric, bestOverlap) = (Float.zero, Float.zero)
      for pick in picks {
        bestMetric = max(bestMetric, metricsOfTarget[pick])
        let overlap = candidate(anchorsOfTarget[pick], of: instance).map { overlaps.base[$0] } ?? 0
        bestOverlap = max(bestOverlap, overlap)
      }
      for pick in picks {
        let score = metricsOfTarget[pick] * bestOverlap / (bestMetric + 1e-9)
        assignment.positives.append(
          .init(anchor: Int(anchorsOfTarget[pick]), instance: instance, score: score))
      }
    }
    assignment.positives.sort { $0.anchor < $1.anchor }
  }
}
