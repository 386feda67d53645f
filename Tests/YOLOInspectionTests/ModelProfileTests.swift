import Foundation
import FoundationXML
import JSONText
import Testing
import YOLO
import YOLOInspection
import YOLOPlot

/// Where the time goes.
@Suite struct ModelProfileTests {
  @Test(arguments: Shipped.tasks) func stepsAndLayersAddUp(task: String) throws {
    let (model, image) = (try Shipped.model(task), try Shipped.image(task))
    let plan = try model.plan(for: image.size)
    let profile = try ModelProfile(model, image, runs: 3)
    #expect(profile.steps.map(\.path) == plan.steps.map(\.path))
    #expect(profile.steps.allSatisfy { $0.least > 0 && $0.median >= $0.least })
    #expect(profile.layers.reduce(0) { $0 + $1.steps.count } == profile.steps.count)
    let sum = profile.layers.reduce(0) { $0 + $1.median }
    #expect(abs(sum - profile.total) < 1e-9 * profile.total)
    #expect((profile.peak ?? 0) > 1)
    let known = Dictionary(
      uniqueKeysWithValues: model.network.layers.map { ($0.path, $0.className) })
    for layer in profile.layers {
      let parts = layer.path.components(separatedBy: " + ")
      #expect(parts.allSatisfy { known[$0] != nil }, "\(layer.path)")
      #expect(layer.className == parts.compactMap { known[$0] }.joined(separator: " + "))
    }
    let chart = ProfileChart(profile, title: "a <b> & c").svg
    #expect(XMLParser(data: Data(chart.utf8)).parse())
    #expect(chart.contains("a &lt;b&gt; &amp; c"))
    var writer = JSONWriter()
    writer.value(profile.json)
    let json = try #require(
      try JSONSerialization.jsonObject(with: Data(writer.takeBytes())) as? [String: Any])
    let steps = try #require(json["steps"] as? [[String: Any]])
    #expect(steps.count == profile.steps.count)
    let shares = steps.compactMap { $0["share"] as? Double }.reduce(0, +)
    #expect(abs(shares - 1) < 0.01)
    #expect((json["layers"] as? [[String: Any]])?.count == profile.layers.count)
  }
}
