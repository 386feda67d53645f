import Testing
import YOLODatasets
import YOLOGeometry
import YOLOTestSupport
import YOLOTrainingData

@Suite struct PropertyTests {
  private static func labels(_ task: VisionTask, _ index: Int) -> String {
    let row =
      switch task {
      case .segment: "0.1 0.2 0.7 0.1 0.9 0.6 0.4 0.5 0.2 0.9"
      case .obb: "0.2 0.3 0.6 0.1 0.8 0.5 0.4 0.7"
      case .pose: "0.5 0.5 0.6 0.4 0.3 0.4 2 0.7 0.6 1"
      default: "0.5 0.5 0.6 0.4"
      }
    return "\(index % 3) \(row)\n"
  }

  @Test(arguments: [VisionTask.detect, .segment, .pose, .obb])
  func targetsStayInside(task: VisionTask) throws {
    let set = try TestSet(task, count: 12) { Self.labels(task, $0) }
    let index = try set.index()
    var settings = LoaderSettings()
    settings.imageSize = 96
    settings.batchSize = 6
    settings.workers = 0
    settings.epochs = 40
    var augmentation = AugmentationSettings()
    augmentation.degrees = 180
    augmentation.shear = 20
    augmentation.perspective = 0.001
    augmentation.scale = 0...2
    augmentation.flipVertical = 0.5
    augmentation.exchangeRedBlue = 0.5
    augmentation.mixup = 0.3
    augmentation.cutmix = 0.5
    augmentation.copyPaste = 0.5
    settings.augmentation = augmentation
    let loader = try TrainingLoader(index: index, settings: settings)
    var count = 0
    for epoch in 0..<6 {
      settings.augmentation.copyPasteMode = epoch % 2 == 0 ? .flip : .mixup
      loader.begin(epoch: epoch)
      while let batch = try loader.next() {
        #expect(batch.pixels.allSatisfy { (0...1).contains($0) })
        for targets in batch.targets {
          count += targets.classes.count
          #expect(targets.boxes.count == targets.classes.count)
          #expect(targets.classes.allSatisfy { (0..<3).contains($0) })
          for box in targets.boxes where task != .obb {
            #expect(box.x - box.z / 2 >= -1e-5 && box.x + box.z / 2 <= 1 + 1e-5)
            #expect(box.y - box.w / 2 >= -1e-5 && box.y + box.w / 2 <= 1 + 1e-5)
            #expect(box.z > 0 && box.w > 0)
          }
          switch task {
          case .pose:
            #expect(targets.keypoints.count == 2 * targets.classes.count)
            #expect(
              targets.keypoints.allSatisfy {
                $0.z == 0 || (-1e-5...1.00001).contains($0.x) && (-1e-5...1.00001).contains($0.y)
              })
          case .obb:
            #expect(targets.angles.count == targets.classes.count)
            #expect(targets.angles.allSatisfy { $0 >= -.pi / 4 - 1e-6 && $0 < 0.75 * .pi + 1e-6 })
          case .segment:
            let masks = try #require(targets.masks)
            #expect(masks.values.count == 24 * 24 && masks.semantic.count == 24 * 24)
            #expect(Int(masks.values.max() ?? 0) <= targets.classes.count)
            for (value, semantic) in zip(masks.values, masks.semantic) {
              #expect(
                value == 0 ? semantic == -1 : semantic == Int32(targets.classes[Int(value) - 1]))
            }
          default: #expect(targets.masks == nil)
          }
        }
      }
    }
    #expect(count > 50)
  }

  @Test func mirroringTwiceChangesNothing() {
    var labels = SampleLabels()
    labels.classes = [1, 2]
    labels.boxes = [SIMD4(1, 2, 30, 40), SIMD4(10, 20, 64, 50)]
    labels.keypointCount = 3
    labels.keypoints = (0..<6).map { SIMD3(Float($0), Float(2 * $0), 2) }
    labels.points = [SIMD2(1, 2), SIMD2(30, 2), SIMD2(30, 40), SIMD2(10, 20)]
    labels.pointEnds = [3, 4]
    var mirrored = labels
    mirrored.mirror(width: 64, keypointFlip: [0, 2, 1])
    #expect(mirrored.boxes[0] == SIMD4(34, 2, 63, 40))
    #expect(mirrored.keypoints[1] == SIMD3(62, 4, 2))
    #expect(mirrored.points[3] == SIMD2(54, 20))
    mirrored.mirror(width: 64, keypointFlip: [0, 2, 1])
    #expect(mirrored == labels)
    mirrored.mirrorUpsideDown(height: 64, keypointFlip: nil)
    #expect(mirrored.boxes[0] == SIMD4(1, 24, 30, 62))
    mirrored.mirrorUpsideDown(height: 64, keypointFlip: nil)
    #expect(mirrored == labels)
  }

  @Test func warpIsExactForWholeShifts() throws {
    var random = SplitMix64(seed: 2)
    let canvas = Canvas()
    canvas.copy(try TestSet.image(Size(width: 37, height: 23), using: &random))
    let plane = PixelPlane()
    plane.resize(width: 40, height: 30)
    BilinearWarp(canvas).warp(
      by: PlaneTransform(SIMD3(1, 0, 5), SIMD3(0, 1, -3), SIMD3(0, 0, 1)), into: plane)
    for y in 0..<30 {
      for x in 0..<40 {
        let (column, row) = (x - 5, y + 3)
        let isInside = (0..<37).contains(column) && (0..<23).contains(row)
        for channel in 0..<3 {
          let found = UInt8(truncatingIfNeeded: plane.pixels[y * 40 + x] >> UInt32(8 * channel))
          let expected =
            isInside ? canvas.pixels[3 * (row * 37 + column) + channel] : UInt8(114)
          #expect(found == expected)
        }
      }
    }
    // A map without an inverse leaves gray.
    BilinearWarp(canvas).warp(
      by: PlaneTransform(SIMD3(0, 0, 5), SIMD3(0, 0, 3), SIMD3(0, 0, 1)), into: plane)
    #expect((0..<plane.count).allSatisfy { plane.pixels[$0] & 0xFF_FFFF == 0x72_7272 })
  }

  @Test func polygonsAreClippedToTheFrame() {
    // A U whose legs reach in from the left: the bounds are those of the legs.
    let polygon: [SIMD2<Float>] = [
      SIMD2(-20, 10), SIMD2(8, 10), SIMD2(8, 14), SIMD2(-10, 14), SIMD2(-10, 30), SIMD2(5, 30),
      SIMD2(5, 34), SIMD2(-20, 34),
    ]
    #expect(
      PolygonClip.visibleBounds(of: polygon[...], width: 50, height: 50) == SIMD4(0, 10, 8, 34))
    let around: [SIMD2<Float>] = [
      SIMD2(-10, -10), SIMD2(90, -10), SIMD2(90, 90), SIMD2(-10, 90),
    ]
    #expect(
      PolygonClip.visibleBounds(of: around[...], width: 50, height: 40) == SIMD4(0, 0, 50, 40))
    let outside = around.map { $0 + SIMD2<Float>(100, 0) }
    #expect(PolygonClip.visibleBounds(of: outside[...], width: 50, height: 40) == .zero)
    #expect(PolygonClip.clipped(outside, width: 50, height: 40).isEmpty)
  }

  @Test func generatorIsUniform() {
    var draws = Draws(seed: 1, epoch: 0, stream: 0, purpose: .sample)
    var other = Draws(seed: 1, epoch: 0, stream: 1, purpose: .sample)
    var same = Draws(seed: 1, epoch: 0, stream: 0, purpose: .sample)
    let first = draws.uniform(0, 1)
    #expect(first == same.uniform(0, 1))
    #expect(first != other.uniform(0, 1))
    let numbers = (0..<20_000).map { _ in draws.uniform(-1, 3) }
    #expect(numbers.allSatisfy { (-1..<3).contains($0) })
    // The standard error of the mean is 0.008.
    #expect(abs(numbers.reduce(0, +) / 20_000 - 1) < 0.05)
    let betas = (0..<5000).map { _ in draws.beta(32) }
    // The mean is 1/2 and the deviation 0.062, so that the standard error is 0.0009.
    #expect(abs(betas.reduce(0, +) / 5000 - 0.5) < 0.005)
    let deviation = betas.map { ($0 - 0.5) * ($0 - 0.5) }.reduce(0, +) / 5000
    #expect(abs(deviation.squareRoot() - 0.062) < 0.004)
    #expect(draws.permutation(100).sorted() == Array(0..<100))
    #expect(abs(draws.dirichlet(3).reduce(0, +) - 1) < 1e-12)
  }
}
