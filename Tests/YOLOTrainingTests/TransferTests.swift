import Testing
import YOLOGeometry
import YOLOGraph
import YOLOTensor
import YOLOTraining
import YOLOWeights

@Suite("Transfer of weights")
struct TransferTests {
  private func network(_ file: String, _ names: [String], seed: UInt64) throws -> TrainingNetwork {
    try TrainingNetwork(
      describedBy: try NetworkDescription.open(file), names: names, seed: seed)
  }

  private func numbers(_ network: TrainingNetwork, _ key: String) throws -> [Float] {
    let name = try #require(key.split(separator: ".").last.map(String.init))
    let record = try #require(network.model[String(key.dropLast(name.count + 1))])
    return try #require(record.tensors[name]).floats()
  }

  private func rows(_ network: TrainingNetwork, _ key: String, width: Int) throws -> [[Float]] {
    let values = try numbers(network, key)
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }

  static let names80 = (0..<80).map { "class \($0)" }

  @Test(
    "As many tensors as Ultralytics takes over, for other numbers of classes",
    arguments: [
      ("yolov8n.yaml", 349, 355), ("yolo26n.yaml", 696, 708), ("yolo11n.yaml", 493, 499),
    ])
  func counts(file: String, transferred: Int, total: Int) throws {
    let source = try network(file, Self.names80, seed: 1)
    let eight = (0..<8).map { "other \($0)" }
    let (edited, report) = try source.adapted(names: eight, seed: 2)
    #expect(report == TransferReport(transferred: transferred, total: total, remappedClasses: []))
    #expect(
      report.line == "Transferred \(transferred)/\(total) items from pretrained weights")
    // By way of a new network it is the same: the hidden width is the source's.
    let (fresh, second) = try network(file, eight, seed: 2).transferring(from: source, seed: 2)
    #expect(second == report)
    #expect(
      recordDifferences(edited.model, fresh.model, ignoring: ["nc", "yaml"]) == [])
    #expect(edited.model.attributes["nc"]?.int == 8)
    let head = try #require(edited.model["model"]?.children.last)
    #expect(try head.int("nc") == 8)
    #expect(try head.int("no") == 8 + 4 * head.int("reg_max"))
    #expect(edited.model.attributes["yaml"]?["nc"]?.int == 8)
    #expect(edited.checkpoint.names.label(of: 7) == "other 7")
    let count = edited.parameters.filter { $0.key.hasPrefix("\(head.path).") }
      .reduce(0) { $0 + $1.shape.reduce(1, *) }
    #expect(try head.int("np") == count)
  }

  @Test("Equal names keep their rows; all others begin anew")
  func remapping() throws {
    let source = try network("yolov8n.yaml", ["cat", "Dog ", "car", "bus"], seed: 1)
    let key = "model.22.cv3.0.2.weight"
    let old = try rows(source, key, width: 64)
    let (three, report) = try source.adapted(names: ["dog", "tree", "cat"], seed: 2)
    #expect(report.remappedClasses == [0, 2])
    let new = try rows(three, key, width: 64)
    #expect(new[0] == old[1] && new[2] == old[0])
    #expect(!old.contains(new[1]))
    // As many classes, of which one is new.
    let (four, _) = try source.adapted(names: ["dog", "tree", "cat", "bus"], seed: 2)
    let four4 = try rows(four, key, width: 64)
    #expect(four4[0] == old[1] && four4[2] == old[0] && four4[3] == old[3])
    #expect(!old.contains(four4[1]))
    // Nothing in common: the rows stay.
    let (none, noReport) = try source.adapted(names: ["a", "b", "c", "d"], seed: 2)
    #expect(try rows(none, key, width: 64) == old)
    #expect(noReport.transferred == noReport.total && noReport.remappedClasses == [])
    let (off, _) = try source.adapted(
      names: ["dog", "cat", "bus", "car"], remapsClasses: false, seed: 2)
    #expect(try rows(off, key, width: 64) == old)
    // Names that are numbers say nothing.
    let plain = try network("yolov8n.yaml", ["0", "1", "2"], seed: 1)
    let (numbered, _) = try plain.adapted(names: ["0", "1", "2", "3"], seed: 2)
    let fresh = try rows(numbered, key, width: 64)
    let plainRows = try rows(plain, key, width: 64)
    #expect(fresh.allSatisfy { !plainRows.contains($0) })
  }

  @Test("Both kinds of branches and the semantic layer are remapped")
  func remappingOfAll() throws {
    let source = try network("yolo26n-seg.yaml", ["a", "b", "c", "d"], seed: 1)
    let (edited, _) = try source.adapted(names: ["b", "a", "d", "c"], seed: 2)
    for key in [
      "model.23.cv3.1.2.weight", "model.23.one2one_cv3.2.2.weight",
      "model.23.proto.semseg.2.weight",
    ] {
      let old = try rows(source, key, width: 64)
      #expect(try rows(edited, key, width: 64) == [old[1], old[0], old[3], old[2]])
    }
  }

  @Test("Between tasks what has the same key and shape is taken over")
  func tasks() throws {
    let names = Self.names80
    let detector = try network("yolov8n.yaml", names, seed: 1)
    let (segmenter, report) = try network("yolov8n-seg.yaml", names, seed: 2)
      .transferring(from: detector, seed: 2)
    #expect(report.transferred == 355 && report.total == 417)
    #expect(
      try numbers(segmenter, "model.22.cv2.0.0.conv.weight")
        == numbers(detector, "model.22.cv2.0.0.conv.weight"))
    let (classifier, second) = try network(
      "yolov8n-cls.yaml", (0..<10).map { "\($0)" }, seed: 2
    ).transferring(from: detector, seed: 2)
    #expect(second.transferred == 150 && second.total == 158)
    #expect(classifier.checkpoint.task == .classify)
    let (other, third) = try network("yolov8s.yaml", names, seed: 2)
      .transferring(from: detector, seed: 2)
    #expect(third.transferred < 100)
    #expect(other.model["model.0.conv"]?.attributes["out_channels"]?.int == 32)
  }

  @Test("A classifier with other classes has a new last layer")
  func classifier() throws {
    let source = try TrainingNetwork.open(path: shippedWeights("classify"))
    let (edited, report) = try source.adapted(names: ["x", "y"], seed: 2)
    #expect(report.total - report.transferred == 2)
    let head = try #require(edited.model["model"]?.children.last?.path)
    #expect(edited.model["\(head).linear"]?.attributes["out_features"]?.int == 2)
    #expect(try numbers(edited, "\(head).linear.bias").count == 2)
  }

  @Test("A pose estimator for other keypoints is made anew and takes over what fits")
  func keypoints() throws {
    let source = try TrainingNetwork.open(path: shippedWeights("pose"))
    let (edited, report) = try source.adapted(names: ["arrow"], keypointShape: [5, 2], seed: 2)
    let head = try #require(edited.model["model"]?.children.last)
    #expect(try head.ints("kpt_shape") == [5, 2])
    #expect(try head.int("nk") == 10)
    #expect(edited.model.attributes["kpt_shape"]?.integers == [5, 2])
    #expect(report.transferred > 300 && report.transferred < report.total)
    #expect(
      try numbers(edited, "model.0.conv.weight") == numbers(source, "model.0.conv.weight"))
  }
}
