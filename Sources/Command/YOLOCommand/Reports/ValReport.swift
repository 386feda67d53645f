import JSONText
import YOLO
import YOLOEvaluation
import YOLOGeometry
import YOLOMetrics
import YOLOPlot
import YOLOPostprocess
import YOLOSystem

/// The figures of an evaluation, as text and as JSON.
struct ValReport {
  let model: String
  let data: String
  let split: String
  let task: String
  let names: [String]
  let outcome: Evaluator.Outcome

  /// A row for all classes, and one for each that has labels.
  var text: String {
    let speed = outcome.speed
    let times =
      "per image: \(speed.preprocess.fixed(1)) ms preprocess, \(speed.inference.fixed(1)) ms "
      + "inference, \(speed.postprocess.fixed(1)) ms postprocess\n"
    switch outcome.figures {
    case .instances(let report): return table(of: report).text + times
    case .classes(let evaluation): return table(of: evaluation).text + times
    }
  }

  private func table(of report: EvaluationReport) -> TextTable {
    let details = report.details
    let prefixes = details == nil ? [""] : ["box ", report.detailName + " "]
    let titles = prefixes.flatMap { prefix in
      ["P", "R", "mAP50", "mAP50-95"].map { prefix + $0 }
    }
    var table = TextTable(["class", "images", "instances"] + titles, leftColumns: 1)
    let all = [report.boxes, details].compactMap { $0 }
    table.append(
      ["all", "\(report.images)", "\(report.instances)"]
        + all.flatMap {
          [$0.precision, $0.recall, $0.averagePrecision50, $0.averagePrecision].map { $0.fixed(4) }
        })
    for (index, row) in report.boxes.classes.enumerated() {
      let figures = all.flatMap { metrics in
        let own = metrics.classes[index]
        return [own.precision, own.recall, own.averagePrecision50, own.averagePrecision]
          .map { $0.fixed(4) }
      }
      table.append([name(row.classIndex), "\(row.images)", "\(row.instances)"] + figures)
    }
    return table
  }

  private func table(of evaluation: ClassificationEvaluation) -> TextTable {
    var table = TextTable(["class", "images", "top1", "top5"], leftColumns: 1)
    table.append(
      ["all", "\(evaluation.images)", evaluation.top1.fixed(4), evaluation.top5.fixed(4)])
    for index in names.indices where index < evaluation.confusion.classCount {
      let (images, top1) = evaluation.rate(ofClass: index)
      if images > 0 { table.append([name(index), "\(images)", top1.fixed(4), ""]) }
    }
    return table
  }

  /// One object with the figures, and a line break.
  var json: [UInt8] {
    var members = [
      JSONMember("model", .string(model)), JSONMember("data", .string(data)),
      JSONMember("split", .string(split)), JSONMember("task", .string(task)),
    ]
    switch outcome.figures {
    case .instances(let report):
      members += [
        JSONMember("images", .int(report.images)),
        JSONMember("instances", .int(report.instances)),
        JSONMember("fitness", .double(report.fitness)),
        JSONMember("box", figures(report.boxes)),
      ]
      if let details = report.details {
        members.append(JSONMember(report.detailName, figures(details)))
      }
      members.append(JSONMember("confusion", matrix(report.confusion)))
    case .classes(let evaluation):
      members += [
        JSONMember("images", .int(evaluation.images)),
        JSONMember("fitness", .double(evaluation.fitness)),
        JSONMember("top1", .double(evaluation.top1)),
        JSONMember("top5", .double(evaluation.top5)),
        JSONMember("confusion", matrix(evaluation.confusion)),
      ]
    }
    members.append(
      JSONMember(
        "speed",
        .object([
          JSONMember("inference", .double(outcome.speed.inference)),
          JSONMember("postprocess", .double(outcome.speed.postprocess)),
          JSONMember("preprocess", .double(outcome.speed.preprocess)),
        ])))
    var json = JSONWriter()
    json.value(.object(members))
    return json.takeBytes() + [UInt8(ascii: "\n")]
  }

  private func figures(_ metrics: DetectionMetrics) -> JSONValue {
    .object([
      JSONMember("precision", .double(metrics.precision)),
      JSONMember("recall", .double(metrics.recall)),
      JSONMember("mAP50", .double(metrics.averagePrecision50)),
      JSONMember("mAP50-95", .double(metrics.averagePrecision)),
      JSONMember(
        "classes",
        .array(
          metrics.classes.map { row in
            .object([
              JSONMember("class", .int(row.classIndex)),
              JSONMember("name", .string(name(row.classIndex))),
              JSONMember("images", .int(row.images)),
              JSONMember("instances", .int(row.instances)),
              JSONMember("precision", .double(row.precision)),
              JSONMember("recall", .double(row.recall)),
              JSONMember("mAP50", .double(row.averagePrecision50)),
              JSONMember("mAP50-95", .double(row.averagePrecision)),
            ])
          })),
    ])
  }

  /// Rows are what was found, columns what is there; the last of each is the background.
  private func matrix(_ matrix: ConfusionMatrix) -> JSONValue {
    .array(
      (0..<matrix.side).map { predicted in
        .array((0..<matrix.side).map { .int(matrix[predicted: predicted, actual: $0]) })
      })
  }

  private func name(_ index: Int) -> String {
    names.indices.contains(index) ? names[index] : "\(index)"
  }

  /// The names of the plots of a task.
  static func plotNames(of task: VisionTask) -> [String] {
    let kinds: [String] =
      switch task {
      case .detect, .obb: ["box"]
      case .segment: ["box", "mask"]
      case .pose: ["box", "pose"]
      case .classify, .semantic, .depth: []
      }
    return kinds.flatMap { kind in
      MetricPlot.Curve.allCases.map { "\(kind)-\($0.rawValue).svg" }
    } + ["confusion.svg", "confusion-normalized.svg"]
  }

  /// The plots by file name, as SVG: curves where there are boxes, and the confusion matrix.
  var plots: [(name: String, svg: String)] {
    var plots = [(name: String, svg: String)]()
    let matrix: ConfusionMatrix
    switch outcome.figures {
    case .instances(let report):
      matrix = report.confusion
      let kinds = [("box", report.boxes)] + (report.details.map { [(report.detailName, $0)] } ?? [])
      for (kind, metrics) in kinds {
        let plot = MetricPlot(metrics, names: names, title: kind)
        plots += MetricPlot.Curve.allCases.map {
          ("\(kind)-\($0.rawValue).svg", plot.svg(of: $0))
        }
      }
    case .classes(let evaluation): matrix = evaluation.confusion
    }
    let confusion = ConfusionPlot(matrix, names: names)
    return plots + [
      ("confusion.svg", confusion.svg(isNormalized: false)),
      ("confusion-normalized.svg", confusion.svg(isNormalized: true)),
    ]
  }
}

extension EvaluationReport {
  /// What the figures beside those of boxes are about.
  fileprivate var detailName: String {
    switch task {
    case .segment: "mask"
    case .pose: "pose"
    case .detect, .obb, .classify, .semantic, .depth: "box"
    }
  }
}
