#if Server
import JSONText
import YOLOGeometry
import YOLOServerOptions
import YOLOSystem

/// What a trainer may be told: the arguments of a request, checked one by one.
///
/// They become words of a command, so none is passed on that is not known.
struct TrainingArguments: Sendable {
  /// The names and values in their order.
  private(set) var members: [JSONMember] = []

  /// What an argument must be.
  private enum Rule: Sendable {
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case flag
    case choice([String])
    /// True, false, or one of these.
    case flagOrChoice([String])
    /// A list of integers from 0 on.
    case integers
  }

  private static func integer(_ lower: Int, _ upper: Int) -> Rule { .integer(lower...upper) }

  private static func number(_ lower: Double, _ upper: Double) -> Rule { .number(lower...upper) }

  private static let rules: [String: Rule] = [
    "task": .choice(ModelTask.names), "classes": .integers, "lr0": number(0.0001, 0.1),
    "lrf": number(0.01, 1), "momentum": number(0.6, 0.98), "weight_decay": number(0, 0.001),
    "warmup_epochs": number(0, 5), "warmup_momentum": number(0.5, 0.95),
    "warmup_bias_lr": number(0, 0.2),
    "optimizer": .choice([
      "auto", "SGD", "MuSGD", "Adam", "AdamW", "NAdam", "RAdam", "RMSProp", "Adamax",
    ]), "box": number(1, 50), "cls": number(0.2, 4), "dfl": number(0.4, 6),
    "pose": number(1, 50), "kobj": number(0.5, 10), "hsv_h": number(0, 0.1),
    "hsv_s": number(0, 1), "hsv_v": number(0, 1), "degrees": number(-45, 45),
    "translate": number(0, 1), "scale": number(0, 1), "shear": number(-10, 10),
    "perspective": number(0, 0.001), "flipud": number(0, 1), "fliplr": number(0, 1),
    "mosaic": number(0, 1), "mixup": number(0, 1), "copy_paste": number(0, 1),
    "epochs": integer(1, EpochTable.numberLimit), "batch": integer(-1, 512),
    "imgsz": integer(32, 4096), "pretrained": .flag, "patience": integer(1, 1000),
    "time": number(0.1, 720), "seed": integer(0, 2_147_483_647), "deterministic": .flag,
    "amp": .flag, "cos_lr": .flag,
    "compile": .flagOrChoice([
      "default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs",
    ]), "close_mosaic": integer(0, 50), "save_period": integer(-1, 100),
    "fraction": number(0.1, 1), "freeze": integer(0, 100), "single_cls": .flag, "rect": .flag,
    "multi_scale": number(0, 0.9), "val": .flag, "cache": .choice(["ram", "disk", "false"]),
    "workers": integer(0, 64), "dropout": number(0, 1), "iou": number(0.1, 0.9),
    "max_det": integer(1, 10_000),
  ]
  /// What the server decides itself, whatever a request has.
  private static let ignored: Set = ["project", "name", "device"]

  /// The model that is trained, as the trainer is told.
  let model: String
  /// The dataset, as the trainer is told.
  let data: String
  let epochs: Int

  /// Checks the arguments of a request.
  ///
  /// - Throws: `PlatformError.invalid` that names the argument.
  init(_ arguments: StoredJSON) throws(PlatformError) {
    let value = arguments.value
    try arguments.checkObject("trainArgs")
    model = try Self.text(value, "model", "a name such as yolo26n.pt, or ul://owner/project/model")
    {
      PlatformAddress.model($0) != nil
        || Self.isPlain($0) && [".pt", ".yaml", ".yml"].contains(where: $0.hasSuffix)
    }
    data = try Self.text(value, "data", "ul://owner/datasets/slug, or a name such as coco8.yaml") {
      PlatformAddress.dataset($0) != nil || Self.isPlain($0)
    }
    guard let epochs = value["epochs"]?.wholeNumber else {
      throw .invalid(
        argument: "trainArgs.epochs", given: "", expected: "an integer from 1 to 10000")
    }
    self.epochs = epochs
    for member in value.members ?? [] where member.value != .null {
      let name = member.key
      if ["model", "data"].contains(name) || Self.ignored.contains(name) { continue }
      if name == "resume", member.value == .bool(false) { continue }
      guard let rule = Self.rules[name] else {
        throw .invalid(
          argument: "trainArgs", given: name.excerpt(),
          expected: "an object of arguments that trainings here have")
      }
      guard let checked = Self.checked(member.value, rule) else {
        throw .invalid(
          argument: "trainArgs.\(name)", given: JSONWriter.text(member.value).excerpt(),
          expected: Self.expected(rule))
      }
      members.append(JSONMember(name, checked))
    }
    members =
      [JSONMember("model", .string(model)), JSONMember("data", .string(data))] + members
  }

  /// The arguments as words, `name=value` each, with more behind them.
  static func words(_ members: [JSONMember]) -> [String] {
    members.map { "\($0.key)=\(word($0.value))" }
  }

  private static func word(_ value: JSONValue) -> String {
    switch value {
    case .bool(let flag): flag ? "True" : "False"
    case .string(let text): text
    case .array(let elements): "[\(elements.map(word).joined(separator: ","))]"
    default: JSONWriter.text(value)
    }
  }

  private static func text(
    _ value: JSONValue, _ name: String, _ expected: String, _ isValid: (String) -> Bool
  ) throws(PlatformError) -> String {
    guard let text = value[name]?.string, (1...256).contains(text.utf8.count),
      text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), isValid(text)
    else {
      throw .invalid(
        argument: "trainArgs.\(name)", given: (value[name]?.string ?? "").excerpt(),
        expected: expected)
    }
    return text
  }

  /// Whether a text is a name without directories.
  private static func isPlain(_ text: String) -> Bool {
    !text.hasPrefix("-") && ObjectName.isPlain(text)
  }

  private static func checked(_ value: JSONValue, _ rule: Rule) -> JSONValue? {
    switch rule {
    case .integer(let range):
      return value.wholeNumber.flatMap { range.contains($0) ? .int($0) : nil }
    case .number(let range):
      return value.number.flatMap { range.contains($0) ? value : nil }
    case .flag:
      if case .bool = value { return value }
      return nil
    case .choice(let choices): return value.string.flatMap { choices.contains($0) ? value : nil }
    case .flagOrChoice(let choices):
      if case .bool = value { return value }
      return value.string.flatMap { choices.contains($0) ? value : nil }
    case .integers:
      let elements = value.elements ?? []
      guard value.elements != nil, elements.count <= 10_000,
        elements.allSatisfy({ ($0.int ?? -1) >= 0 })
      else { return nil }
      return value
    }
  }

  private static func expected(_ rule: Rule) -> String {
    switch rule {
    case .integer(let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
    case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
    case .flag: "true or false"
    case .choice(let choices): "one of \(choices.joined(separator: ", "))"
    case .flagOrChoice(let choices): "true, false, or one of \(choices.joined(separator: ", "))"
    case .integers: "a list of integers from 0 on"
    }
  }
}

/// How a training of this server is paid and where it runs.
struct TrainingTerms: Sendable {
  /// The devices.
  let devices: TrainingDevices
  /// Micro-USD that an hour of a device costs.
  let price: Int
  /// The model that trainings begin with whose own has no weights.
  let baseModel: String
  /// What this program can begin with, if it trains itself.
  let own: OwnTrainer?

  init(_ settings: ServerSettings) {
    own =
      switch TrainerChoice(settings.trainer) {
      case .own, .kubernetes: OwnTrainer(settings)
      case .command, .none: nil
      }
    devices = TrainingDevices(settings.trainingDevices)
    price = settings.trainingPrice * 10_000
    baseModel = settings.baseModel ?? "yolo26n.pt"
  }

  /// Returns what a model without weights begins with.
  ///
  /// - Throws: `PlatformError.invalid` if this program has no such file.
  func baseModel(of model: ModelRow, for task: VisionTask) throws(PlatformError) -> String {
    let name = baseModel(for: task)
    return try own?.baseModel(name, of: model.slug) ?? name
  }

  /// Returns the base model of a task: `yolo26n.pt` becomes `yolo26n-seg.pt`.
  func baseModel(for task: VisionTask) -> String {
    let suffix =
      switch task {
      case .segment: "-seg"
      case .classify: "-cls"
      case .pose: "-pose"
      case .obb: "-obb"
      default: ""
      }
    let stem = baseModel.dropLast(".pt".count)
    return stem.hasSuffix(suffix) ? baseModel : "\(stem)\(suffix).pt"
  }

  /// Returns what a training may cost: 200 images of 640 by 640 pixels a second on a graphics
  /// processor, 5 on others, and a minute at least.
  func estimate(kind: String, epochs: Int, images: Int, imageSize: Int) -> Int {
    let rate = kind == "cpu" ? 5.0 : 200.0
    let area = Double(imageSize * imageSize) / (640 * 640)
    let seconds = max(60, Double(epochs) * Double(max(images, 1)) * area / rate)
    return Int(min(Double(Ledger.maximum), (Double(price) * seconds / 3600).rounded(.up)))
  }
}
#endif
