import ArgumentParser
import JSONText
import YOLO
import YOLOGraph
import YOLOImage
import YOLOImageIO
import YOLOInspection
import YOLOKernels
import YOLOModels
import YOLOOptions
import YOLOPlot
import YOLOSystem

/// `yolo diff`: finds where two checkpoints, or two ways of running one, part.
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Finds the first module at which two checkpoints, or two ways of running one, part.",
    discussion: """
      --model, --backend, --isa and --threads may be given twice: the first is that of the first run, \
      the second that of the second. What is given once holds for both.

      The outputs of the modules are compared in the order in which they run: the greatest absolute \
      difference, relative to the range of the first run's. --taps layers compares the top-level \
      modules only, --taps all also what inference computes as one, such as a convolution and the \
      normalization after it.

      Ends with exit code 1 if they part.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
  }

  @Option(
    name: .long,
    help: "A checkpoint, once or twice; the shipped \(ShippedFiles.modelName) if not given.")
  var model: [String] = []

  @Option(
    name: .long, help: "The kernels, once or twice: \(RuntimeArguments.names(Backend.available)).")
  var backend: [Backend] = []

  @Option(
    name: .long,
    help: "The instruction set, once or twice: \(RuntimeArguments.names(InstructionSet.available))."
  )
  var isa: [InstructionSet] = []

  @Option(name: .long, help: "Threads of an inference, once or twice.")
  var threads: [Int] = []

  @Flag(
    name: .customLong(PredictOption.suppression.flag), inversion: .prefixedNo,
    help: "\(PredictOption.suppression.help).")
  var nms = PredictOption.suppression.defaultValue

  @Option(name: .long, help: "An image; the shipped one if not given.")
  var source: String?

  @OptionGroup var inputSize: SettingArguments<InputSizeOptions>

  @Option(
    name: .long,
    help: ArgumentHelp("The modules that are compared: \(TapSelection.help).", valueName: "taps"))
  var taps = TapSelection.blocks

  @Option(
    name: .long, help: "How far outputs may be apart, relative to the range of the first run's.")
  var tolerance = ModelDifference.tolerance

  @Option(
    name: .long, help: ArgumentHelp("Write a plot of the differences.", valueName: "file.svg"))
  var plot: String?

  @Option(name: .long, help: "How the differences are printed: text, json.")
  var format = Format.text

  @OptionGroup(title: "Output") var outputs: OutputArguments

  func run() throws {
    try reporting {
      let (first, second) = try runs()
      guard tolerance >= 0 else {
        throw ValidationError("tolerance must be 0 or more, but \(tolerance) was given")
      }
      for path in [first.model, second.model] { InputFiles.add(path) }
      let files = outputs.files
      if let plot { try files.check(plot) }
      let (model, other) = (try first.open(nms: nms), try second.open(nms: nms))
      let size = try inputSize.imageSize()
      let options = try PredictOptions(imageSize: size ?? model.defaultImageSize)
      let image = try SourceList.image(try source ?? ShippedFiles.imagePath()).read()
      let own = try TapSelection.paths(taps, of: model)
      // Paths that only the first model has are told as differences.
      let others = (try? TapSelection.paths(taps, of: other)) ?? []
      let difference = try model.difference(
        to: other, on: image, modules: TapSelection.joined(own, others),
        options: options, tolerance: tolerance)
      let report = DifferenceReport(difference, first: first.label, second: second.label)
      switch format {
      case .text: StandardOutput.write(report.text)
      case .json: StandardOutput.write(report.json)
      }
      if let plot {
        try files.write(
          ModelDifferencePlot(
            difference, title: "\(first.shortLabel) against \(second.shortLabel)"
          ).svg, to: plot)
      }
      if !difference.agrees { throw ExitCode(1) }
    }
  }

  /// One of the two runs.
  private struct Run {
    var model: String
    var backend: Backend
    var isa: InstructionSet
    var threads: Int

    func open(nms: Bool) throws -> Model {
      try Model(
        path: model,
        options: RuntimeOptions(
          backend: backend, instructionSet: isa, threads: threads,
          branch: nms ? .oneToMany : .oneToOne))
    }

    /// What is run, and how.
    var label: String { "\(model) (\(settings))" }

    /// The same by the file's name alone.
    var shortLabel: String {
      let name = FilePath.name(of: model)
      return "\(name) (\(settings))"
    }

    private var settings: String {
      "\(backend.rawValue), \(isa.rawValue), \(threads) thread\(threads == 1 ? "" : "s")"
    }
  }

  private func runs() throws -> (Run, Run) {
    func pair<Value>(_ values: [Value], _ name: String, else default: Value) throws -> (
      Value, Value
    ) {
      guard values.count <= 2 else {
        throw ValidationError("\(name) can be given twice, but was given \(values.count) times")
      }
      let first = values.first ?? `default`
      return (first, values.last ?? first)
    }
    let models = try pair(
      model, "--model", else: model.isEmpty ? try ShippedFiles.modelPath() : "")
    let backends = try pair(backend, "--backend", else: .native)
    let sets = try pair(isa, "--isa", else: .best)
    let counts = try pair(threads, "--threads", else: Processors.usable)
    guard [model.count, backend.count, isa.count, threads.count].contains(2) else {
      throw ValidationError("give --model, --backend, --isa or --threads twice: nothing differs")
    }
    return (
      Run(model: models.0, backend: backends.0, isa: sets.0, threads: counts.0),
      Run(model: models.1, backend: backends.1, isa: sets.1, threads: counts.1)
    )
  }
}
