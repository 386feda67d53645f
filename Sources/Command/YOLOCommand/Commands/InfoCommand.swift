import ArgumentParser
import YOLO
import YOLOGraph
import YOLOImageIO
import YOLOInspection
import YOLOModels
import YOLOOptions
import YOLOPlot
import YOLOSystem
import YOLOTensor
import YOLOWeights

/// `yolo info`: says what a checkpoint is.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Says what a checkpoint is, and what its modules are.",
    discussion: """
      --layers lists the modules as far as inference computes them apart: class, what a top-level \
      module reads, output shape, parameters, GFLOP, receptive field and stride in input pixels; then \
      the steps of the plan: the chosen kernel, and where in memory the output lies.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text
    case json
  }

  @Flag(name: .long, help: "List the modules and the steps.")
  var layers = false

  @OptionGroup var inputSize: SettingArguments<InputSizeOptions>

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Draw the network: an SVG image, Graphviz (.dot) or Mermaid in Markdown (.md).",
      valueName: "file"))
  var graph: String?

  @Option(name: .long, help: "How it is printed: text, json.")
  var format = Format.text

  @OptionGroup(title: "Output") var outputs: OutputArguments
  @OptionGroup(title: "Runtime") var runtime: RuntimeArguments

  func run() throws {
    try reporting {
      let path = try runtime.modelPath()
      let drawing = try graph.map { try GraphFile($0, files: outputs.files) }
      let model = try runtime.open()
      let asked = try inputSize.imageSize()
      let plan = try model.plan(
        for: asked ?? model.defaultImageSize,
        options: try PredictOptions(imageSize: asked, isRectangular: false))
      let size = Size(width: plan.input.width, height: plan.input.height)
      let table = try ModuleTable(model, input: size)
      let report = InfoReport(model, path: path, plan: plan, table: table)
      switch format {
      case .text: StandardOutput.write(report.text(withLayers: layers))
      case .json: StandardOutput.write(report.json(withLayers: layers))
      }
      try drawing?.write(
        NetworkDrawing(
          table, title: FilePath.name(of: path)))
    }
  }
}

/// The file that a network is drawn into; its suffix says how.
struct GraphFile {
  private enum Form: String, CaseIterable {
    case svg
    case dot
    case md
  }

  private let path: String
  private let form: Form
  private let files: OutputFiles

  init(_ path: String, files: OutputFiles) throws {
    let suffix = path.split(separator: ".").last.map { $0.lowercased() } ?? ""
    guard path.contains("."), let form = Form(rawValue: suffix) else {
      throw ValidationError(
        "graph must be a file that ends in "
          + Form.allCases.map { ".\($0.rawValue)" }.joined(separator: ", ")
          + ", but \(path) was given")
    }
    self.path = path
    self.form = form
    self.files = files
    try files.check(path)
  }

  func write(_ drawing: NetworkDrawing) throws(ImageIOError) {
    let text =
      switch form {
      case .svg: drawing.svg
      case .dot: drawing.dot
      case .md: drawing.markdown
      }
    try files.write(text, to: path)
  }
}
