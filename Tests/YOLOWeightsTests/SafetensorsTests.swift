import Foundation
import JSONText
import Testing
import YOLOSystem
import YOLOTensor
import YOLOTestSupport
import YOLOWeights

@Suite struct SafetensorsTests {
  private func file(_ header: String, _ data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
    little(length ?? UInt64(header.utf8.count), count: 8) + Array(header.utf8) + data
  }

  private func read(_ bytes: [UInt8]) throws -> SafetensorsFile {
    try SafetensorsFile(file: try MappedFile(copying: bytes, name: "test"))
  }

  private func reason(_ bytes: [UInt8]) -> String {
    thrown { _ = try read(bytes) }.map(\.description) ?? "no error"
  }

  private func tensor(_ type: String, _ shape: String, _ begin: Int, _ end: Int) -> String {
    #"{"dtype":"\#(type)","shape":\#(shape),"data_offsets":[\#(begin),\#(end)]}"#
  }

  @Test func readsTensorsOfEveryType() throws {
    var members: [String] = []
    var data: [UInt8] = []
    for type in ElementType.allCases {
      members.append(
        "\"\(type)\":"
          + tensor(type.safetensorsName, "[2]", data.count, data.count + 2 * type.size))
      data += [UInt8](repeating: 0, count: type.size) + little(1, count: type.size)
    }
    let content = try read(
      file("{\"__metadata__\":{\"k\":\"v\"},\(members.joined(separator: ","))}  ", data))
    #expect(content.metadata == ["k": "v"])
    #expect(content.keys == ElementType.allCases.map(\.description))
    for type in ElementType.allCases {
      let tensor = try #require(content.tensors[type.description])
      #expect(tensor.elementType == type && tensor.shape == [2] && tensor.floats()[0] == 0)
    }
    #expect(content.tensors["int32"]?.floats() == [0, 1])
  }

  @Test func readsScalarsAndEmptyTensors() throws {
    let content = try read(
      file(
        "{\"a\":\(tensor("F32", "[]", 0, 4)),\"b\":\(tensor("F32", "[0,3]", 4, 4))}",
        floatBytes([2.5])))
    #expect(content.tensors["a"]?.floats() == [2.5])
    #expect(content.tensors["b"]?.floats() == [])
  }

  @Test func refusesDamagedHeaders() {
    let four = floatBytes([1])
    #expect(reason([1, 2, 3]).contains("the file is truncated"))
    #expect(reason(file("{}", length: 3)).contains("the header of 3 bytes reaches beyond"))
    #expect(
      thrown { _ = try read(file("{}", length: .max)) }
        == .limitExceeded(
          file: "test", at: "header", what: "bytes", limit: SafetensorsFile.headerLimit))
    #expect(reason(file("")).contains("does not start with {"))
    #expect(reason(file(" {}")).contains("does not start with {"))
    #expect(reason(file("{")).contains("without a name"))
    #expect(reason(file("{}{}")).contains("text after the value"))
    #expect(reason(file("{\"__metadata__\":3}")).contains("not an object"))
    #expect(reason(file("{\"__metadata__\":{\"a\":3}}")).contains("the value of a is not text"))
    #expect(
      reason(file("{\"a\":3}")).contains(
        "test: a: damaged or unsupported safetensors header: it needs dtype"))
    #expect(
      reason(file("{\"a\":\(tensor("F8_E4M3", "[4]", 0, 4))}", four)).contains(
        "F8_E4M3 is not read"))
    #expect(
      reason(file("{\"a\":\(tensor("F32", "[1.5]", 0, 4))}", four)).contains("made of integers"))
    #expect(
      reason(file("{\"a\":\(tensor("F32", "[-1]", 0, 4))}", four)).contains("negative dimension"))
    #expect(
      reason(file("{\"a\":\(tensor("F32", "[1]", 0, 8))}", four + four)).contains(
        "needs 4 bytes but has 8"))
    #expect(
      reason(file("{\"a\":\(tensor("F32", "[2]", 0, 4))}", four)).contains("reaches beyond"))
    #expect(
      reason(file("{\"a\":\(tensor("F32", "[1]", 0, 8))}", four)).contains("outside the file"))
    #expect(
      reason(file("{\"a\":\(tensor("F32", "[1]", 4, 0))}", four)).contains("outside the file"))
    #expect(
      reason(file("{\"a\":\(tensor("F32", "[1]", -4, 0))}", four)).contains("outside the file"))
    #expect(
      reason(file("{\"a\":\(tensor("F32", "[1]", 0, .max))}", four)).contains("outside the file"))
    #expect(
      reason(file("{\"a\":\(tensor("F32", "[\(Int.max),\(Int.max)]", 0, 4))}", four)).contains(
        "too many elements"))
    let twice = "{\"a\":\(tensor("F32", "[1]", 0, 4)),\"a\":\(tensor("F32", "[1]", 0, 4))}"
    #expect(reason(file(twice, four)).contains("two members are named a"))
  }

  @Test func refusesHolesAndOverlaps() {
    let eight = floatBytes([1, 2])
    let overlap = "{\"a\":\(tensor("F32", "[1]", 0, 4)),\"b\":\(tensor("F32", "[1]", 0, 4))}"
    #expect(reason(file(overlap, floatBytes([1]))).contains("do not start where"))
    let partial = "{\"a\":\(tensor("F32", "[1]", 0, 4)),\"b\":\(tensor("F32", "[1]", 2, 6))}"
    #expect(reason(file(partial, eight)).contains("do not start where"))
    let hole = "{\"a\":\(tensor("F32", "[1]", 4, 8))}"
    #expect(reason(file(hole, eight)).contains("do not start where"))
    let rest = "{\"a\":\(tensor("F32", "[1]", 0, 4))}"
    #expect(reason(file(rest, eight)).contains("has 8 bytes of tensors, not 4"))
    #expect(reason(file("{}", eight)).contains("has 8 bytes of tensors, not 0"))
  }

  @Test func foreignFilesLackAnArchitecture() {
    let bytes = file(
      "{\"__metadata__\":{\"format\":\"pt\"},\"a\":\(tensor("F32", "[1]", 0, 4))}", floatBytes([1]))
    let error = opening(bytes)
    #expect(
      error?.description.contains("without an architecture the tensors are of no use") == true)
    #expect(error?.description.contains("yolo.format") == true)
  }

  @Test func unreadableArchitecturesAreRefused() {
    func text(_ architecture: String, format: String = "1") -> [UInt8] {
      func quoted(_ text: String) -> String { JSONWriter.text(.string(text)) }
      return file(
        "{\"__metadata__\":{\"yolo.format\":\"\(format)\",\"yolo.architecture\":\(quoted(architecture)),"
          + "\"yolo.train_args\":\"{}\",\"yolo.description\":\"{}\",\"yolo.names\":\"{}\","
          + "\"yolo.stride\":\"[]\",\"yolo.imgsz\":\"null\"},\"a\":\(tensor("F32", "[1]", 0, 4))}",
        floatBytes([1]))
    }
    func reason(_ architecture: String) -> String {
      opening(text(architecture))?.description ?? "no error"
    }
    func module(
      _ attributes: String = "{}", _ tensors: String = "[]", _ children: String = "{}"
    ) -> String {
      "{\"class\":\"x.Y\",\"attributes\":\(attributes),\"tensors\":\(tensors),\"children\":\(children)}"
    }
    #expect(reason(module("{}", "[\"a\"]")) == "no error")
    #expect(
      opening(text(module(), format: "2"))?.description.contains("format 2 is not read") == true)
    #expect(reason("{").contains("yolo.architecture: damaged"))
    #expect(reason("{}").contains("a module needs class"))
    #expect(reason("3").contains("a module needs class"))
    #expect(
      reason(module()).contains("test: a: the stored architecture does not refer to this tensor"))
    #expect(reason(module("{}", "[\"b\"]")).contains("the file lacks the tensor b"))
    #expect(reason(module("{}", "[\"a\",\"a\"]")).contains("the tensor a is used twice"))
    #expect(reason(module("{}", "[\"\"]")).contains("usable name"))
    #expect(reason(module("{}", "[3]")).contains("usable name"))
    #expect(reason(module("{}", "[]", "{\"x.y\":\(module())}")).contains("usable name"))
    #expect(reason(module("{\"k\":{\"$what\":1}}")).contains("a value marked $what"))
    #expect(reason(module("{\"k\":{\"$float\":\"1\"}}")).contains("a value marked $float"))
    #expect(reason(module("{\"k\":{\"$tuple\":3}}")).contains("a value marked $tuple"))
    #expect(reason(module("{\"k\":{\"$record\":\"c\"}}")).contains("a value marked $record"))
    #expect(reason(module("{\"k\":{\"$dictionary\":[1]}}")).contains("something else than pairs"))
    #expect(reason(module("{\"k\":{\"$tensor\":\"a\"}}", "[\"a\"]")).contains("used twice"))
    let deep = String(repeating: "[", count: 30) + String(repeating: "]", count: 30)
    #expect(reason(module("{\"k\":\(deep)}")).contains("nested deeper than 16"))
    var nested = module()
    for _ in 0..<40 { nested = module("{}", "[]", "{\"0\":\(nested)}") }
    #expect(reason(nested).contains("modules inside one another, at most 32"))
  }

  @Test func everyTruncationIsRefused() throws {
    let whole = file("{\"a\":\(tensor("F32", "[2]", 0, 8))}", floatBytes([1, 2]))
    for length in 1..<whole.count {
      #expect(throws: WeightError.self) { try read(Array(whole[..<length])) }
    }
  }
}
