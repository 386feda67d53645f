import Foundation
import Testing
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOMetrics
import YOLOPlot
import YOLOTestSupport

/// With `YOLO_PLOT_DIRECTORY` the plots are written there, for people to look at.
@Suite("Plots as images")
struct RasterPlotTests {
  /// Writes a plot where the environment asks for it, and returns how many colors it has.
  @discardableResult
  private func look(_ image: Image, _ name: String) throws -> Int {
    if let directory = ProcessInfo.processInfo.environment["YOLO_PLOT_DIRECTORY"] {
      try ImageWriter.write(image, to: "\(directory)/\(name).png")
    }
    var colors = Set<[UInt8]>()
    for start in stride(from: 0, to: image.pixels.count, by: 3) {
      colors.insert(Array(image.pixels[start..<start + 3]))
    }
    return colors.count
  }

  private func metrics(classCount: Int) -> DetectionMetrics {
    var random = SplitMix64(seed: 5)
    var accumulator = MetricAccumulator()
    for _ in 0..<200 {
      let classIndex = Int.random(in: 0..<classCount, using: &random)
      let other = Int.random(in: 0..<classCount, using: &random)
      let found = [
        (classIndex: classIndex, confidence: Float.random(in: 0.2...1, using: &random)),
        (classIndex: other, confidence: Float.random(in: 0...0.6, using: &random)),
      ].sorted { $0.confidence > $1.confidence }
      accumulator.add(found, targets: [classIndex]) { detection, _ in
        found[detection].classIndex == classIndex ? 0.8 : 0.3
      }
    }
    return accumulator.metrics()
  }

  @Test("Curves are drawn", arguments: MetricPlot.Curve.allCases, [3, 60])
  func curves(_ curve: MetricPlot.Curve, _ classCount: Int) throws {
    let plot = MetricPlot(
      metrics(classCount: classCount), names: ["circle", "square", "triangle"], title: "Box")
    let image = plot.image(of: curve)
    #expect(image.size == Size(width: 1680, height: 1072))
    #expect(try look(image, "curve-\(curve)-\(classCount)") > 50)
  }

  @Test("Without detections there are axes")
  func noCurves() throws {
    let image = MetricPlot(MetricAccumulator().metrics(), names: [], title: "Box").image(of: .f1)
    #expect(try look(image, "curve-none") > 2)
  }

  @Test("A confusion matrix is drawn", arguments: [true, false])
  func confusion(_ isNormalized: Bool) throws {
    var matrix = ConfusionMatrix(classCount: 4, hasBackground: true)
    for _ in 0..<30 { matrix.add([0, 1, 2], targets: [0, 1, 3]) { $0 == $1 ? 0.9 : 0 } }
    matrix.add([2], targets: [2]) { _, _ in 1 }
    let plot = ConfusionPlot(
      matrix, names: ["circle", "square", "triangle", "a very long name of a class"])
    let image = plot.image(isNormalized: isNormalized)
    #expect(try look(image, "confusion-\(isNormalized)") > 50)
    // The cell of a class that was always found is the darkest shade.
    let dark: [UInt8] = [8, 48, 107]
    let count = stride(from: 0, to: image.pixels.count, by: 3)
      .count { Array(image.pixels[$0..<$0 + 3]) == dark }
    #expect(count > 3 * 100 * 100)
  }

  @Test("Many classes have smaller cells")
  func largeConfusion() throws {
    var matrix = ConfusionMatrix(classCount: 80, hasBackground: true)
    for index in 0..<80 { matrix.add([index], targets: [index]) { _, _ in 1 } }
    let image = ConfusionPlot(matrix, names: []).image(isNormalized: true)
    #expect(try look(image, "confusion-80") > 5)
    #expect(image.width < 2000)
  }

  @Test("Results have a panel for each loss and each metric", arguments: [3, 100])
  func results(_ epochs: Int) throws {
    var random = SplitMix64(seed: 9)
    let names = [
      "train/box_loss", "train/cls_loss", "train/dfl_loss", "metrics/precision(B)",
      "metrics/recall(B)", "metrics/mAP50(B)", "metrics/mAP50-95(B)", "val/box_loss",
      "val/cls_loss", "val/dfl_loss",
    ]
    var columns = [ResultsPlot.Column(name: "epoch", values: (1...epochs).map(Double.init))]
    columns += names.map { name in
      let isLoss = name.contains("loss")
      return ResultsPlot.Column(
        name: name,
        values: (1...epochs).map { epoch in
          let curve = exp(-Double(epoch) / 20)
          let noise = Double.random(in: -0.03...0.03, using: &random)
          return isLoss ? 1 + 2 * curve + noise : 0.9 - 0.8 * curve + noise
        })
    }
    columns.append(.init(name: "lr/pg0", values: [Double](repeating: 1e-3, count: epochs)))
    let image = ResultsPlot(columns).image
    #expect(image.size == Size(width: 5 * 464, height: 1048))
    #expect(try look(image, "results-\(epochs)") > 50)
  }

  @Test("Values that are not finite leave gaps, and nothing at all is a plot, too")
  func oddResults() throws {
    let odd = ResultsPlot([
      .init(name: "train/loss", values: [.nan, 1, .infinity, 1e300, 2]),
      .init(name: "val/loss", values: [.nan, .nan]), .init(name: "metrics/a", values: [0, 0, 0]),
      .init(name: "metrics/b", values: []),
    ]).image
    #expect(try look(odd, "results-odd") > 2)
    #expect(ResultsPlot([]).image.width > 0)
  }

  @Test("Labels are counted and placed", arguments: [8, 80])
  func labels(_ classCount: Int) throws {
    var random = SplitMix64(seed: 2)
    let labels = (0..<2000).map { index -> LabelsPlot.Label in
      let width = Double.random(in: 0.05...0.4, using: &random)
      let height = Double.random(in: 0.05...0.5, using: &random)
      return LabelsPlot.Label(
        classIndex: index * index % classCount,
        centerX: Double.random(in: width / 2...1 - width / 2, using: &random),
        centerY: Double.random(in: height / 2...1 - height / 2, using: &random), width: width,
        height: height)
    }
    let names = (0..<classCount).map { "class \($0)" }
    let image = LabelsPlot(
      labels + [.init(classIndex: 99, centerX: .nan, centerY: 0, width: 2, height: -1)],
      names: names
    ).image
    #expect(image.size == Size(width: 1600, height: 1600))
    #expect(try look(image, "labels-\(classCount)") > 50)
    #expect(try look(LabelsPlot([], names: []).image, "labels-none") > 2)
  }

  @Test("Images of a batch stand in a square", arguments: [(1, 640), (5, 320), (20, 640)])
  func batches(_ count: Int, _ side: Int) throws {
    let tiles = (0..<count).map { index in
      let pixels = (0..<side * side).flatMap { pixel -> [UInt8] in
        [UInt8(pixel % side * 255 / side), UInt8(pixel / side * 255 / side), UInt8(index * 12)]
      }
      let size = Size(width: side, height: side)
      let length = Float(side)
      let box = Box(x1: length * 0.2, y1: length * 0.3, x2: length * 0.6, y2: length * 0.8)
      let geometries: [Geometry] = [
        .box(box),
        .orientedBox(
          OrientedBox(
            x: length / 2, y: length / 2, width: length / 2, height: length / 5, angle: 0.5)),
        .keypoints(box, [Keypoint(Point(x: length / 3, y: length / 2), visibility: 2)]),
        .mask(
          box,
          Mask(
            frame: Size(width: 8, height: 8),
            pixels: (0..<64).map { $0 % 8 > 2 && $0 / 8 > 2 && $0 / 8 < 6 ? 1 : 0 }),
          outline: Polygon()),
      ]
      return BatchPlot.Tile(
        image: Image(knownSize: size, pixels: pixels),
        instances: [
          Instance(
            classIndex: index, className: "class \(index)", geometry: geometries[index % 4])
        ], caption: "image\(index).jpg")
    }
    let image = BatchPlot(tiles, showsConfidences: false).image
    let columns = count == 1 ? 1 : count == 5 ? 3 : 4
    let cell = min(side, 1920 / columns)
    #expect(image.width == columns * (cell + 2) - 2)
    #expect(try look(image, "batch-\(count)") > 200)
    #expect(BatchPlot([], showsConfidences: true).image.width > 0)
  }
}
