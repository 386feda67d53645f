import ArgumentParser
import YOLO
import YOLOInspection
import YOLOVerification

/// `yolo record`: records a model's present results as golden cases.
struct RecordCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Records a model's present results as golden cases, for yolo verify.",
    discussion: """
      A case is a directory: the image, case.json with options and tolerances, expected.json with the \
      answer of yolo predict --format json, of semantic segmentation and depth the value of each pixel \
      (classes.npy, depth.npy), and the tensors of --taps. Of one image the directory --out \
      is the case; of a directory of images it gets a case an image. The paths of the cases go to \
      standard output.
      """)

  @Option(
    name: .long, parsing: .upToNextOption,
    help: "Images, or directories, patterns or .txt lists of them, which get a case each.")
  var source: [String]

  @Option(name: .long, help: ArgumentHelp("The directory to make.", valueName: "dir"))
  var out: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Whose tensors are kept: \(TapSelection.help); none if not given.", valueName: "taps"))
  var taps: String?

  @Flag(name: .long, help: "Replace cases that are there.")
  var force = false

  @OptionGroup(title: "Prediction") var prediction: PredictArguments
  @OptionGroup(title: "Runtime") var runtime: RuntimeArguments

  func run() throws {
    try reporting {
      let options = try prediction.options()
      let list = SourceList(source)
      let sources = list.sources
      guard !sources.isEmpty else { throw list.reported() }
      guard sources.allSatisfy({ $0.path != nil }) else {
        throw ValidationError("a case needs an image in a file, but standard input was given")
      }
      let model = try runtime.open()
      let modules = try taps.map { try TapSelection.paths($0, of: model) } ?? []
      let names = OutputNames.distinct(sources.map(\.fileName))
      let stamp = try ModelStamp(path: try runtime.modelPath())
      _ = try OutputDirectory(
        sources.count == 1 ? Self.parent(of: out) : out, files: OutputFiles(overwrites: false))
      var failure = list.failures.isEmpty ? nil : list.reported()
      for (source, name) in zip(sources, names) {
        let target = sources.count == 1 ? out : "\(out)/\(name)"
        do {
          try GoldenCase.record(
            model, image: source.path ?? "", to: target, modules: modules, options: options,
            stamp: stamp, replaces: force)
          StandardOutput.write("\(target)\n")
        } catch {
          // One bad image does not keep the others from being recorded.
          failure = ExitStatus.report(error)
        }
      }
      if let failure { throw failure }
    }
  }

  /// The directory that a path is in, `.` for a path of one part.
  private static func parent(of path: String) -> String {
    let parts = path.split(separator: "/").dropLast()
    return path.hasPrefix("/")
      ? "/" + parts.joined(separator: "/")
      : parts.isEmpty ? "." : parts.joined(separator: "/")
  }
}
