import Testing
import YOLOGeometry
import YOLOImage
import YOLOTraining
import YOLOTrainingData

@Suite("Objects of a batch in pixels")
struct BatchInstancesTests {
  private let names = ["circle", "square"]

  private func targets(_ classes: [Int] = [1]) -> TrainingTargets {
    TrainingTargets(
      classes: classes, boxes: [SIMD4(0.5, 0.25, 0.5, 0.25), SIMD4(0.5, 0.5, 1, 1)])
  }

  @Test("Boxes")
  func boxes() {
    let found = targets([1, 7]).instances(in: Size(width: 64, height: 32), names: names)
    #expect(
      found.map(\.geometry) == [
        .box(Box(x1: 16, y1: 4, x2: 48, y2: 12)), .box(Box(x1: 0, y1: 0, x2: 64, y2: 32)),
      ])
    #expect(found.map(\.className) == ["square", "7"])
  }

  @Test("Oriented boxes, keypoints and masks")
  func shapes() {
    let size = Size(width: 64, height: 32)
    var oriented = targets([0, 0])
    oriented.angles = [0.5, 0]
    let turned = oriented.instances(in: size, names: names)
    #expect(
      turned.first?.geometry
        == .orientedBox(OrientedBox(x: 32, y: 8, width: 32, height: 8, angle: 0.5)))
    var pose = targets([0, 0])
    pose.keypoints = [SIMD3(0.5, 0.5, 2), SIMD3(0, 0, 0), SIMD3(1, 1, 1), SIMD3(0.25, 0.5, 2)]
    guard case .keypoints(_, let points) = pose.instances(in: size, names: names)[1].geometry else {
      Issue.record("no keypoints")
      return
    }
    #expect(
      points == [
        Keypoint(Point(x: 64, y: 32), visibility: 1), Keypoint(Point(x: 16, y: 16), visibility: 2),
      ])
  }

  @Test("Masks of one map or of one for each instance", arguments: [true, false])
  func masks(_ isOverlapping: Bool) {
    var segment = targets([0, 1])
    segment.masks = TargetMasks(
      height: 2, width: 2, isOverlapping: isOverlapping,
      values: isOverlapping ? [1, 2, 0, 2] : [1, 0, 0, 0, 0, 1, 0, 1], semantic: [0, 1, -1, 1])
    let found = segment.instances(in: Size(width: 8, height: 8), names: names)
    #expect(found.map { $0.geometry.mask?.pixels } == [[1, 0, 0, 0], [0, 1, 0, 1]])
  }

  @Test("Images are shown in bytes, of other channels the first")
  func images() {
    let pixels: [Float] = [0, 0.5, 1, 2, -1, 0.25] + [1, 1, 1, 0, 0, 0]
    let batch = TrainingBatch(
      height: 1, width: 2, pixels: pixels, targets: [targets(), targets()], paths: ["a", "b"])
    #expect(batch.image(0).pixels == [0, 128, 255, 255, 0, 64])
    #expect(batch.image(1).pixels == [255, 255, 255, 0, 0, 0])
    #expect(batch.instances(1, names: names).count == 2)
    let gray = TrainingBatch(
      height: 1, width: 2, pixels: [0, 1], targets: [TrainingTargets()], paths: ["a"])
    #expect(gray.image(0).channels == 1 && gray.image(0).pixels == [0, 255])
  }
}
