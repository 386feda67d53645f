import ArgumentParser
import YOLO
import YOLODatasets
import YOLOEvaluation
import YOLOOptions
import YOLOSystem

/// `yolo val`: measures how good a model is on a dataset.
struct ValCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "val",
    abstract: "Measures how good a model is on a dataset.",
    discussion: """
      A dataset is a data.yaml in YOLO format, or for a classifier a directory with val/CLASS/IMAGE. \
      The figures are those of Ultralytics' own val.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
  }

  @Option(
    name: .long, help: ArgumentHelp("A data.yaml, or a classifier's directory.", valueName: "path"))
  var data: String

  @Option(name: .long, help: "The part of the dataset: \(Dataset.splits.joined(separator: ", ")).")
  var split = "val"

  @Option(name: .long, help: "How the figures are printed: text, json.")
  var format = Format.text

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Write the curves and the confusion matrix to this directory.", valueName: "dir"))
  var save: String?

  @OptionGroup(title: "Output") var outputs: OutputArguments
  @OptionGroup(title: "Evaluation") var evaluation: SettingArguments<EvaluationOptions>
  @OptionGroup(title: "Runtime") var runtime: RuntimeArguments

  func run() throws {
    try reporting {
      var options = EvaluationOptions.standard
      try evaluation.apply(to: &options)
      let model = try runtime.open()
      InputFiles.add(data)
      let directory = try save.map {
        try OutputDirectory($0, files: outputs.files, names: ValReport.plotNames(of: model.task))
      }
      let dataset = try Dataset.open(path: data, task: model.task)
      var progress: ProgressBar?
      var failure: ExitCode?
      let outcome = try Evaluator(model: model, dataset: dataset, options: options).run(
        split: split
      ) { event in
        switch event {
        case .step(let total):
          progress = progress ?? ProgressBar(total: total)
          progress?.advance()
        case .skipped(let image):
          progress?.clear()
          failure = ExitStatus.report(image.error)
        }
      }
      progress?.clear()
      let report = ValReport(
        model: try runtime.modelPath(), data: data, split: split, task: model.task.rawValue,
        names: dataset.names, outcome: outcome)
      switch format {
      case .text: StandardOutput.write(report.text)
      case .json: StandardOutput.write(report.json)
      }
      for (name, plot) in directory == nil ? [] : report.plots {
        try directory?.write(Array(plot.utf8), named: name)
      }
      if let failure { throw failure }
    }
  }
}
