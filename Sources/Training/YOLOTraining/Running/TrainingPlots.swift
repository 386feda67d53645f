import YOLOGeometry
import YOLOImage
import YOLOImageIO
import YOLOMetrics
import YOLOPlot
import YOLOTrainingData

/// The plots of a run, by the names that Ultralytics' trainer has for them.
struct TrainingPlots {
  let directory: RunDirectory
  /// The names of the classes.
  let names: [String]

  private func write(_ image: Image, _ name: String) throws(ImageIOError) {
    try ImageWriter.write(image, to: "\(directory.path)/\(name)")
  }

  /// Draws the labels of the images that are trained with; a classifier has none.
  func writeLabels(of index: TrainingIndex) throws(ImageIOError) {
    guard index.task != .classify else { return }
    var labels = [LabelsPlot.Label]()
    for image in index.images {
      for (classIndex, box) in zip(image.classes, image.boxes) {
        labels.append(
          LabelsPlot.Label(
            classIndex: classIndex, centerX: Double(box.x), centerY: Double(box.y),
            width: Double(box.z), height: Double(box.w)))
      }
    }
    try write(LabelsPlot(labels, names: names).image, "labels.jpg")
  }

  /// Draws a batch as the network is given it.
  func write(_ batch: borrowing TrainingBatch, iteration: Int) throws(ImageIOError) {
    var tiles = [BatchPlot.Tile]()
    for index in 0..<min(batch.count, BatchPlot.shownImages) {
      let name = batch.paths[index].split(separator: "/").last.map(String.init) ?? ""
      tiles.append(
        BatchPlot.Tile(
          image: batch.image(index), instances: batch.instances(index, names: names),
          caption: name))
    }
    try write(
      BatchPlot(tiles, showsConfidences: false).image, "train_batch\(iteration).jpg")
  }

  /// Draws images of the evaluation with their labels, and with what was found in them.
  func write(
    labels: [BatchPlot.Tile], predictions: [BatchPlot.Tile], batch: Int
  ) throws(ImageIOError) {
    try write(
      BatchPlot(labels, showsConfidences: false).image, "val_batch\(batch)_labels.jpg")
    try write(
      BatchPlot(predictions, showsConfidences: true).image, "val_batch\(batch)_pred.jpg")
  }

  /// Draws the columns of results.csv.
  func writeResults(_ columns: [(name: String, values: [Double])]) throws(ImageIOError) {
    try write(
      ResultsPlot(columns.map { ResultsPlot.Column(name: $0.name, values: $0.values) }).image,
      "results.png")
  }

  /// Draws the curves and the confusion matrix of an evaluation.
  func writeFigures(_ found: EpochEvaluation.Found?) throws(ImageIOError) {
    guard let found else { return }
    try write(
      ConfusionPlot(found.confusion, names: names).image(isNormalized: false),
      "confusion_matrix.png")
    try write(
      ConfusionPlot(found.confusion, names: names).image(isNormalized: true),
      "confusion_matrix_normalized.png")
    guard let report = found.report else { return }
    try writeCurves(report.boxes, "Box")
    if let details = report.details {
      try writeCurves(details, report.task == .segment ? "Mask" : "Pose")
    }
  }

  private func writeCurves(
    _ metrics: DetectionMetrics, _ title: String
  ) throws(ImageIOError) {
    for curve in MetricPlot.Curve.allCases {
      try write(
        MetricPlot(metrics, names: names, title: title).image(of: curve),
        "\(title)\(curve.fileName)_curve.png")
    }
  }
}

extension MetricPlot.Curve {
  /// What a file of the curve is called.
  fileprivate var fileName: String {
    switch self {
    case .f1: "F1"
    case .precision: "P"
    case .recall: "R"
    case .precisionRecall: "PR"
    }
  }
}
