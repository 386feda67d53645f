/// A format that models are exported in.
package struct ExportFormat: Sendable, Hashable {
  /// The name in the later documents of the Platform API.
  package let name: String
  /// The names in its first documents that mean the same.
  package let aliases: [String]
  /// What the names of its files or directories end in, as Ultralytics' exporters write them; nil
  /// if that differs.
  package let suffix: String?

  private init(_ name: String, _ aliases: String..., suffix: String? = nil) {
    self.name = name
    self.aliases = aliases
    self.suffix = suffix
  }

  /// The checkpoint as it is.
  package static let checkpoint = ExportFormat("pt", suffix: ".pt")
  /// What this program exports itself.
  package static let safetensors = ExportFormat("safetensors", suffix: ".safetensors")

  /// All formats that have a name, whether there is something that exports them or not.
  package static let all = [
    checkpoint, safetensors, ExportFormat("onnx", suffix: ".onnx"),
    ExportFormat("torchscript", suffix: ".torchscript"),
    ExportFormat("openvino", suffix: "_openvino_model"),
    ExportFormat("engine", "tensorrt", suffix: ".engine"),
    ExportFormat("coreml", suffix: ".mlpackage"),
    ExportFormat("litert", "tflite", suffix: ".tflite"),
    ExportFormat("pb", "graphdef", suffix: ".pb"),
    ExportFormat("saved_model", suffix: "_saved_model"),
    ExportFormat("paddle", suffix: "_paddle_model"), ExportFormat("ncnn", suffix: "_ncnn_model"),
    ExportFormat("edgetpu", suffix: "_edgetpu.tflite"),
    ExportFormat("tfjs", suffix: "_web_model"), ExportFormat("mnn", suffix: ".mnn"),
    ExportFormat("rknn", suffix: "_rknn_model"), ExportFormat("qnn", suffix: "_qnn_model"),
    ExportFormat("imx", suffix: "_imx_model"), ExportFormat("axelera", suffix: "_axelera_model"),
    ExportFormat("executorch", suffix: "_executorch_model"),
    ExportFormat("deepx", suffix: "_deepx_model"), ExportFormat("hailo"), ExportFormat("ascend"),
    ExportFormat("coreai"), ExportFormat("xilinx"),
  ]

  /// All names.
  package static let names = all.flatMap { [$0.name] + $0.aliases }

  /// Returns the format of a name; nil for an unknown one.
  package init?(named name: String) {
    guard let format = Self.all.first(where: { $0.name == name || $0.aliases.contains(name) })
    else { return nil }
    self = format
  }
}

/// The commands that export models, by the names of formats.
package struct ExporterList: Sendable, Hashable {
  /// The commands of the shell.
  package let commands: [String: String]

  /// Reads lines such as `onnx=COMMAND`; nil if one is no such line, or two are of one format.
  package init?(_ text: String) {
    var commands: [String: String] = [:]
    for line in text.split(whereSeparator: { $0 == "\n" || $0 == ServerOption.separator }) {
      let parts = line.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let format = ExportFormat(named: String(parts[0])),
        parts[1].contains(where: { $0 != " " }), commands[format.name] == nil
      else { return nil }
      commands[format.name] = String(parts[1])
    }
    self.commands = commands
  }
}
