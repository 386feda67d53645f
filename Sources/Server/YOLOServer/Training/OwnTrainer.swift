#if Server
import JSONText
import YOLOKernels
import YOLOServerOptions
import YOLOSystem

/// This program as the trainer of its own platform: `yolo train`.
struct OwnTrainer: Sendable {
  /// The program.
  private let program: String
  /// The directory of the models that trainings may begin with by their names; nil for a trainer
  /// that is elsewhere.
  private let models: String?
  /// Whether the operator has named the base model.
  private let hasBaseModel: Bool

  init(_ settings: ServerSettings) {
    program = settings.program ?? Exporters.ownProgram
    let isHere = TrainerChoice(settings.trainer) == .own
    models = isHere ? AbsolutePath.of(settings.models) : nil
    hasBaseModel = settings.baseModel != nil
  }

  /// The words of the command: the devices share the processors.
  func words(_ devices: TrainingDevices) -> [String] {
    let threads = max(1, Processors.usable / max(1, devices.slots.count))
    return [program, "train", "{args}", "--threads", "\(threads)"]
  }

  /// Returns the path of a model by its name; nil if there is none.
  private func path(_ name: String) -> String? {
    guard let models else { return nil }
    let path = "\(models)/\(name)"
    return FileSystem.exists(path) && !FileSystem.isDirectory(path) ? path : nil
  }

  /// Lets the worker find the model that it begins with, and keep what it fetches with its other
  /// files, which go with the job.
  func prepare(_ task: inout TrainingWorker.Task, in directory: String, _ members: [JSONMember]) {
    task.variables["YOLO_CACHE_DIR"] = "\(directory)/cache"
    task.yields = true
    let name = members.first { $0.key == "model" }?.value.string
    if let name, let path = path(name) { task.links[name] = path }
  }

  /// Returns what a model without weights begins with: the base model, or without one the same
  /// network with random weights.
  ///
  /// - Throws: `PlatformError.invalid` if the base model of the operator is not there.
  func baseModel(_ name: String, of model: String) throws(PlatformError) -> String {
    if path(name) != nil { return name }
    guard !hasBaseModel else {
      throw .invalid(
        argument: "modelId", given: model,
        expected: "a model with weights, for this server has no \(name) to begin with")
    }
    return name.dropLast(".pt".count) + ".yaml"
  }

  /// Checks that a worker will find what the arguments name.
  ///
  /// - Throws: `PlatformError.invalid`.
  func check(_ arguments: TrainingArguments) throws(PlatformError) {
    if PlatformAddress.dataset(arguments.data) == nil {
      throw .invalid(
        argument: "trainArgs.data", given: arguments.data.excerpt(),
        expected: "ul://owner/datasets/slug")
    }
    let model = arguments.model
    if PlatformAddress.model(model) == nil, model.hasSuffix(".pt"), path(model) == nil {
      throw .invalid(
        argument: "trainArgs.model", given: model.excerpt(),
        expected: "ul://owner/project/model, a description such as yolo26n.yaml, or the name of a "
          + "model that this server serves")
    }
  }
}
#endif
