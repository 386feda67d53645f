import JSONText
import YOLO
import YOLOGeometry
import YOLOGraph
import YOLOInspection
import YOLOModels
import YOLOSystem
import YOLOTensor
import YOLOWeights

/// What a checkpoint is, as text and as JSON.
struct InfoReport {
  private let model: Model
  private let path: String
  private let plan: Plan
  private let table: ModuleTable
  private let steps: StepTable

  init(_ model: Model, path: String, plan: Plan, table: ModuleTable) {
    self.model = model
    self.path = path
    self.plan = plan
    self.table = table
    steps = StepTable(plan)
  }

  private static func gigaflops(_ macs: Int) -> Double {
    2 * Double(macs) * 1e-9
  }

  func text(withLayers: Bool) -> String {
    let checkpoint = model.checkpoint
    let info = checkpoint.info
    let size = model.defaultImageSize
    let unused = checkpoint.usageReport()
    let lines: [(String, String?)] = [
      ("file", path), ("format", "\(info.format)"), ("task", model.task.rawValue),
      ("architecture", info.yamlFile), ("scale", info.scale),
      ("parameters", "\(table.parameterCount)"),
      (
        "work",
        "\(Self.gigaflops(table.macs).fixed(2)) GFLOP at "
          + "\(table.input.width)x\(table.input.height)"
      ),
      ("activations", "\((Double(steps.arenaBytes) / 1_048_576).fixed(1)) MiB"),
      ("input size", "\(size.width)x\(size.height)"),
      ("channels", model.channels == 3 ? nil : "\(model.channels)"),
      ("strides", checkpoint.strides.map { "\($0)" }.joined(separator: ", ")),
      ("saved", info.date), ("by release", info.version), ("license", info.license),
      ("weights from", info.selected),
      (
        "classes",
        checkpoint.names.ids.map { "\($0) \(model.names.label(of: $0))" }.joined(separator: ", ")
      ),
      ("weights", unused.isComplete ? nil : "\(unused)"),
    ]
    var text = ""
    for (name, value) in lines {
      guard let value, !value.isEmpty else { continue }
      text += name + String(repeating: " ", count: max(1, 14 - name.count)) + value + "\n"
    }
    return withLayers ? text + "\n" + modules + "\n" + stepList : text
  }

  private var modules: String {
    var rows = TextTable(
      ["path", "class", "from", "output", "parameters", "GFLOP", "field", "stride"],
      leftColumns: 4)
    for row in table.rows {
      rows.append([
        row.path, row.className,
        row.sources.map { $0 < 0 ? "input" : "\($0)" }.joined(separator: ", "),
        row.output.dropFirst().map { "\($0)" }.joined(separator: "x"), "\(row.parameterCount)",
        Self.gigaflops(row.macs).fixed(3), row.receptiveField.size.map { "\($0)" } ?? "all",
        row.receptiveField.stride == row.receptiveField.stride.rounded()
          ? row.receptiveField.stride.fixed(0) : row.receptiveField.stride.fixed(2),
      ])
    }
    return rows.text
      + "\(table.layers.count) layers, \(table.rows.count) modules, "
      + "\(table.parameterCount) parameters, \(Self.gigaflops(table.macs).fixed(2)) GFLOP\n"
  }

  private var stepList: String {
    var rows = TextTable(
      ["step", "kind", "kernel", "output", "GFLOP", "at KiB", "KiB"], leftColumns: 4)
    for row in steps.rows {
      rows.append([
        row.path, row.kind.rawValue, row.kernel,
        row.output.map { "\($0)" }.joined(separator: "x"),
        Self.gigaflops(row.macs).fixed(3), (Double(row.offset) / 1024).fixed(0),
        (Double(row.byteCount) / 1024).fixed(0),
      ])
    }
    let work = steps.rows.reduce(0) { $0 + $1.macs }
    return rows.text
      + "\(steps.rows.count) steps on \(steps.threads) thread(s), "
      + "\(Self.gigaflops(work).fixed(2)) GFLOP, all outputs in "
      + "\((Double(steps.arenaBytes) / 1_048_576).fixed(1)) MiB\n"
  }

  func json(withLayers: Bool) -> [UInt8] {
    let info = model.checkpoint.info
    func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    func list(_ values: [Int]) -> JSONValue { .array(values.map { .int($0) }) }
    let size = model.defaultImageSize
    var members = [
      JSONMember("file", .string(path)), JSONMember("format", .string("\(info.format)")),
      JSONMember("task", .string(model.task.rawValue)),
      JSONMember("architecture", text(info.yamlFile)),
      JSONMember("scale", text(info.scale)), JSONMember("parameters", .int(table.parameterCount)),
      JSONMember("gflop", .double(Self.gigaflops(table.macs))),
      JSONMember("input", list([table.input.height, table.input.width])),
      JSONMember("activationBytes", .int(steps.arenaBytes)),
      JSONMember("imgsz", list([size.height, size.width])),
      JSONMember("channels", .int(model.channels)),
      JSONMember("strides", list(model.checkpoint.strides)), JSONMember("saved", text(info.date)),
      JSONMember("release", text(info.version)), JSONMember("license", text(info.license)),
      JSONMember("weightsFrom", text(info.selected)),
      JSONMember(
        "classes",
        .object(
          model.checkpoint.names.ids.map {
            JSONMember("\($0)", .string(model.names.label(of: $0)))
          })),
    ]
    if withLayers {
      members.append(
        JSONMember(
          "modules",
          .array(
            table.rows.map { row in
              .object([
                JSONMember("path", .string(row.path)), JSONMember("class", .string(row.className)),
                JSONMember("from", row.isLayer ? list(row.sources) : .null),
                JSONMember("output", list(row.output)),
                JSONMember("parameters", .int(row.parameterCount)),
                JSONMember("gflop", .double(Self.gigaflops(row.macs))),
                JSONMember("field", row.receptiveField.size.map { .int($0) } ?? .null),
                JSONMember("stride", .double(row.receptiveField.stride)),
              ])
            })))
      members.append(
        JSONMember(
          "steps",
          .array(
            steps.rows.map { row in
              .object([
                JSONMember("path", .string(row.path)),
                JSONMember("kind", .string(row.kind.rawValue)),
                JSONMember("kernel", .string(row.kernel)), JSONMember("output", list(row.output)),
                JSONMember("gflop", .double(Self.gigaflops(row.macs))),
                JSONMember("offset", .int(row.offset)), JSONMember("bytes", .int(row.byteCount)),
              ])
            })))
    }
    var json = JSONWriter()
    json.value(.object(members))
    return json.takeBytes() + [UInt8(ascii: "\n")]
  }
}
