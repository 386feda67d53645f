import Testing
import YOLODatasets
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOSystem
import YOLOTestSupport
import YOLOTrainingData

/// Samples that are made of the numbers that Ultralytics drew, against its own.
@Suite struct SampleTests {
  /// How far coordinates may be apart, in pixels of the input.
  private static let pixels: Float = 1e-3
  /// How many levels may be more than one away: those of the warp where it rounds otherwise, and
  /// what the color shift then makes of them.
  private static let outliers = 0.001

  @Test(arguments: [
    "mosaic", "turned", "perspective", "single", "plain", "colors", "pair", "mixup", "cutmix",
    "rect", "polygons", "segment", "maps", "paste", "pastemixup", "segmix", "pose", "posemix",
    "obb", "obbsingle", "obbmix",
  ])
  func recorded(name: String) throws {
    let recorded = try RecordedSamples.load()
    let entry = try #require(recorded.cases.first { $0.name == name })
    let task = try #require(VisionTask(rawValue: entry.task))
    let dataset = try Dataset.open(
      path: RecordedSamples.directory + "/sets/\(entry.set)/data.yaml", task: task)
    let index = try TrainingIndex(dataset, usesCache: false)
    let names = index.images.map { $0.path.split(separator: "/").last.map { String($0) } ?? "" }
    if entry.options.rect != true { #expect(names == entry.order) }
    let pipeline = SamplePipeline(
      index: index,
      store: try ImageStore(index: index, imageSize: recorded.size, mode: .none, capacity: 100),
      settings: entry.options.settings, masks: entry.options.masks, imageSize: recorded.size)
    let strip = try ImageReader.read(contentsOf: RecordedSamples.directory + "/\(name).png")
    let scratch = SampleScratch()
    var left = 0
    for sample in entry.samples {
      let label = "\(name), \(sample.file)"
      var draws = Draws(recorded: sample.draws)
      let size = Size(width: sample.width, height: sample.height)
      var pixels = [Float](repeating: 0, count: 3 * size.width * size.height)
      let position = try #require(names.firstIndex(of: sample.file))
      let targets = try pixels.withUnsafeMutableBufferPointer { buffer in
        try pipeline.make(
          position: position, order: EpochOrder(all: names.count), target: size, draws: &draws,
          scratch: scratch, into: #require(buffer.baseAddress))
      }
      #expect(draws.remaining == 0, "\(label)")
      compare(pixels, strip, left: left, size: size, label)
      left += size.width
      compare(targets, sample, task: task, label)
    }
  }

  @Test(arguments: ["randaugment", "autoaugment", "augmix", "jitter"])
  func recordedPolicy(name: String) throws {
    let recorded = try RecordedSamples.load()
    let entry = try #require(recorded.policies?.first { $0.name == name })
    let directory = RecordedSamples.directory + "/sets/classify"
    let dataset = try Dataset.open(path: directory, task: .classify)
    let index = try TrainingIndex(dataset, usesCache: false)
    #expect(index.images.count == 8)
    var settings = AugmentationSettings()
    settings.policy = entry.policy.flatMap { .init(rawValue: $0) }
    settings.flipVertical = entry.options.vflip ?? 0
    settings.hue = entry.options.hsv_h ?? settings.hue
    settings.saturation = entry.options.hsv_s ?? settings.saturation
    settings.value = entry.options.hsv_v ?? settings.value
    let pipeline = SamplePipeline(
      index: index,
      store: try ImageStore(index: index, imageSize: nil, mode: .none, capacity: 10),
      settings: settings, imageSize: recorded.size)
    let strip = try ImageReader.read(contentsOf: RecordedSamples.directory + "/\(name).png")
    for (position, sample) in entry.samples.enumerated() {
      let label = "\(name), \(position): \(sample.file)"
      let size = Size(width: recorded.size, height: recorded.size)
      var draws = Draws(recorded: sample.draws)
      var pixels = [Float](repeating: 0, count: 3 * size.width * size.height)
      let image = try #require(
        index.images.firstIndex { $0.path == directory + "/train/" + sample.file })
      let targets = try pixels.withUnsafeMutableBufferPointer { buffer in
        try pipeline.classify(
          image: image, side: size.width, draws: &draws, into: #require(buffer.baseAddress))
      }
      #expect(targets.classes == [try #require(index.images[image].classIndex)])
      #expect(draws.remaining == 0, "\(label)")
      // Upstream's AugMix works on tensors, which round and map otherwise than Pillow.
      if name == "augmix" {
        compareLoosely(pixels, strip, left: position * size.width, size: size, label)
      } else {
        compare(pixels, strip, left: position * size.width, size: size, label)
      }
    }
  }

  private func compareLoosely(
    _ pixels: [Float], _ strip: Image, left: Int, size: Size, _ label: String
  ) {
    var total = 0
    for y in 0..<size.height {
      for x in 0..<3 * size.width {
        let expected = Int(strip.pixels[(y * strip.width + left) * 3 + x])
        total += abs(Int((pixels[y * size.width * 3 + x] * 255).rounded()) - expected)
      }
    }
    let mean = Double(total) / Double(pixels.count)
    #expect(mean < 3, "\(label): \(mean) levels on average")
  }

  private func compare(
    _ pixels: [Float], _ strip: Image, left: Int, size: Size, _ label: String
  ) {
    var outliers = 0
    var total = 0
    for y in 0..<size.height {
      for x in 0..<3 * size.width {
        let expected = Int(strip.pixels[(y * strip.width + left) * 3 + x])
        let found = Int((pixels[y * size.width * 3 + x] * 255).rounded())
        if abs(found - expected) > 1 { outliers += 1 }
        total += abs(found - expected)
      }
    }
    let fraction = Double(outliers) / Double(pixels.count)
    #expect(fraction <= Self.outliers, "\(label): mean \(Double(total) / Double(pixels.count))")
  }

  private func compare(
    _ targets: TrainingTargets, _ sample: RecordedSamples.Sample, task: VisionTask, _ label: String
  ) {
    let targets = task == .segment ? reordered(targets, as: sample) : targets
    guard targets.classes == sample.classes else {
      Issue.record("\(label): classes \(targets.classes), expected \(sample.classes)")
      return
    }
    let (width, height) = (Float(sample.width), Float(sample.height))
    if task == .obb {
      for (index, row) in sample.boxes.enumerated() {
        compareOriented(targets, index, row, width, height, label)
      }
    } else {
      expectClose(
        targets.boxes.flatMap { [$0.x * width, $0.y * height, $0.z * width, $0.w * height] },
        sample.boxes.flatMap { [$0[0] * width, $0[1] * height, $0[2] * width, $0[3] * height] },
        .absolute(Self.pixels), label)
    }
    if let keypoints = sample.keypoints {
      expectClose(
        targets.keypoints.flatMap { [$0.x * width, $0.y * height, $0.z] },
        keypoints.flatMap { [$0[0] * width, $0[1] * height, $0[2]] }, .absolute(Self.pixels),
        "keypoints of \(label)")
    }
    if let masks = sample.masks {
      compareMasks(targets.masks?.values ?? [], masks, "masks of \(label)")
    }
    if let semantic = sample.semantic, let masks = targets.masks {
      // What Ultralytics has where there is no instance is not used.
      let plane = masks.height * masks.width
      let isCovered = (0..<plane).map { pixel in
        stride(from: pixel, to: masks.values.count, by: plane).contains { masks.values[$0] != 0 }
      }
      compareMasks(
        masks.semantic, zip(semantic, isCovered).map { $1 ? $0 : -1 },
        "semantic map of \(label)")
    }
  }

  /// Returns targets with the instances in the order of the recorded ones: those whose masks have
  /// the same area have an order that differs between processors.
  private func reordered(
    _ targets: TrainingTargets, as sample: RecordedSamples.Sample
  ) -> TrainingTargets {
    var result = targets
    var left = Set(targets.classes.indices)
    var order: [Int] = []
    for (index, row) in sample.boxes.enumerated() {
      func distance(_ other: Int) -> Float {
        let box = targets.boxes[other]
        return abs(box.x - row[0]) + abs(box.y - row[1]) + abs(box.z - row[2])
          + abs(box.w - row[3]) + (other == index ? 0 : 1e-6)
      }
      guard
        let next = left.filter({ targets.classes[$0] == sample.classes[index] })
          .min(by: { distance($0) < distance($1) })
      else { return targets }
      left.remove(next)
      order.append(next)
    }
    guard left.isEmpty else { return targets }
    result.classes = order.map { targets.classes[$0] }
    result.boxes = order.map { targets.boxes[$0] }
    if let masks = targets.masks, masks.isOverlapping {
      var numbers = [UInt16](repeating: 0, count: order.count + 1)
      for (index, old) in order.enumerated() { numbers[old + 1] = UInt16(index + 1) }
      result.masks?.values = masks.values.map { numbers[Int($0)] }
    }
    return result
  }

  private func compareMasks<Value: Equatable>(
    _ found: [Value], _ expected: [Value], _ label: String
  ) {
    guard found.count == expected.count else {
      Issue.record("\(label): \(found.count) values, expected \(expected.count)")
      return
    }
    let wrong = zip(found, expected).count { $0 != $1 }
    // Corners that lie on a whole coordinate may be truncated to either side.
    #expect(Double(wrong) <= 0.002 * Double(expected.count), "\(label): \(wrong) differ")
  }

  /// Of a square the sides and the angle may be exchanged.
  private func compareOriented(
    _ targets: TrainingTargets, _ index: Int, _ row: [Float], _ width: Float, _ height: Float,
    _ label: String
  ) {
    let box = targets.boxes[index]
    let found = OrientedBox(
      x: box.x * width, y: box.y * height, width: box.z * width, height: box.w * height,
      angle: targets.angles[index])
    let expected = OrientedBox(
      x: row[0] * width, y: row[1] * height, width: row[2] * width, height: row[3] * height,
      angle: row[4])
    #expect(found.width >= found.height, "\(label)")
    #expect((-0.7854..<2.35620).contains(found.angle), "\(label)")
    let corners = found.corners
    let distances = expected.corners.map { corner in
      corners.map { hypotf($0.x - corner.x, $0.y - corner.y) }.min() ?? .infinity
    }
    #expect((distances.max() ?? 0) <= 5 * Self.pixels, "\(label): \(found), expected \(expected)")
  }
}
