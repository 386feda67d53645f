/// Finds the model in what a torch file holds: in a dictionary of a training, by itself, or inside
/// of what was wrapped around it.
struct ModelSearch {
  private let graph: PickleGraph
  private let file: String

  /// The wrappers inside one another that are followed.
  private static let depthLimit = 8

  /// Where wrappers keep the model: data parallelism and averaging (`module`), compilation
  /// (`_orig_mod`), averaging of Ultralytics (`ema`), distillation (`student`, …), command objects
  /// and trainers (`model`).
  private static let holders = [
    "module", "_orig_mod", "ema", "student", "student_model", "model_student", "model", "net",
    "detection_model", "yolo",
  ]

  init(graph: PickleGraph, file: String) {
    self.graph = graph
    self.file = file
  }

  /// Returns the instance of the model and where it is: `ema`, else `model`, of a dictionary, or
  /// the root, with the wrappers around it.
  ///
  /// - Throws: `WeightError.invalidModel`.
  func result() throws(WeightError) -> (module: PickleValue, selected: String) {
    guard graph.items(graph.root, .dictionary) != nil else {
      guard graph.object(graph.root)?.kind == .instance else {
        throw invalid("", "the file holds no model")
      }
      return try unwrapped(graph.root, at: "root")
    }
    var top: [String: PickleValue] = [:]
    for (key, value) in graph.entries(graph.root) ?? [] { top[key] = value }
    if let state = top["modelopt"], state != .none {
      throw invalid(
        "modelopt",
        "a model quantized by NVIDIA ModelOpt: its scales are not run, and without them the results "
          + "would differ; use the checkpoint before quantization")
    }
    for key in ["ema", "model"] {
      guard let value = top[key], value != .none else { continue }
      guard graph.object(value)?.kind == .instance else {
        throw invalid(
          key,
          "\(isStateDict(value) ? "a state dict" : "a state dict or other object"), "
            + "weights without an architecture; load it into its model in Python, and save that "
            + "with model.save()")
      }
      return try unwrapped(value, at: key)
    }
    throw withoutModel(top)
  }

  // MARK: - Wrappers

  /// Follows wrappers to the model.
  private func unwrapped(
    _ outer: PickleValue, at outerPath: String
  ) throws(WeightError) -> (module: PickleValue, selected: String) {
    var value = outer
    var path = outerPath
    for _ in 0..<Self.depthLimit {
      if isNetwork(value) { return (value, path) }
      if isModule(value), graph.global(value)?.name == "Ensemble" {
        throw invalid(
          path, "an ensemble of models, which is not run; save one of its members instead")
      }
      guard let (name, inner) = held(by: value) else { break }
      value = inner
      path += "." + name
    }
    guard isModule(value) else {
      let name = graph.global(value)?.qualifiedName ?? "this"
      throw invalid(outerPath, "\(printable(name)) is not a model and holds none")
    }
    return (value, path)
  }

  /// The part of a wrapper that is or may hold the model.
  private func held(by value: PickleValue) -> (name: String, value: PickleValue)? {
    let parts = parts(of: value)
    for name in Self.holders {
      guard let part = parts.first(where: { $0.key == name })?.value,
        graph.object(part)?.kind == .instance,
        isModule(part) ? graph.global(part)?.name != "Sequential" : !parts.isEmpty
      else { continue }
      return (name, part)
    }
    return nil
  }

  /// The child modules of an object, then its attributes.
  private func parts(of value: PickleValue) -> [(key: String, value: PickleValue)] {
    let attributes = (graph.object(value)?.state).flatMap { graph.entries($0) } ?? []
    let children = attributes.first { $0.key == "_modules" }.flatMap { graph.entries($0.value) }
    return (children ?? []) + attributes
  }

  /// Whether a value is a module whose layers are in a list, as those of Ultralytics' models are.
  private func isNetwork(_ value: PickleValue) -> Bool {
    guard isModule(value), let layers = parts(of: value).first(where: { $0.key == "model" }) else {
      return false
    }
    return isModule(layers.value) && graph.global(layers.value)?.name == "Sequential"
  }

  /// Whether a value is a `torch.nn.Module`.
  private func isModule(_ value: PickleValue) -> Bool {
    guard let object = graph.object(value), object.kind == .instance,
      let state = graph.entries(object.state)
    else { return false }
    return ["_modules", "_parameters"].allSatisfy { key in state.contains { $0.key == key } }
  }

  // MARK: - Files without a model

  /// Whether a value is a dictionary of tensors.
  private func isStateDict(_ value: PickleValue) -> Bool {
    guard let entries = graph.entries(value), let first = entries.first else { return false }
    return graph.items(first.value, .tensor) != nil
  }

  /// The error of a dictionary without a model, by what it holds instead.
  private func withoutModel(_ top: [String: PickleValue]) -> WeightError {
    let advice = "; load it into its model in Python, and save that with model.save()"
    if isStateDict(graph.root) {
      return invalid(
        "",
        "a dictionary without a model: a bare state dict, weights without an architecture" + advice)
    }
    let known = [
      ("pytorch-lightning_version", "a checkpoint of PyTorch Lightning"),
      ("ema_net", "a checkpoint of YOLO-NAS (super-gradients)"),
      ("net", "a checkpoint of YOLO-NAS (super-gradients)"),
      ("state_dict", "a checkpoint that keeps weights without an architecture"),
      ("model_state_dict", "a checkpoint that keeps weights without an architecture"),
      ("state_dict_ema", "a checkpoint that keeps weights without an architecture"),
    ]
    if let (_, what) = known.first(where: { top[$0.0] != nil }) {
      return invalid("", "a dictionary without a model: \(what)" + advice)
    }
    let keys = top.keys.sorted().prefix(8).map(printable).joined(separator: ", ")
    return invalid(
      "",
      "a dictionary without a model: neither ema nor model, but "
        + (keys.isEmpty ? "nothing" : keys + (top.count > 8 ? ", …" : "")))
  }

  private func invalid(_ path: String, _ reason: String) -> WeightError {
    .invalidModel(file: file, at: path, reason: reason)
  }
}
