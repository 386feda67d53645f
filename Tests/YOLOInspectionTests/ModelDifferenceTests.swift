import Foundation
import FoundationXML
import Testing
import YOLO
import YOLOInspection
import YOLOPlot
import YOLOTensor
import YOLOWeights

/// Where two models part.
@Suite struct ModelDifferenceTests {
  /// Every layer with weights of the shipped detector, with one weight of it damaged.
  @Test(arguments: [0, 1, 2, 4, 6, 9, 12, 15, 18, 21, 22])
  func aDamagedWeightIsFound(layer: Int) throws {
    let model = try Shipped.model("detect")
    let image = try Shipped.image("detect")
    let prefix = "model.\(layer)."
    let key = try #require(
      try DamagedCheckpoint.weightKeys(of: model).filter { $0.hasPrefix(prefix) }.randomElement())
    let damaged = try DamagedCheckpoint.model(model, damaging: key)
    let difference = try model.difference(to: damaged, on: image)
    let first = try #require(difference.firstBeyond, "\(key)")
    #expect(
      first.path == String(key.dropLast(".conv.weight".count)) || key.hasPrefix(first.path + "."))
    #expect(first.path.hasPrefix(prefix) || first.path + "." == prefix, "\(first.path), not \(key)")
    #expect(difference.firstDifference == first)
    #expect(!difference.agrees)
    // Apart from all others, the convolution itself is named.
    let all = try model.difference(to: damaged, on: image, modules: model.modulePaths())
    #expect(all.firstBeyond?.path == String(key.dropLast(".weight".count)))
  }

  @Test(arguments: Shipped.tasks)
  func backendsAgree(task: String) throws {
    let image = try Shipped.image(task)
    let model = try Shipped.model(task)
    let options = RuntimeOptions(backend: .oracle, threads: 2)
    let difference = try model.difference(to: try Shipped.model(task, options), on: image)
    #expect(difference.agrees && difference.modules.count > 30)
    // Other kernels add up in another order, so something differs.
    #expect(difference.firstDifference != nil)
    let same = try model.difference(to: try Shipped.model(task), on: image)
    #expect(same.firstDifference == nil && same.agrees)
  }

  @Test func otherArchitecturesHaveOtherModules() throws {
    let (model, other) = (try Shipped.model("detect"), try Shipped.model("classify"))
    let difference = try model.difference(to: other, on: try Shipped.image("detect"))
    #expect(!difference.agrees && !difference.missing.isEmpty)
    #expect(difference.modules.contains { $0.expectedShape != $0.foundShape })
    let error = #expect(throws: YOLOError.self) {
      try model.difference(
        to: other, on: try Shipped.image("detect"), modules: ["model.0", "model.77"])
    }
    #expect(error?.message.contains("model.77") ?? false)
  }

  @Test func whatIsNoNumberDiffers() {
    let plain = Tensor(shape: [1, 3], values: [0, 1, 4])
    let broken = Tensor(shape: [1, 3], values: [0, .nan, 4])
    let difference = ModelDifference(
      ["m": plain, "n": broken, "o": plain], ["m": broken, "n": broken, "p": plain],
      order: ["m", "n", "o", "p"])
    #expect(difference.modules.map(\.path) == ["m", "n"])
    #expect(difference.firstBeyond?.path == "m" && difference.modules[1].relative == 0)
    #expect(difference.missing == ["o"] && difference.extra == ["p"] && !difference.agrees)
  }

  @Test func thePlotIsSound() throws {
    let tensors = { (scale: Float) in
      Dictionary(
        uniqueKeysWithValues: (0..<5).map {
          ("model.\($0)<&", Tensor(shape: [1, 2], values: [0, 1 + scale * Float($0)]))
        })
    }
    let order = (0..<5).map { "model.\($0)<&" }
    let difference = ModelDifference(tensors(0), tensors(6e-4), order: order)
    #expect(difference.firstDifference?.path == "model.1<&")
    #expect(difference.firstBeyond?.path == "model.2<&")
    let svg = ModelDifferencePlot(difference, title: "a <b> & c").svg
    #expect(XMLParser(data: Data(svg.utf8)).parse())
    #expect(svg.contains("they part at model.2&lt;&amp;"))
    let empty = ModelDifferencePlot(ModelDifference([:], [:], order: []), title: "none").svg
    #expect(XMLParser(data: Data(empty.utf8)).parse() && empty.contains("all outputs are equal"))
  }
}
