import Foundation
import Testing
import YOLO
import YOLOGeometry
import YOLOImage
import YOLOWeights

/// The steps that classifiers store, against what torchvision makes of the same images.
@Suite struct ClassifierTransformsTests {
  private struct Case {
    let name: String
    let image: Image
    let steps: [AttributeValue]
    let size: Size
    /// The input, [height, width, channel].
    let values: [Float]
  }

  private static func cases() throws -> [Case] {
    let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Fixtures/classifier-transforms.json")
    let json = try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any]
    let cases = try #require(json?["cases"] as? [[String: Any]])
    return try cases.map { item in
      let width = try #require(item["width"] as? Int)
      let height = try #require(item["height"] as? Int)
      let pixels = try #require(item["pixels"] as? [Int])
      let size = try #require(item["size"] as? [Int])
      let levels = item["levels"] as? [Int]
      let values =
        try levels.map { $0.map { Float($0) / 255 } }
        ?? #require(item["values"] as? [Double]).map { Float($0) }
      let steps = try #require(item["steps"] as? [[String: Any]])
      return Case(
        name: try #require(item["name"] as? String),
        image: Image(
          knownSize: Size(width: width, height: height), pixels: pixels.map { UInt8($0) }),
        steps: try steps.map(step), size: Size(width: size[1], height: size[0]), values: values)
    }
  }

  private static func step(_ json: [String: Any]) throws -> AttributeValue {
    let attributes = try #require(json["attributes"] as? [String: Any])
    return .record(
      AttributeRecord(
        qualifiedName: try #require(json["class"] as? String), arguments: [],
        attributes: attributes.mapValues(value)))
  }

  private static func value(_ json: Any) -> AttributeValue {
    switch json {
    case let number as Int: return .int(number)
    case let number as Double: return .float(number)
    case let list as [Any]: return .list(list.map(value))
    case let object as [String: String]:
      if let name = object["interpolation"] {
        return .record(
          AttributeRecord(
            qualifiedName: "torchvision.transforms.functional.InterpolationMode",
            arguments: [.string(name)], attributes: [:]))
      }
      return .opaque(object["opaque"] ?? "")
    default: return .none
    }
  }

  @Test func inputsAreThoseOfTorchvision() throws {
    let cases = try Self.cases()
    #expect(cases.count == 28)
    for item in cases {
      let transforms = try ClassifierTransforms(item.steps, file: "test")
      let size = transforms.inputSize(of: item.image.size)
      #expect(size == item.size, "\(item.name)")
      let input = item.image.withView { transforms.image(of: $0) }
      let levels = (0..<3).map { transforms.levels(channel: $0) }
      let values = input.pixels.enumerated().map { levels[$0.offset % 3][Int($0.element)] }
      let worst = zip(values, item.values).map { abs($0 - $1) }.max() ?? 1
      // The expectations have seven digits where they are not bytes divided by 255.
      #expect(values.count == item.values.count && worst <= 1e-6, "\(item.name): \(worst)")
    }
  }

  @Test func theDefaultHasItsFasterWay() throws {
    let cases = try Self.cases()
    for item in cases {
      let transforms = try ClassifierTransforms(item.steps, file: "test")
      let isDefault = ["default", "bytes converted"].contains(item.name)
      #expect(transforms.isDefault(for: Size(width: 8, height: 8)) == isDefault, "\(item.name)")
      #expect(!transforms.isDefault(for: Size(width: 9, height: 9)))
      guard isDefault else { continue }
      let plain = item.image.classificationInput(size: Size(width: 8, height: 8))
      #expect(item.image.withView { transforms.image(of: $0) } == plain)
    }
  }

  @Test func whatIsNotDoneIsRefusedByName() {
    func step(_ name: String, _ attributes: [String: AttributeValue] = [:]) -> AttributeValue {
      .record(
        AttributeRecord(
          qualifiedName: name.hasPrefix("ultra")
            ? name : "torchvision.transforms.transforms.\(name)", arguments: [],
          attributes: attributes))
    }
    let resize = step("Resize", ["size": .int(8)])
    let tensor = step("ToTensor")
    let mode = AttributeValue.string("nearest-exact")
    let refused: [([AttributeValue], String)] = [
      ([resize, step("RandomHorizontalFlip", ["p": .float(0)]), tensor], "RandomHorizontalFlip"),
      ([step("Resize", ["size": .int(0)]), tensor], "Resize with size 0"),
      ([step("Resize", ["size": .int(.max)]), tensor], "Resize with size"),
      ([step("Resize", ["size": .int(8), "interpolation": mode]), tensor], "interpolation"),
      ([step("Resize", ["size": .int(8), "max_size": .int(3)]), tensor], "max_size"),
      ([tensor, resize], "a step Resize"),
      (
        [resize, step("Grayscale", ["num_output_channels": .int(1)]), tensor], "num_output_channels"
      ),
      ([resize], "no ToTensor"), ([resize, step("PILToTensor")], "no ToTensor"),
      (
        [
          resize, tensor,
          step("Normalize", ["mean": .list([.float(0)]), "std": .list([.float(0)])]),
        ], "Normalize with std"
      ),
      (
        [resize, tensor, step("Normalize", ["mean": .float(.nan), "std": .float(1)])],
        "Normalize with mean"
      ),
      (
        [
          step("ultralytics.data.augment.CenterCrop", ["h": .int(8), "w": .int(8)]),
          step("ultralytics.data.augment.ToTensor", ["half": .bool(true)]),
        ], "ToTensor with half True"
      ),
      ([.int(3)], "have 3"),
    ]
    for (steps, word) in refused {
      do {
        _ = try ClassifierTransforms(steps, file: "test")
        Issue.record("accepted: \(word)")
      } catch {
        #expect(error.code == .model && error.message.contains(word), "\(error)")
      }
    }
  }
}
