public import ArgumentParser
import YOLO
public import YOLOGraph
public import YOLOKernels
import YOLOModels
import YOLOOptions
import YOLOSystem

extension Backend: ExpressibleByArgument {}
extension InstructionSet: ExpressibleByArgument {}

/// The options that choose a model and how it is run.
struct RuntimeArguments: ParsableArguments {
  @Option(
    name: .long,
    help: "A .pt or .safetensors checkpoint; the shipped \(ShippedFiles.modelName) if not given.")
  var model: String?

  @Option(name: .long, help: "The kernels: \(Self.names(Backend.available)).")
  var backend = Backend.native

  @Option(name: .long, help: "Threads of an inference; all processors if not given.")
  var threads: Int?

  @Option(
    name: .long,
    help: "The instruction set: \(Self.names(InstructionSet.available)); the last if not given.")
  var isa: InstructionSet?

  @Flag(
    name: .customLong(PredictOption.suppression.flag), inversion: .prefixedNo,
    help: "\(PredictOption.suppression.help).")
  var nms = PredictOption.suppression.defaultValue

  /// Returns what an option takes, for its help.
  static func names<Name: RawRepresentable<String>>(_ names: [Name]) -> String {
    names.map(\.rawValue).joined(separator: ", ")
  }

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
