import YOLOGeometry
import YOLOGraph
import YOLOTestSupport
import YOLOTraining
import YOLOTrainingData

/// Outputs and targets as `Tools/training/loss_fixtures.py` has them, and what Ultralytics' criterion
/// gave for them.
struct LossCase {
  /// A gradient: its maximum, every 211th element, and those of about 24 of the assigned anchors.
  struct Samples {
    var maximum: Float
    var spread: [Float]
    var assigned: [Float]
  }

  struct Assigned: Hashable {
    var image: Int
    var anchor: Int
    var target: Int
  }

  static let sampleStep = 211
  static let assignedLimit = 24

  /// Every how many assigned anchors of a branch one has its gradients stored.
  func assignedStep(branch: Int) -> Int {
    max(1, (assigned[branch].count + Self.assignedLimit - 1) / Self.assignedLimit)
  }

  var description: LossDescription
  var outputs: [BranchMemory] = []
  var targets: [TrainingTargets] = []
  var oneToManyWeight: Float = 1
  var items: [Float] = []
  var total: Float = 0
  var assigned: [[Assigned]] = []
  var scores: [[Float]] = []
  /// By branch, the samples of boxes, classes, extra and deviations as far as they are there.
  var gradients: [[Samples]] = []
  /// The samples of prototypes and semantic logits, as far as they are there.
  var shared: [Samples] = []
  /// The values of the flow's parameters, and the samples of their gradients.
  var flow: [[Float]] = []
  var flowGradients: [Samples] = []

  init(_ name: String) throws {
    var fixture = try Fixture("loss-\(name).bin", beside: #filePath)
    let head = try fixture.integers(8)
    let tasks: [VisionTask] = [.detect, .segment, .pose, .obb]
    let (seed, batch, height, width, classes) = (head[1], head[2], head[3], head[4], head[5])
    let strides = try fixture.integers(head[7])
    let flags = try fixture.integers(12)
    let (count, size) = (flags[2], flags[3])
    description = LossDescription(task: tasks[head[0]], classCount: classes)
    description.binCount = head[6]
    description.isYOLO26 = flags[0] == 1
    description.isDual = flags[1] == 1
    if description.task == .pose {
      description.keypointCount = count
      description.hasVisibility = size == 3
    }
    if flags[9] == 1 { description.classWeights = try fixture.floats(classes) }
    if flags[10] == 1 { description.keypointSigmas = try fixture.floats(count) }
    if description.isDual {
      oneToManyWeight = HeadLoss.oneToManyWeight(epoch: flags[6], of: flags[7])
    }
    try readTargets(
      &fixture, batch, keypoints: count, rows: height / flags[5], columns: width / flags[5],
      isOverlapping: flags[4] == 1)

    let shapes = strides.map { (stride: $0, height: height / $0, width: width / $0) }
    let channels = [
      4 * head[6], classes,
      [VisionTask.segment: 32, .pose: count * size, .obb: 1][description.task] ?? 0,
      description.task == .pose && description.isYOLO26 ? 2 * count : 0,
    ]
    for branch in 0..<(description.isDual ? 2 : 1) {
      let memory = BranchMemory(levels: shapes, batch: batch, channels: channels)
      if flags[11] == 1 {
        for kind in channels.indices where channels[kind] > 0 {
          let count = batch * memory.anchorCount * channels[kind]
          memory.set(kind, try Self.fixedNumbers(&fixture, count))
        }
      } else {
        memory.fill(seed: seed + branch, bins: head[6])
      }
      outputs.append(memory)
    }
    if description.task == .segment {
      let prototypes = MapMemory(batch: batch, height: height / 4, width: width / 4, channels: 32)
      prototypes.fill(
        flags[11] == 1
          ? try Self.fixedNumbers(&fixture, prototypes.count)
          : generated(seed * 100 + 50, -1.5, 3, prototypes.count))
      let divisor = flags[8]
      let semantic =
        description.isYOLO26
        ? MapMemory(
          batch: batch, height: height / divisor, width: width / divisor, channels: classes) : nil
      semantic?.fill(generated(seed * 100 + 51, -3, 5, semantic?.count ?? 0))
      for output in outputs { (output.prototypes, output.semantic) = (prototypes, semantic) }
    }

    items = try fixture.floats(try fixture.integers(1)[0])
    total = try fixture.floats(1)[0]
    for _ in outputs {
      let count = try fixture.integers(1)[0]
      let rows = try fixture.integers(3 * count)
      assigned.append(
        (0..<count).map {
          Assigned(image: rows[3 * $0], anchor: rows[3 * $0 + 1], target: rows[3 * $0 + 2])
        })
      scores.append(try fixture.floats(count))
    }
    func samples(_ count: Int, _ perAnchor: Int, _ positives: Int) throws -> Samples {
      Samples(
        maximum: try fixture.floats(1)[0],
        spread: try fixture.floats((count + Self.sampleStep - 1) / Self.sampleStep),
        assigned: try fixture.floats(perAnchor * positives))
    }
    let anchors = shapes.map { $0.height * $0.width }.reduce(0, +)
    for branch in outputs.indices {
      let step = assignedStep(branch: branch)
      let sampled = (assigned[branch].count + step - 1) / step
      gradients.append(
        try channels.filter { $0 > 0 }.map {
          try samples(batch * anchors * $0, $0, sampled)
        })
    }
    for map in [outputs[0].prototypes, outputs[0].semantic].compactMap({ $0 }) {
      shared.append(try samples(map.count, 0, 0))
    }
    if description.task == .pose, description.isYOLO26 {
      for (index, parameter) in HeadLoss.flowParameters(prefix: "").enumerated() {
        let count = parameter.shape.reduce(1, *)
        let isWeight = parameter.key.hasSuffix("weight")
        let bound = isWeight ? 0.8 / Double(parameter.shape[1]).squareRoot() : 0.2
        flow.append(
          generated(seed * 100 + 60 + index, Float(-bound), Float(2 * bound), count))
        flowGradients.append(try samples(count, 0, 0))
      }
    }
    guard fixture.isAtEnd else { throw Surplus() }
  }

  struct Surplus: Error {}

  /// Reads multiples of 1/512.
  private static func fixedNumbers(_ fixture: inout Fixture, _ count: Int) throws -> [Float] {
    let bytes = try fixture.data(2 * count)
    return (0..<count).map {
      let bits = UInt16(bytes[2 * $0]) | UInt16(bytes[2 * $0 + 1]) << 8
      return Float(Int16(bitPattern: bits)) / 512
    }
  }

  private mutating func readTargets(
    _ fixture: inout Fixture, _ batch: Int, keypoints: Int, rows: Int, columns: Int,
    isOverlapping: Bool
  ) throws {
    for _ in 0..<batch {
      let count = try fixture.integers(1)[0]
      var target = TrainingTargets(classes: try fixture.integers(count))
      let boxes = try fixture.floats(4 * count)
      target.boxes = (0..<count).map {
        SIMD4(boxes[4 * $0], boxes[4 * $0 + 1], boxes[4 * $0 + 2], boxes[4 * $0 + 3])
      }
      if description.task == .obb { target.angles = try fixture.floats(count) }
      if description.task == .pose {
        let points = try fixture.floats(3 * count * keypoints)
        target.keypoints = (0..<count * keypoints).map {
          SIMD3(points[3 * $0], points[3 * $0 + 1], points[3 * $0 + 2])
        }
      }
      if description.task == .segment {
        target.masks = Self.masks(
          try fixture.integers(4 * count), classes: target.classes, rows: rows, columns: columns,
          isOverlapping: isOverlapping)
      }
      targets.append(target)
    }
  }

  /// Masks that are ellipses: center and radii in half pixels.
  private static func masks(
    _ shapes: [Int], classes: [Int], rows: Int, columns: Int, isOverlapping: Bool
  ) -> TargetMasks {
    let size = rows * columns
    var values = [UInt16](repeating: 0, count: isOverlapping ? size : size * classes.count)
    var semantic = [Int32](repeating: -1, count: size)
    for (index, category) in classes.enumerated() {
      let (cx, cy) = (shapes[4 * index], shapes[4 * index + 1])
      let (rx, ry) = (shapes[4 * index + 2], shapes[4 * index + 3])
      for row in 0..<rows {
        for column in 0..<columns {
          let (dx, dy) = (2 * column + 1 - cx, 2 * row + 1 - cy)
          guard dx * dx * ry * ry + dy * dy * rx * rx < rx * rx * ry * ry else { continue }
          let pixel = row * columns + column
          values[isOverlapping ? pixel : index * size + pixel] =
            isOverlapping ? UInt16(index + 1) : 1
          semantic[pixel] = Int32(category)
        }
      }
    }
    return TargetMasks(
      height: rows, width: columns, isOverlapping: isOverlapping, values: values,
      semantic: semantic)
  }

  /// Evaluates a loss of the outputs, whose memory lives as long as that.
  func evaluate(
    _ loss: HeadLoss, targets: [TrainingTargets], oneToManyWeight: Float
  ) throws(LossError) -> LossValues {
    defer { withExtendedLifetime(outputs) {} }
    return try loss.evaluate(
      .branches(
        oneToMany: outputs[0].outputs, oneToOne: outputs.count > 1 ? outputs[1].outputs : nil),
      targets: targets, oneToManyWeight: oneToManyWeight)
  }
}

/// Numbers low ..< low + size of the generator that `loss_fixtures.py` has, too.
func generated(_ seed: Int, _ low: Float, _ size: Float, _ count: Int) -> [Float] {
  var generator = SplitMix64(seed: UInt64(seed))
  return (0..<count).map { _ in
    low + size * (Float(generator.next() >> 40) / Float(1 << 24))
  }
}
