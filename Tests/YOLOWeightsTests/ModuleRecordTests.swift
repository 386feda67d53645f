import Testing
import YOLOTensor
import YOLOTestSupport
import YOLOWeights

@Suite struct ModuleRecordTests {
  private func checkpoint() throws -> Checkpoint {
    let child = Python.module(
      "torch.nn.modules.batchnorm.BatchNorm2d",
      tensors: [
        ("weight", .tensor(key: "1", shape: [2])),
        ("num_batches_tracked", .tensor("LongStorage", key: "2", shape: [])),
      ])
    let layer = Python.module(
      "ultralytics.nn.modules.conv.Conv",
      attributes: [
        ("i", .int(4)), ("size", .tuple([.int(3), .int(5)])), ("one", .int(3)),
        ("scale", .float(0.5)),
        ("add", .bool(true)), ("zero", .int(0)), ("mode", .text("nearest")), ("nothing", .none),
        ("mixed", .list([.int(1), .text("x")])),
      ],
      tensors: [("weight", .tensor(key: "0", shape: [2, 3])), ("bias", .none)],
      children: [("bn", child), ("act", .none)])
    let storages = [
      "0": floatBytes([1, 2, 3, 4, 5, 6]), "1": floatBytes([7, 8]), "2": little(9, count: 8),
    ]
    return try Checkpoint(
      bytes: ZipBuilder(pickle: Python.model(layer).pickle, storages: storages).bytes, name: "test")
  }

  @Test func attributesConvert() throws {
    let record = try #require(try checkpoint().model["model.0"])
    #expect(try record.int("i") == 4)
    #expect(try record.int("nothing", default: 9) == 9)
    #expect(try record.int("absent", default: 9) == 9)
    #expect(try record.ints("size") == [3, 5])
    #expect(try record.ints("one") == [3])
    #expect(try record.ints("one", count: 2) == [3, 3])
    #expect(try record.ints("size", count: 2) == [3, 5])
    #expect(try record.double("scale") == 0.5 && record.double("i") == 4)
    #expect(try record.double("absent", default: 1) == 1)
    #expect(try record.doubles("size") == [3, 5])
    #expect(try record.bool("add") && !record.bool("zero") && record.bool("absent", default: true))
    #expect(try record.string("mode") == "nearest" && record.string("absent", default: "x") == "x")
    #expect(record.hasAttribute("mode") && !record.hasAttribute("nothing"))
  }

  @Test func wrongAttributesAreNamed() throws {
    let record = try #require(try checkpoint().model["model.0"])
    func wrong(_ key: String, _ expected: String, _ found: String) -> WeightError {
      .unexpectedAttribute(
        file: "test", record: "model.0 (Conv)", key: key, expected: expected, found: found)
    }
    #expect(thrown { _ = try record.int("mode") } == wrong("mode", "an integer", "\"nearest\""))
    #expect(thrown { _ = try record.int("add") } == wrong("add", "an integer", "True"))
    #expect(
      thrown { _ = try record.int("scale", default: 1) } == wrong("scale", "an integer", "0.5"))
    #expect(thrown { _ = try record.bool("i") } == wrong("i", "a truth value", "4"))
    #expect(thrown { _ = try record.string("i") } == wrong("i", "text", "4"))
    #expect(thrown { _ = try record.double("mode") } == wrong("mode", "a number", "\"nearest\""))
    #expect(
      thrown { _ = try record.ints("mixed") }
        == wrong("mixed", "an integer or a list of integers", "[1, \"x\"]"))
    #expect(
      thrown { _ = try record.ints("size", count: 3) }
        == wrong("size", "an integer or 3 of them", "(3, 5)"))
    #expect(thrown { _ = try record.int("nothing") } == wrong("nothing", "an integer", "None"))
    #expect(
      thrown { _ = try record.int("absent") }
        == .missingAttribute(
          file: "test", record: "model.0 (Conv)", key: "absent", expected: "an integer"))
    #expect(
      thrown { _ = try record.child("cv1") }
        == .missingChild(file: "test", record: "model.0 (Conv)", key: "cv1"))
  }

  @Test func recordsAreFoundByPath() throws {
    let model = try checkpoint().model
    #expect(model[""] === model)
    #expect(model["model.0.bn"]?.path == "model.0.bn")
    #expect(model["model"]?["0.bn"] === model["model.0.bn"])
    #expect(model["model.1"] == nil && model["model.0.act"] == nil)
    #expect(try model.child("model").child("0").child("bn").className == "BatchNorm2d")
    #expect(model["model.0"]?.hasChild("bn") == true && model["model.0"]?.hasChild("act") == false)
  }

  @Test func usageIsReportedOnce() throws {
    let checkpoint = try checkpoint()
    let record = try #require(checkpoint.model["model.0"])
    // The training counter does not appear.
    #expect(checkpoint.usageReport().unused == ["model.0.weight", "model.0.bn.weight"])
    #expect(try record.tensor("weight", shape: [2, 3]).floats() == [1, 2, 3, 4, 5, 6])
    #expect(
      thrown { _ = try record.tensor("gamma", shape: [4]) }
        == .missingTensor(file: "test", tensor: "model.0.gamma", expected: [4]))
    #expect(
      thrown { _ = try checkpoint.model["model.0.bn"]?.tensor("weight", shape: [3]) }
        == .shapeMismatch(
          file: "test", tensor: "model.0.bn.weight", expected: [3], found: [2]))
    let report = checkpoint.usageReport()
    #expect(
      report
        == UsageReport(
          unused: ["model.0.bn.weight"], missing: ["model.0.gamma"],
          mismatched: [ShapeMismatch(key: "model.0.bn.weight", expected: [3], found: [2])]))
    #expect(
      report.description == """
        1 unused: model.0.bn.weight
        1 missing: model.0.gamma
        1 mismatched: model.0.bn.weight (needs [3], has [2])
        """)
    checkpoint.resetUsage()
    record.markUsed()
    #expect(checkpoint.usageReport().isComplete)
    #expect(checkpoint.usageReport().description == "every tensor is used")
  }
}
