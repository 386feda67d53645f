import YOLO
import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOInspection
import YOLOPlot
import YOLOPostprocess
import YOLOTensor

/// The images of a trace.
struct TraceImages {
  private let trace: Model.Trace
  private let model: Model
  private let image: Image

  init(_ trace: Model.Trace, of model: Model, _ image: Image) {
    self.trace = trace
    self.model = model
    self.image = image
  }

  /// Writes a mosaic and an overlay for each tensor; if a box is given the maps of the head's
  /// scores, too, and the distributions of that box.
  func write(paths: [String], box: Int?, to directory: OutputDirectory) throws {
    let (mosaic, overlay) = (FeatureMosaic(), ActivationOverlay(on: image, fit: trace.fit))
    for path in paths {
      guard let tensor = trace.tensors[path] else { continue }
      if let image = mosaic.image(of: tensor, path: path) {
        try directory.write(image, named: path + ".maps.png")
      }
      if let image = overlay.image(of: tensor, path: path) {
        try directory.write(image, named: path + ".overlay.jpg")
      }
    }
    if let box { try writeHead(box: box, to: directory) }
  }

  private func writeHead(box: Int, to directory: OutputDirectory) throws {
    let levels = HeadLevel.levels(of: model, in: trace)
    let maps = HeadMaps(levels, on: image, fit: trace.fit)
    for (stride, image) in maps.bestScores() {
      try directory.write(image, named: "score-\(stride).jpg")
    }
    let objects = trace.results.instances
    guard !levels.isEmpty, objects.indices.contains(box) else { return }
    let object = objects[box]
    let name = object.className
    for (stride, image) in maps.scores(ofClass: object.classIndex, named: name) {
      try directory.write(image, named: "score-\(stride)-\(object.classIndex).jpg")
    }
    if let distribution = BoxDistribution(of: object, in: levels, fit: trace.fit) {
      let chart = BoxDistributionChart(distribution, name: name)
      try directory.write(Array(chart.svg.utf8), named: "box-\(box).svg")
    }
  }
}
