import Foundation
import FoundationXML
import Testing
import YOLO
import YOLOInspection
import YOLOPlot
import YOLOPostprocess
import YOLOTensor

/// How a head came to its boxes.
@Suite struct BoxDistributionTests {
  /// The distances around the cell's middle are the box, in the detect head exactly.
  @Test(arguments: ["detect", "segment", "pose"])
  func theDistancesGiveTheBox(task: String) throws {
    let (model, image) = (try Shipped.model(task), try Shipped.image(task))
    let trace = try model.trace(image, taps: model.headPaths)
    let levels = HeadLevel.levels(of: model, in: trace)
    #expect(levels.map(\.stride) == [8, 16, 32])
    let objects = trace.results.detections
    #expect(objects.count >= 3)
    guard case .letterbox(let letterbox) = trace.fit else {
      Issue.record("a letterbox")
      return
    }
    let gain = Float(letterbox.resized.width) / Float(letterbox.source.width)
    for object in objects {
      let found = try #require(BoxDistribution(of: object, in: levels, fit: trace.fit))
      let stride = Float(found.stride)
      let x = (Float(found.column) + 0.5) * stride
      let y = (Float(found.row) + 0.5) * stride
      let d = found.distances.map { $0 * stride }
      let edges = [
        (x - d[0] - Float(letterbox.left)) / gain, (y - d[1] - Float(letterbox.top)) / gain,
        (x + d[2] - Float(letterbox.left)) / gain, (y + d[3] - Float(letterbox.top)) / gain,
      ]
      let size = (Float(letterbox.source.width), Float(letterbox.source.height))
      let expected = [object.box.x1, object.box.y1, object.box.x2, object.box.y2]
      for (edge, (value, wanted)) in zip(edges, expected).enumerated() {
        let clipped = min(max(value, 0), edge % 2 == 0 ? size.0 : size.1)
        #expect(abs(clipped - wanted) < 0.05, "\(object): \(edges)")
      }
      for probabilities in found.probabilities {
        #expect(abs(probabilities.reduce(0, +) - 1) < 1e-5)
        #expect(probabilities.count == 16)
      }
      let level = try #require(levels.first { $0.stride == found.stride })
      #expect(
        level.score(ofClass: object.classIndex, row: found.row, column: found.column)
          == object.confidence)
    }
  }

  @Test func mapsShowWhereTheObjectIs() throws {
    let (model, image) = (try Shipped.model("detect"), try Shipped.image("detect"))
    let trace = try model.trace(image, taps: model.headPaths)
    let levels = HeadLevel.levels(of: model, in: trace)
    let best = try #require(trace.results.detections.first)
    let greatest = levels.compactMap { $0.bestScores().max() }.max()
    #expect(greatest == best.confidence)
    let own = levels.compactMap { $0.scores(ofClass: best.classIndex).max() }.max()
    #expect(own == best.confidence)
    let maps = HeadMaps(levels, on: image, fit: trace.fit)
    #expect(maps.bestScores().map(\.stride) == [8, 16, 32])
    #expect(maps.bestScores().allSatisfy { $0.image.size == image.size })
    #expect(maps.scores(ofClass: 99, named: "none").isEmpty)
  }

  @Test func aChartNamesTheBoxAndEscapesItsClass() throws {
    let (model, image) = (try Shipped.model("detect"), try Shipped.image("detect"))
    let trace = try model.trace(image, taps: model.headPaths)
    let object = try #require(trace.results.detections.first)
    let found = try #require(
      BoxDistribution(
        of: object, in: HeadLevel.levels(of: model, in: trace), fit: trace.fit))
    let svg = BoxDistributionChart(found, name: "<b>&\"ring\u{1B}").svg
    #expect(svg.contains("&lt;b&gt;&amp;&quot;ring\u{FFFD}"))
    #expect(!svg.contains("<b>"))
    for edge in ["left", "top", "right", "bottom"] { #expect(svg.contains("\(edge): ")) }
    #expect(XMLParser(data: Data(svg.utf8)).parse())
  }

  @Test func aClassifierHasNoLevels() throws {
    let model = try Shipped.model("classify")
    let trace = try model.trace(try Shipped.image("classify"), taps: model.headPaths)
    #expect(HeadLevel.levels(of: model, in: trace).isEmpty)
  }
}
