import ArgumentParser
import YOLO
import YOLOGraph
import YOLOModels
import YOLOPostprocess
import YOLOTensor
import YOLOWeights

/// `yolo info`: says what a checkpoint is.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Says what a checkpoint is.")

  @Flag(name: .long, help: "List the layers.")
  var layers = false

  @OptionGroup(title: "Runtime") var runtime: RuntimeArguments

  func run() throws {
    do {
      let path = try runtime.modelPath()
      let model = try runtime.open()
      let checkpoint = model.checkpoint
      let info = checkpoint.info
      let size = model.defaultImageSize
      let plan = try model.plan(for: size, options: try PredictOptions(isRectangular: false))
      let parameters = model.network.layers.reduce(0) { $0 + $1.parameterCount }
      var lines: [(String, String?)] = [
        ("file", path), ("format", "\(info.format)"), ("task", model.network.head.task),
        ("architecture", info.yamlFile), ("scale", info.scale),
        ("parameters", "\(parameters)"),
        (
          "work",
          "\((2 * Double(plan.multiplications) * 1e-9).fixed(2)) GFLOP at "
            + "\(size.width)x\(size.height)"
        ),
        ("activations", "\((4 * Double(plan.arenaCount) / 1_048_576).fixed(1)) MiB"),
        ("input size", "\(size.width)x\(size.height)"),
        ("strides", checkpoint.strides.map { "\($0)" }.joined(separator: ", ")),
        ("saved", info.date), ("by release", info.version), ("licence", info.license),
        ("weights from", info.selected),
      ]
      lines.append(
        (
          "classes",
          checkpoint.names.ids.map { "\($0) \(model.names.label(of: $0))" }.joined(separator: ", ")
        ))
      let unused = checkpoint.usageReport()
      if !unused.isComplete { lines.append(("weights", "\(unused)")) }
      for (name, value) in lines {
        guard let value, !value.isEmpty else { continue }
        StandardOutput.write(
          name + String(repeating: " ", count: max(1, 14 - name.count)) + value + "\n")
      }
      if layers { StandardOutput.write("\n" + table(of: model).text) }
    } catch let code as ExitCode {
      throw code
    } catch {
      throw ExitStatus.report(error)
    }
  }

  private func table(of model: Model) -> TextTable {
    var table = TextTable(["path", "class", "from", "parameters"], leftColumns: 3)
    for layer in model.network.layers {
      let sources = layer.sources.map { $0 < 0 ? "input" : "\($0)" }.joined(separator: ", ")
      table.append([layer.path, layer.className, sources, "\(layer.parameterCount)"])
    }
    return table
  }
}
