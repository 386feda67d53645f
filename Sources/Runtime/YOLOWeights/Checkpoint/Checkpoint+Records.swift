import YOLOGeometry

extension Checkpoint {
  /// Completes a checkpoint from its records, as Ultralytics stores them.
  ///
  /// `names`, `stride`, `task` and `yaml` are attributes of the model, the image size is an
  /// argument of the training. `overrides` go before. `isTrainingStored` tells whether `arguments` are
  /// those of a training; those of a model that was never trained say nothing about its image size,
  /// and Ultralytics passes over them.
  ///
  /// - Throws: `WeightError.unexpectedAttribute`.
  init(
    model: ModuleRecord, arguments: AttributeValue, info: CheckpointInfo,
    overrides: CheckpointOverrides? = nil, isTrainingStored: Bool = true, file: String
  ) throws(WeightError) {
    func unexpected(_ key: String, _ expected: String, _ found: AttributeValue) -> WeightError {
      .unexpectedAttribute(
        file: file, record: "the model", key: key, expected: expected, found: "\(found)")
    }
    var info = info
    let yaml = model.attributes["yaml"] ?? .none
    info.yamlFile = yaml["yaml_file"]?.string
    info.scale = yaml["scale"]?.string.flatMap { $0.isEmpty ? nil : $0 }

    var trainingArguments: [String: AttributeValue] = [:]
    switch arguments {
    case .dictionary(let entries):
      for entry in entries {
        if let key = entry.key.string { trainingArguments[key] = entry.value }
      }
    case .record(let record): trainingArguments = record.attributes
    case .none, .bool, .int, .float, .string, .list, .tuple, .tensor, .opaque: break
    }
    var imageSize: InputSize?
    let ownSize = isTrainingStored ? trainingArguments["imgsz"] : nil
    if let value = overrides?.imageSize ?? ownSize, !value.isNone {
      guard let size = InputSize(value) else {
        throw unexpected("imgsz", "one or two sides from 1 to 65536", value)
      }
      imageSize = size
    }
    var strides: [Int] = []
    if let value = overrides?.strides ?? model.attributes["stride"], !value.isNone,
      value.elements?.isEmpty != true
    {
      let numbers = value.numbers?.compactMap { Int(exactly: $0) } ?? []
      guard !numbers.isEmpty, numbers.count == value.numbers?.count, numbers.count <= 64,
        numbers.allSatisfy({ (1...4096).contains($0) })
      else { throw unexpected("stride", "integers from 1 to 4096", value) }
      strides = numbers
    }
    self.init(
      model: model,
      taskName: overrides?.task ?? model.attributes["task"]?.string
        ?? trainingArguments["task"]?.string ?? Self.task(of: model)?.rawValue,
      names: try ClassNames(overrides?.names ?? model.attributes["names"], file: file),
      strides: strides,
      imageSize: imageSize, trainingArguments: trainingArguments, info: info)
  }

  /// The task that the class of the head, which is the last layer, or of the model implies.
  private static func task(of model: ModuleRecord) -> VisionTask? {
    let head = model["model"]?.children.last?.className ?? ""
    switch head {
    case "SemanticSegment": return .semantic
    case "Depth": return .depth
    case _ where head.hasPrefix("Segment"): return .segment
    case _ where head.hasPrefix("Pose"): return .pose
    case _ where head.hasPrefix("OBB"): return .obb
    case "Classify": return .classify
    case "Detect", "v10Detect", "RTDETRDecoder": return .detect
    default: break
    }
    switch model.className {
    case "DetectionModel": return .detect
    case "SegmentationModel": return .segment
    case "PoseModel": return .pose
    case "OBBModel": return .obb
    case "ClassificationModel": return .classify
    case "SemanticSegmentationModel": return .semantic
    case "DepthModel": return .depth
    default: return nil
    }
  }
}
