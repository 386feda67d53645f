import Testing
import YOLODatasets
import YOLOGeometry
import YOLOTestSupport
import YOLOVerification

@Suite struct PredictionFileTests {
  private func read(_ text: String) throws -> [PredictedImage] {
    let directory = try TemporaryDirectory()
    try directory.write(text, to: "p.json")
    return try PredictionFile.read(directory.path + "/p.json")
  }

  private let person =
    #"{"class":0,"name":"person","confidence":0.5,"box":{"x1":1,"x2":3.5,"y1":2,"y2":4}}"#

  @Test func forms() throws {
    let object = ComparedObject(
      label: "0", confidence: 0.5, geometry: .box(Box(x1: 1, y1: 2, x2: 3.5, y2: 4)))
    let image = #"{"results":[\#(person)],"shape":[480,640],"speed":{}}"#
    for text in [
      "[\(person)]", #"{"images":[\#(image)],"metadata":{}}"#, image,
      #"{"success":true,"predictions":[\#(person)]}"#, "\n" + #"{"images":["# + "\n\(image)\n]}\n",
    ] {
      let images = try read(text)
      #expect(images.count == 1 && images[0].objects == [object], "\(text)")
    }
    let lines = try read(
      #"{"source":"a.jpg","results":[\#(person)]}"# + "\n\n"
        + #"{"source":"b.jpg","results":[]}"# + "\n")
    #expect(lines.map(\.source) == ["a.jpg", "b.jpg"])
    #expect(lines.map(\.objects) == [[object], []])
    #expect(try read("[]") == [PredictedImage(source: nil, objects: [])])
    #expect(try read(#"{"images":[]}"#).isEmpty)
  }

  @Test func tasks() throws {
    let box = #""box":{"x1":0,"y1":0,"x2":2,"y2":2}"#
    let start = #""class":"cat","confidence":1"#
    func object(_ rest: String) throws -> ComparedObject {
      let objects = try read("[{\(start)\(rest)}]")[0].objects
      #expect(objects.map(\.label) == ["cat"])
      return try #require(objects.first)
    }
    let frame = Box(x1: 0, y1: 0, x2: 2, y2: 2)
    #expect(try object("").geometry == nil)
    #expect(
      try object(#",\#(box),"segments":{"x":[0,1.5],"y":[1,2]}"#).geometry
        == .outline(frame, Polygon(points: [Point(x: 0, y: 1), Point(x: 1.5, y: 2)])))
    #expect(
      try object(#",\#(box),"keypoints":{"x":[0,1],"y":[1,2],"visible":[0.5,1]}"#).geometry
        == .keypoints(
          frame,
          [
            Keypoint(Point(x: 0, y: 1), visibility: 0.5),
            Keypoint(Point(x: 1, y: 2), visibility: 1),
          ]))
    #expect(
      try object(#",\#(box),"keypoints":{"x":[0],"y":[1]}"#).geometry
        == .keypoints(frame, [Keypoint(Point(x: 0, y: 1), visibility: nil)]))
    let corners = #","box":{"x1":0,"y1":1,"x2":2,"y2":3,"x3":4,"y3":5,"x4":6,"y4":7}"#
    #expect(
      try object(corners).corners == [0, 2, 4, 6].map { Point(x: $0, y: $0 + 1) })
    #expect(try object(corners).geometry?.orientedBox != nil)
    // A class of semantic segmentation, and the range of depth.
    let ratio = try read(#"[{"class":1,"name":"road","pixel_ratio":0.25}]"#)
    #expect(
      ratio.map(\.objects) == [[ComparedObject(label: "1", confidence: 0.25, geometry: nil)]])
    let depth = try read(#"{"results":[],"depth":{"min":1,"max":2.5,"mean":null}}"#)[0].objects
    #expect(depth.map(\.label) == ["min", "max", "mean"] && depth[2].confidence.isNaN)
    #expect(try read(#"{"results":[],"depth":{"min":1,"max":2.5}}"#)[0].objects.count == 2)
  }

  @Test(arguments: [
    ("3", "the file"), ("{}", "the file"), (#"{"images":3}"#, "images"),
    (#"{"images":[3]}"#, "images[0]"), (#"[{"confidence":1}]"#, "[0].class"),
    (#"{"results":[{"class":0}]}"#, "results[0].confidence"),
    (#"{"results":[{"class":0,"pixel_ratio":"a"}]}"#, "results[0].pixel_ratio"),
    (#"{"images":[{"results":[],"depth":{"min":1}}]}"#, "images[0].depth.max"),
    (#"{"results":[],"depth":3}"#, "depth.min"),
    (
      #"{"images":[{"results":[{"class":0,"confidence":"x"}]}]}"#, "images[0].results[0].confidence"
    ),
    (#"[{"class":0,"confidence":1,"box":{"x1":0}}]"#, "[0].box.y1"),
    (
      #"[{"class":0,"confidence":1,"box":{"x1":0,"y1":0,"x2":0,"y2":0},"segments":{"x":[1],"y":[]}}]"#,
      "[0].segments"
    ),
    (
      #"[{"class":0,"confidence":1,"box":{"x1":0,"y1":0,"x2":0,"y2":0},"keypoints":{"x":[1],"y":[true]}}]"#,
      "[0].keypoints.y[0]"
    ),
    (
      #"[{"class":0,"confidence":1,"box":{"x1":null,"y1":0,"x2":0,"y2":0,"x3":0,"y3":0,"x4":0,"y4":0}}]"#,
      "[0].box"
    ),
  ])
  func invalid(text: String, place: String) {
    let error = #expect(throws: DatasetError.self) { try read(text) }
    guard case .invalidPrediction(_, let found, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(found == place)
  }

  @Test(arguments: [("[\n\n{]", 3), ("{\"results\":[]}\n{\"results\":[}\n", 2), ("", 1)])
  func malformed(text: String, line: Int) {
    let error = #expect(throws: DatasetError.self) { try read(text) }
    guard case .malformed(_, let found, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(found == line)
  }

  @Test func damagedFiles() throws {
    let fuzz = FuzzPlan(cases: 300)
    var random = SplitMix64(seed: fuzz.seed)
    let text =
      #"{"images":[{"results":[\#(person),{"class":1,"confidence":1,"box":{"x1":1,"y1":2,"x2":3,"y2":4},"segments":{"x":[1,2,3],"y":[4,5,1e9]}}]}]}"#
    let directory = try TemporaryDirectory()
    for _ in 0..<fuzz.cases {
      try directory.write(mutated(Array(text.utf8), using: &random), to: "p.json")
      guard let images = try? PredictionFile.read(directory.path + "/p.json") else { continue }
      for image in images {
        _ = PredictionComparison(image.objects, image.objects.reversed())
      }
    }
  }
}
