import Testing
import YOLOGeometry
import YOLOPostprocess
import YOLOTestSupport

/// The heads of all tasks against Ultralytics, from raw outputs to results.
@Suite struct HeadTests {
  private enum Task: Int {
    case detect, segment, pose, oriented
  }

  /// A head's description and outputs.
  private struct Head {
    let task: Task
    let isOneToOne: Bool
    let isNew: Bool
    let output: HeadOutput

    init(_ fixture: inout Fixture) throws {
      let given = try fixture.integers(8)
      task = try #require(Task(rawValue: given[0]))
      isOneToOne = given[5] == 1
      isNew = given[6] == 1
      var output = HeadOutput(
        classCount: given[1], binCount: given[2], extraCount: given[3], levels: [])
      for _ in 0..<given[7] {
        let size = try fixture.integers(3)
        let cells = size[0] * size[1]
        output.levels.append(
          HeadOutput.Level(
            height: size[0], width: size[1], stride: size[2],
            boxes: try fixture.fractions(cells * 4 * given[2], of: 16),
            classes: try fixture.floats(cells * given[1]),
            extra: given[3] == 1
              ? try fixture.floats(cells) : try fixture.fractions(cells * given[3], of: 16)))
      }
      if given[4] == 1 {
        let size = try fixture.integers(2)
        output.prototypes = (
          size[0], size[1],
          try fixture.fractions(size[0] * size[1] * given[3], of: 32)
        )
      }
      self.output = output
    }

    func instances(
      _ selection: Selection, _ letterbox: Letterbox, masks: MaskGrid = .letterbox,
      space: ResultSpace = .source
    ) throws -> [Instance] {
      let (classes, bins) = (output.classCount, output.binCount)
      return try output.withLevelsAndPrototypes(padding: 3) { levels, prototypes in
        switch task {
        case .detect:
          DetectDecoder(classCount: classes, binCount: bins).instances(
            in: levels, select: selection, letterbox: letterbox, space: space)
        case .segment:
          try SegmentDecoder(classCount: classes, binCount: bins).instances(
            in: levels, prototypes: prototypes, select: selection, letterbox: letterbox,
            masks: masks, space: space)
        case .pose:
          PoseDecoder(
            classCount: classes, binCount: bins, keypointCount: output.extraCount / 3,
            valueCount: 3, form: isNew ? .offset : .standard
          ).instances(in: levels, select: selection, letterbox: letterbox, space: space)
        case .oriented:
          OrientedDecoder(
            classCount: classes, binCount: bins, angle: isNew ? .direct : .sigmoid
          ).instances(in: levels, select: selection, letterbox: letterbox, space: space)
        }
      }
    }

    func selection(
      _ thresholds: [Double], isAgnostic: Bool = false, limit: Int, classes: Set<Int>? = nil,
      choice: ClassChoice = .best
    ) -> Selection {
      Selection(
        confidence: thresholds[0], classes: classes, choice: choice,
        method: isOneToOne ? .ranking : .suppression(iouThreshold: thresholds[1]),
        isAgnostic: isAgnostic, limit: limit)
    }
  }

  /// Rows as Ultralytics has them: box, confidence, class; oriented boxes with the angle.
  private static func rows(_ instances: [Instance], angleIsLast: Bool = false) -> [[Float]] {
    instances.map { instance in
      let score = [instance.confidence, Float(instance.classIndex)]
      guard let oriented = instance.orientedBox else {
        let box = instance.box
        return [box.x1, box.y1, box.x2, box.y2] + score
      }
      let box = [oriented.x, oriented.y, oriented.width, oriented.height]
      return box + (angleIsLast ? score + [oriented.angle] : [oriented.angle] + score)
    }
  }

  /// How far numbers may be from Ultralytics'.
  ///
  /// Its own noise between builds: a mean of 16 distances of up to 15 cells of 32 px has an error
  /// of 1e-4 px in either, and the center of an oriented box adds two of them.
  private static let noise: Float = 5e-4

  @Test func agreesWithUltralytics() throws {
    var fixture = try Fixture("heads.bin")
    var pixels = 0
    var otherPixels = 0
    var counts = [0, 0, 0, 0]
    for number in 0..<(try fixture.integers(1)[0]) {
      let head = try Head(&fixture)
      let given = try fixture.integers(5)
      let letterbox = Letterbox(
        source: Size(width: given[0], height: given[1]),
        target: Size(width: given[2], height: given[2]), stride: 32,
        isRectangular: given[3] == 1)
      let width = head.task == .oriented ? 7 : 6
      for query in 0..<given[4] {
        let thresholds = try fixture.doubles(2)
        let options = try fixture.integers(4)
        let classes = try fixture.integers(options[3])
        let rows = try fixture.rows(fixture.integers(1)[0], of: width)
        let instances = try head.instances(
          head.selection(
            thresholds, isAgnostic: options[0] == 1, limit: options[1],
            classes: classes.isEmpty ? nil : Set(classes)),
          letterbox, masks: options[2] == 1 ? .source : .letterbox)
        let label = "head \(number), \(head.task), query \(query)"
        expectClose(
          Self.rows(instances).flatMap(\.self), rows.flatMap(\.self), .absolute(Self.noise), label)
        counts[head.task.rawValue] += rows.count

        if head.task == .pose {
          expectClose(
            instances.flatMap {
              ($0.keypoints ?? []).flatMap { [$0.point.x, $0.point.y, $0.visibility ?? -1] }
            }, try fixture.floats(rows.count * head.output.extraCount), .absolute(Self.noise),
            label)
        }
        guard head.task == .segment else { continue }
        let found = instances.compactMap(\.letterboxMask)
        for index in rows.indices {
          let size = try fixture.integers(2)
          let mask = try fixture.mask(width: size[0], height: size[1])
          let line = try fixture.points(fixture.integers(1)[0])
          guard index < found.count else { continue }
          #expect(found[index].frame == mask.frame, "\(label)")
          let union = found[index].area + mask.area
          let differing = union - 2 * found[index].intersection(with: mask)
          pixels += mask.area
          otherPixels += differing
          if differing == 0 { #expect(instances[index].outline?.points == line, "\(label)") }
        }
      }
      try Self.evaluation(&fixture, head, letterbox, width: width, label: "head \(number)")
    }
    #expect(fixture.isAtEnd)
    #expect(counts.allSatisfy { $0 > 40 })
    // Sums of 32 products in another order turn pixels whose logit is nearly 0.
    #expect(pixels > 10_000 && Double(otherPixels) < 1e-4 * Double(pixels))
  }

  /// Every class, in letterbox pixels, unclipped, and masks of the prototypes' resolution.
  private static func evaluation(
    _ fixture: inout Fixture, _ head: Head, _ letterbox: Letterbox, width: Int, label: String
  ) throws {
    let thresholds = try fixture.doubles(2)
    let rows = try fixture.rows(fixture.integers(1)[0], of: width)
    let instances = try head.instances(
      head.selection(thresholds, limit: 40, choice: .every), letterbox, masks: .prototypes,
      space: .letterbox)
    expectClose(
      Self.rows(instances, angleIsLast: true).flatMap(\.self), rows.flatMap(\.self),
      .absolute(noise), "\(label), evaluation")
    guard head.task == .segment else { return }
    let found = instances.compactMap(\.letterboxMask)
    for index in rows.indices {
      let mask = try fixture.mask(
        width: head.output.prototypes.width, height: head.output.prototypes.height)
      guard index < found.count else { continue }
      #expect(
        found[index].intersection(with: mask) == mask.area
          && found[index].area == mask.area, "\(label)")
      #expect(instances[index].outline?.points.isEmpty == true)
    }
  }

  /// Whatever bits a head gives, there is an answer and it is bounded.
  @Test func randomBits() throws {
    let plan = FuzzPlan(cases: 200)
    var random = SplitMix64(seed: plan.seed)
    for number in 0..<plan.cases {
      let letterbox = Letterbox(
        source: Size(
          width: Int.random(in: 1...90, using: &random),
          height: Int.random(in: 1...90, using: &random)), target: Size(width: 64, height: 64),
        stride: 32, isRectangular: false)
      let bins = [1, 16][number % 2]
      let classes = Int.random(in: 1...4, using: &random)
      func values(_ count: Int) -> [Float] {
        (0..<count).map { _ in
          Int.random(in: 0..<4, using: &random) == 0
            ? Float(bitPattern: UInt32.random(in: 0...(.max), using: &random))
            : Float.random(in: -4...4, using: &random)
        }
      }
      let side = [0, 1, 4][Int.random(in: 0..<3, using: &random)]
      let prototypeSide = [0, 1, 16][Int.random(in: 0..<3, using: &random)]
      let output = HeadOutput(
        classCount: classes, binCount: bins, extraCount: 6,
        levels: [
          HeadOutput.Level(
            height: side, width: side, stride: 16, boxes: values(side * side * 4 * bins),
            classes: values(side * side * classes), extra: values(side * side * 6))
        ], prototypes: (prototypeSide, prototypeSide, values(prototypeSide * prototypeSide * 6)))
      let selection = Selection(
        confidence: 0.01, choice: number % 3 == 0 ? .every : .best,
        method: number % 4 == 0 ? .ranking : .suppression(iouThreshold: 0.5), limit: 20)
      try output.withLevelsAndPrototypes { levels, prototypes in
        for space in [ResultSpace.source, .letterbox] {
          for grid in [MaskGrid.letterbox, .source, .prototypes] {
            let found = try SegmentDecoder(classCount: classes, binCount: bins).instances(
              in: levels, prototypes: prototypes, select: selection, letterbox: letterbox,
              masks: grid, space: space)
            #expect(found.count <= 20)
            #expect(space == .letterbox || found.allSatisfy { $0.letterboxMask?.isEmpty == false })
          }
          for form in [KeypointForm.standard, .offset] {
            let poses = PoseDecoder(
              classCount: classes, binCount: bins, keypointCount: 3, valueCount: 2, form: form
            ).instances(in: levels, select: selection, letterbox: letterbox, space: space)
            #expect(poses.allSatisfy { $0.keypoints?.count == 3 })
          }
        }
      }
      var oriented = output
      oriented.extraCount = 1
      oriented.prototypes = (0, 0, [])
      oriented.withLevels { levels in
        for angle in [AngleForm.sigmoid, .direct] {
          let found = OrientedDecoder(classCount: classes, binCount: bins, angle: angle)
            .instances(in: levels, select: selection, letterbox: letterbox)
          #expect(found.count <= 20)
        }
      }
    }
  }

  /// Keypoints of two values have no visibility; the forms are those of the documentation.
  @Test func keypointForms() {
    let output = HeadOutput(
      classCount: 1, binCount: 1, extraCount: 2,
      levels: [
        HeadOutput.Level(
          height: 1, width: 2, stride: 8, boxes: [Float](repeating: 1, count: 8),
          classes: [-9, 2], extra: [0, 0, 0.25, 0.5])
      ])
    let letterbox = Letterbox(
      source: Size(width: 64, height: 64), target: Size(width: 64, height: 64), stride: 32,
      isRectangular: false)
    let found = [KeypointForm.standard, .offset].map { form in
      output.withLevels { levels in
        PoseDecoder(classCount: 1, binCount: 1, keypointCount: 1, valueCount: 2, form: form)
          .instances(in: levels, select: Selection(), letterbox: letterbox)
      }
    }
    // (2 · ¼ + 1) · 8 and (¼ + 1½) · 8
    #expect(found[0].first?.keypoints == [Keypoint(Point(x: 12, y: 8), visibility: nil)])
    #expect(found[1].first?.keypoints == [Keypoint(Point(x: 14, y: 8), visibility: nil)])
  }

  /// Of a one-to-one head a cell may give several classes, and classes are filtered at the end.
  @Test func ranking() {
    let output = HeadOutput(
      classCount: 2, binCount: 1,
      levels: [
        HeadOutput.Level(
          height: 1, width: 2, stride: 8, boxes: [Float](repeating: 1, count: 8),
          classes: [1, 2, 3, -1])
      ])
    let letterbox = Letterbox(
      source: Size(width: 64, height: 64), target: Size(width: 64, height: 64), stride: 32,
      isRectangular: false)
    func classes(_ selection: Selection) -> [Int] {
      output.withLevels { levels in
        DetectDecoder(classCount: 2, binCount: 1)
          .instances(in: levels, select: selection, letterbox: letterbox).map(\.classIndex)
      }
    }
    #expect(classes(Selection(method: .ranking)) == [0, 1])
    #expect(classes(Selection(confidence: 0.01, method: .ranking)) == [0, 1])
    #expect(classes(Selection(confidence: 0.01, method: .ranking, isAgnostic: true)) == [0, 1])
    #expect(classes(Selection(classes: [1], method: .ranking)) == [1])
    #expect(classes(Selection(method: .ranking, limit: 1)) == [0])
  }
}

/// The bound on the memory of masks.
@Suite struct MaskBoundTests {
  @Test func masksThatTakeTooMuchAreRefused() {
    // A hundred cells, each with a box over all of an image of a hundred million pixels.
    let side = 10
    let output = HeadOutput(
      classCount: 1, binCount: 1,
      levels: [
        HeadOutput.Level(
          height: side, width: side, stride: 32,
          boxes: [Float](repeating: 20, count: 4 * side * side),
          classes: [Float](repeating: 3, count: side * side),
          extra: [Float](repeating: 1, count: side * side))
      ], prototypes: (80, 80, [Float](repeating: 1, count: 80 * 80)))
    let letterbox = Letterbox(
      source: Size(width: 10_000, height: 10_000), target: Size(width: 320, height: 320),
      stride: 32, isRectangular: true)
    let selection = Selection(method: .ranking, limit: 100)
    #expect(throws: MaskError.tooLarge(objects: 100, bytes: 10_000_000_000)) {
      try output.withLevelsAndPrototypes { levels, prototypes in
        _ = try SegmentDecoder(classCount: 1, binCount: 1).instances(
          in: levels, prototypes: prototypes, select: selection, letterbox: letterbox,
          masks: .source)
      }
    }
  }
}
