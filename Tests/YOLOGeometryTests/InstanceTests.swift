import Testing
import YOLOGeometry

@Suite struct InstanceTests {
  @Test func namesAreASequence() {
    let names: ClassNames = [7: "truck", 0: "person", 3: "truck"]
    #expect(names.map(\.index) == [0, 3, 7] && names.map(\.name) == ["person", "truck", "truck"])
    #expect(names.count == 3 && names.ids == [0, 3, 7])
    #expect(names[3] == "truck" && names[1] == nil && names.label(of: 1) == "1")
    #expect(names.index(of: "truck") == 3 && names.index(of: "cat") == nil)
    let list: ClassNames = ["person", "cat"]
    #expect(list == ClassNames([0: "person", 1: "cat"]) && list == ClassNames(["person", "cat"]))
    #expect(Array(ClassNames()).isEmpty)
    #expect("\(list)" == "2 classes (0: person, 1: cat)")
    #expect("\(ClassNames((0..<9).map { "\($0)" }))".hasSuffix("4: 4, …)"))
  }

  @Test func tasksAreNamedAsUltralyticsDoes() {
    #expect(
      VisionTask.allCases.map(\.rawValue) == [
        "detect", "segment", "pose", "obb", "classify", "semantic", "depth",
      ])
    #expect("\(VisionTask.obb)" == "obb" && VisionTask(rawValue: "track") == nil)
  }

  @Test func geometriesHaveABoxAndWhatTheyAddToIt() {
    let box = Box(x1: 1, y1: 2, x2: 5, y2: 10)
    let mask = Mask(frame: Size(width: 2, height: 2), pixels: [1, 0, 1, 1])
    let outline = Polygon(points: [Point(x: 1, y: 2), Point(x: 5, y: 10)])
    let keypoints = [Keypoint(Point(x: 3, y: 4), visibility: nil)]
    let oriented = OrientedBox(x: 10, y: 20, width: 4, height: 2, angle: 0)
    let geometries: [Geometry] = [
      .box(box), .mask(box, mask, outline: outline), .keypoints(box, keypoints),
      .orientedBox(oriented), .outline(box, outline),
    ]
    let instances = geometries.map { Instance(classIndex: 4, geometry: $0) }
    #expect(instances.map(\.box) == [box, box, box, oriented.bounds, box])
    #expect(instances.map(\.letterboxMask) == [nil, mask, nil, nil, nil])
    #expect(instances.map(\.outline) == [nil, outline, nil, nil, outline])
    #expect(instances.map(\.keypoints) == [nil, nil, keypoints, nil, nil])
    #expect(instances.map(\.orientedBox) == [nil, nil, nil, oriented, nil])
    #expect(instances[1].mask(in: mask.frame) == mask && instances[0].mask(in: mask.frame) == nil)
    // Descriptions do not have the bytes of masks.
    #expect(
      instances.map(\.description) == [
        "4 1.0 at (1.0, 2.0, 5.0, 10.0)",
        "4 1.0 at (1.0, 2.0, 5.0, 10.0), mask of 3 pixels in 2x2",
        "4 1.0 at (1.0, 2.0, 5.0, 10.0), 1 keypoints",
        "4 1.0 at (10.0, 20.0, 4.0x2.0, 0.0 rad)",
        "4 1.0 at (1.0, 2.0, 5.0, 10.0), 2 points",
      ])
  }

  @Test func classesAreCalledByTheirIndexWithoutAName() {
    var instance = Instance(
      classIndex: 12, confidence: 0.5, geometry: .box(Box(x1: 0, y1: 0, x2: 1, y2: 1)))
    #expect(instance.className == "12" && instance.trackID == nil)
    instance.className = "cat"
    instance.trackID = 3
    #expect(instance.className == "cat" && instance.description.hasPrefix("cat #3 0.5 at "))
  }

  @Test func centersAndFractions() {
    let size = Size(width: 8, height: 16)
    let box = Box(x1: 1, y1: 2, x2: 5, y2: 10)
    #expect(box.center == Point(x: 3, y: 6))
    #expect(box.normalized(in: size) == Box(x1: 0.125, y1: 0.125, x2: 0.625, y2: 0.625))
    let point = Point(x: 4, y: 4)
    #expect(point.normalized(in: size) == Point(x: 0.5, y: 0.25))
    #expect(
      Keypoint(point, visibility: 0.5).normalized(in: size)
        == Keypoint(Point(x: 0.5, y: 0.25), visibility: 0.5))
    #expect(
      Polygon(points: [point]).normalized(in: size) == Polygon(points: [Point(x: 0.5, y: 0.25)]))
    #expect(
      OrientedBox(x: 3, y: 6, width: 2, height: 4, angle: 1).center == Point(x: 3, y: 6))
  }
}
