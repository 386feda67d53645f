public import ArgumentParser
import YOLO
public import YOLOGraph
public import YOLOKernels
import YOLOModels
import YOLOOptions
import YOLOSystem

extension Backend: ExpressibleByArgument {}
extension InstructionSet: ExpressibleByArgument {}

extension ArgumentHelp {
  /// The help of an option that takes one of several values.
  static func of(_ option: ChoiceOption<some Any>, _ more: String = "") -> ArgumentHelp {
    ArgumentHelp("\(option.help): \(option.names)\(more).")
  }
}

/// The options that choose a model and how it is run.
struct RuntimeArguments: ParsableArguments {
  @Option(
    name: .long,
    help: "A .pt or .safetensors checkpoint; the shipped \(ShippedFiles.modelName) if not given.")
  var model: String?

  @Option(
    name: .customLong(RuntimeOptions.backendOption.name), help: .of(RuntimeOptions.backendOption))
  var backend = Backend.native

  @Option(
    name: .customLong(RuntimeOptions.threadsOption.name),
    help: "\(RuntimeOptions.threadsOption.help); all processors if not given.")
  var threads: Int?

  @Option(
    name: .customLong(RuntimeOptions.instructionSetOption.name),
    help: .of(RuntimeOptions.instructionSetOption, "; the last if not given"))
  var isa: InstructionSet?

  @Flag(
    name: .customLong(PredictOption.suppression.flag), inversion: .prefixedNo,
    help: "\(PredictOption.suppression.help).")
  var nms = PredictOption.suppression.defaultValue

  /// The path of the model, which nothing is written over.
  func modelPath() throws -> String {
    let path = try model ?? ShippedFiles.modelPath()
    InputFiles.add(path)
    return path
  }

  /// Opens the model; `branch` is that of a dual head if not the one asked for.
  func open(branch: HeadBranch? = nil) throws -> Model {
    try Model(
      path: try modelPath(),
      options: RuntimeOptions(
        backend: backend, instructionSet: isa ?? .best, threads: threads ?? Processors.usable,
        branch: branch ?? (nms ? .oneToMany : .oneToOne)))
  }
}
