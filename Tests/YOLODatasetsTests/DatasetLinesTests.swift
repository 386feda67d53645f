import JSONText
import Testing
import YOLODatasets
import YOLOGeometry
import YOLOTestSupport

/// Datasets as lines of JSON.
@Suite struct DatasetLinesTests {
  private static func header(_ task: VisionTask) -> DatasetLines.Header {
    DatasetLines.Header(
      task: task, classNames: ["a", "b \"c\""],
      keypointShape: task == .pose ? KeypointShape(count: 2, values: 3) : nil,
      keypointFlip: task == .pose ? [1, 0] : nil, name: "set",
      url: "https://h/alice/datasets/set", version: 3, created: "2026-11-29T00:00:00Z",
      updated: "2026-11-30T00:00:00Z")
  }

  @Test func theFirstLineNamesTheClassesByIndex() throws {
    let bytes = DatasetLines.line(Self.header(.pose))
    #expect(bytes.last == UInt8(ascii: "\n") && bytes.count { $0 == UInt8(ascii: "\n") } == 1)
    let value = try JSONParser.parse(String(decoding: bytes, as: UTF8.self))
    #expect(value["type"]?.string == "dataset" && value["task"]?.string == "pose")
    #expect(value["class_names"]?["1"]?.string == "b \"c\"")
    #expect(value["kpt_shape"]?.elements?.compactMap(\.int) == [2, 3])
    #expect(value["flip_idx"]?.elements?.compactMap(\.int) == [1, 0])
    // The client copies every member into the description of a local set.
    let kept = ["path", "train", "val", "names", "nc", "download"]
    #expect(kept.allSatisfy { value[$0] == nil })
  }

  /// The labels of an image come back number for number as they stand in the file.
  @Test(arguments: [
    (VisionTask.detect, "1 0.1234567 0.5 0.2 0.3", "boxes", "[1,0.1234567,0.5,0.2,0.3]"),
    (.segment, "0 0.1 0.1 0.5 0.1 0.5 0.5", "segments", "[0,0.1,0.1,0.5,0.1,0.5,0.5]"),
    (.obb, "0 0 0 0.5 0 0.5 1 0 1", "obb", "[0,0,0,0.5,0,0.5,1,0,1]"),
    (
      .pose, "1 0.5 0.5 0.2 0.2 0.3 0.4 2 0 0 0", "pose",
      "[1,0.5,0.5,0.2,0.2,0.3,0.4,2,0,0,0]"
    ),
    // A polygon of a set for detection is its box.
    (.detect, "0 0.25 0.25 0.75 0.25 0.75 0.5", "boxes", "[0,0.5,0.375,0.5,0.25]"),
  ])
  func labelsComeBack(task: VisionTask, row: String, key: String, expected: String) throws {
    let directory = try TemporaryDirectory([
      "data.yaml": "train: images\nnames: [a, b]\nkpt_shape: [2, 3]\n", "images/1.jpg": "",
      "labels/1.txt": row + "\n" + row + "\n",
    ])
    let dataset = try Dataset.open(path: directory.path, task: task)
    let labels = try dataset.labels(ofImage: directory.path(of: "images/1.jpg"))
    #expect(labels.duplicates == 1)
    let rows = DatasetLines.rows(of: labels, task: task)
    let line = DatasetLines.line(
      DatasetLines.Image(
        file: "1.jpg", url: "https://h/1.jpg?s=1", size: Size(width: 3, height: 2),
        split: "train", rows: rows), task: task)
    #expect(
      String(decoding: line, as: UTF8.self)
        == #"{"type":"image","file":"1.jpg","url":"https://h/1.jpg?s=1","width":3,"height":2,"#
        + #""split":"train","annotations":{"\#(key)":[\#(expected)]}}"# + "\n")
  }

  @Test func aClassIsANumberAndNoLabelIsNoMember() {
    let size = Size(width: 3, height: 2)
    let rows = DatasetLines.rows(
      of: ImageLabels(instances: [], duplicates: 0), task: .classify, classIndex: 1)
    let line = DatasetLines.line(
      DatasetLines.Image(file: "1.jpg", url: "u", size: size, split: "val", rows: rows),
      task: .classify)
    #expect(
      String(decoding: line, as: UTF8.self).contains(#""annotations":{"classification":[1]}"#))
    let empty = DatasetLines.line(
      DatasetLines.Image(file: "1.jpg", url: "u", size: size, split: "val", rows: []),
      task: .detect)
    #expect(!String(decoding: empty, as: UTF8.self).contains("annotations"))
  }
}
