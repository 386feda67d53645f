import ArgumentParser
import YOLO
import YOLOWeights

/// `yolo export`: writes a checkpoint in another format.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes a checkpoint in another format.",
    discussion: "A safetensors file carries its architecture and names, and predicts by itself.")

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case safetensors
  }

  @Option(name: .long, help: "The format: safetensors.")
  var format = Format.safetensors

  @Option(
    name: .long,
    help: "The file to write; the model's path with the format's suffix if not given.")
  var output: String?

  @OptionGroup(title: "Output") var outputs: OutputArguments
  @OptionGroup(title: "Runtime") var runtime: RuntimeArguments

  func run() throws {
    try reporting {
      // Opening the model makes sure that what is written can be run.
      let path = try runtime.modelPath()
      let stem = path.hasSuffix(".pt") ? String(path.dropLast(3)) : path
      let target = output ?? "\(stem).\(format.rawValue)"
      let files = outputs.files
      try files.check(target)
      let model = try runtime.open()
      try model.checkpoint.writeSafetensors(
        to: target, producer: "swift-yolo \(Version.current)", replaces: files.overwrites)
      StandardOutput.write("\(target)\n")
    }
  }
}
