import YOLO
import YOLOImage
import YOLOImageIO
import YOLOPostprocess
import YOLOStudy
import YOLOTensor

/// The pictures of a trace.
struct TracePictures {
  private let trace: Model.Trace
  private let model: Model
  private let image: Image

  init(_ trace: Model.Trace, of model: Model, _ image: Image) {
    self.trace = trace
    self.model = model
    self.image = image
  }

  /// Writes a mosaic and an overlay for each tensor; if a box is given the maps of the head's scores,
  /// too, and the distributions of that box.
  func write(paths: [String], box: Int?, to folder: OutputFolder) throws {
    let (mosaic, overlay) = (FeatureMosaic(), ActivationOverlay(on: image, fit: trace.fit))
    for path in paths {
      guard let tensor = trace.tensors[path] else { continue }
      if let picture = mosaic.picture(of: tensor, path: path) {
        try folder.write(picture, named: path + ".maps.png")
      }
      if let picture = overlay.picture(of: tensor, path: path) {
        try folder.write(picture, named: path + ".overlay.jpg")
      }
    }
    if let box { try writeHead(box: box, to: folder) }
  }

  private func writeHead(box: Int, to folder: OutputFolder) throws {
    let levels = HeadLevel.levels(of: model, in: trace)
    let maps = HeadMaps(levels, on: image, fit: trace.fit)
    for (stride, picture) in maps.bestScores() {
      try folder.write(picture, named: "score-\(stride).jpg")
    }
    let objects = trace.prediction.findings.objects
    guard !levels.isEmpty, objects.indices.contains(box) else { return }
    let object = objects[box]
    let name = trace.prediction.name(ofClass: object.classIndex)
    for (stride, picture) in maps.scores(ofClass: object.classIndex, named: name) {
      try folder.write(picture, named: "score-\(stride)-\(object.classIndex).jpg")
    }
    if let distribution = BoxDistribution(of: object, in: levels, fit: trace.fit) {
      let chart = BoxDistributionChart(distribution, name: name)
      try folder.write(Array(chart.svg.utf8), named: "box-\(box).svg")
    }
  }
}
