import ArgumentParser
import YOLO
import YOLODrawing
import YOLOImage
import YOLOImageIO
import YOLOOptions
import YOLOPostprocess

/// `yolo predict`: finds the objects in images and videos.
struct PredictCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Finds the objects in images and videos.")

  /// How results are printed.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    /// Lines for people.
    case text
    /// One object: the answer of the HUB inference API.
    case json
    /// A line of JSON an image or frame.
    case ndjson
  }

  @Option(
    name: .long,
    help: ArgumentHelp(
      "An image, a video, a directory of them, or - for an image on standard input; the shipped "
        + "image if not given."
    ))
  var source: String?

  @Option(name: .long, help: "How results are printed: text, json, ndjson.")
  var format = Format.text

  @Flag(
    name: .customLong(PredictOption.normalized.flag), help: "\(PredictOption.normalized.help).")
  var normalize = PredictOption.normalized.defaultValue

  @Option(
    name: .long,
    help: ArgumentHelp("Write annotated images and videos to this directory.", valueName: "dir"))
  var save: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A font file for characters of labels beyond Latin, Greek and Cyrillic (default: YOLO_FONT).",
      valueName: "file"))
  var font: String?

  @Option(
    name: .customLong(PredictOption.videoStride.flag),
    help: "\(PredictOption.videoStride.help), \(PredictOption.videoStride.expected).")
  var videoStride = "\(PredictOption.videoStride.defaultValue)"

  @OptionGroup(title: "Prediction") var prediction: PredictArguments
  @OptionGroup(title: "Runtime") var runtime: RuntimeArguments

  /// Returns how results are drawn; a font that cannot be used is an error.
  private func drawing() throws(TypefaceError) -> DrawingOptions {
    var options = DrawingOptions()
    options.typeface =
      if let font { try Typeface(fallbackFont: font) } else { try Typeface.fromEnvironment() }
    return options
  }

  func run() async throws {
    try await reporting {
      let options = try prediction.options()
      let stride = try PredictOption.videoStride.parsed(videoStride)
      let sources = try ImageSource.expand(
        try source ?? ShippedFiles.imagePath(), withVideos: true)
      let model = try runtime.open()
      // The process ends with this command: the system takes its memory back all at once.
      _ = Unmanaged.passRetained(model)
      let directory = try save.map { try OutputDirectory($0, drawing: try drawing()) }
      var output = ResultOutput(format: format, isNormalized: normalize)
      var progress = ProgressBar(total: sources.count)
      var failure: ExitCode?
      for source in sources {
        do {
          if let path = source.videoPath {
            progress.clear()
            try await VideoRun(
              path: path, stride: stride, model: model, options: options, directory: directory
            ).write(to: &output)
            progress.advance()
            continue
          }
          let image = try source.read(threads: model.options.threads)
          let result = try model.predictBlocking(image, options: options, source: source.name)
          progress.clear()
          output.write(result)
          try directory?.write(image, annotatedWith: result, named: source.fileName)
        } catch {
          // One bad image does not keep the others from being read.
          progress.clear()
          failure = ExitStatus.report(error)
        }
        progress.advance()
      }
      progress.clear()
      if failure == nil || sources.count > 1 || output.hasResults {
        output.finish(model: try runtime.modelPath(), task: model.task)
      }
      if let failure { throw failure }
    }
  }
}
