import Testing
import YOLOGeometry
import YOLOTensor
import YOLOTestSupport
import YOLOWeights

/// What makes a checkpoint, on small ones made here.
@Suite struct CheckpointTests {
  private let layer = Python.module(
    "ultralytics.nn.modules.head.Detect", attributes: [("nc", .int(1))])

  private func open(_ root: Python, _ storages: [String: [UInt8]] = [:]) throws -> Checkpoint {
    try Checkpoint(bytes: ZipBuilder(pickle: root.pickle, storages: storages).bytes, name: "test")
  }

  private func reason(_ root: Python) -> String {
    thrown { _ = try open(root) }.map(\.description) ?? "no error"
  }

  private func model(_ attributes: [(String, Python)]) -> Python {
    .entries([("model", .model(layer, attributes: attributes))])
  }

  @Test func prefersTheAverage() throws {
    let average = Python.model(layer, attributes: [("which", .text("ema"))])
    let plain = Python.model(layer, attributes: [("which", .text("model"))])
    let both = try open(.entries([("model", plain), ("ema", average)]))
    #expect(try both.model.string("which") == "ema" && both.info.selected == "ema")
    let one = try open(.entries([("ema", .none), ("model", plain)]))
    #expect(try one.model.string("which") == "model" && one.info.selected == "model")
  }

  @Test func readsBareModels() throws {
    let root = try open(.model(layer))
    #expect(root.info.selected == "root" && root.model.className == "DetectionModel")
    let engine = Python.module(
      "ultralytics.engine.model.YOLO", children: [("model", .model(layer))])
    let inner = try open(engine)
    #expect(inner.info.selected == "root.model" && inner.model.className == "DetectionModel")
  }

  @Test func refusesFilesWithoutAModel() {
    #expect(reason(.entries([])).contains("a dictionary without a model"))
    #expect(reason(.entries([("model", .none)])).contains("a dictionary without a model"))
    #expect(reason(.entries([("model", .entries([]))])).contains("model: a state dict"))
    #expect(reason(.entries([("ema", .int(3))])).contains("ema: a state dict"))
    #expect(reason(.none).contains("the file holds no model"))
    #expect(reason(.list([])).contains("the file holds no model"))
    let child = Python.module(
      "torch.nn.modules.container.Sequential", children: [("x", .text("no module"))])
    #expect(reason(.model(child)).contains("model.0.x: this is not a torch module"))
    let wrong = Python.module(
      "torch.nn.modules.container.Sequential", children: [("x", .list([]))])
    #expect(reason(.model(wrong)).contains("model.0.x: this is not a torch module"))
  }

  @Test func namesComeInAnyForm() throws {
    func names(_ value: Python) throws -> ClassNames { try open(model([("names", value)])).names }
    #expect(try names(.list([.text("a"), .text("b")])) == ClassNames(["a", "b"]))
    let sparse = try names(.dictionary([(.int(7), .text("g")), (.text("2"), .int(5))]))
    #expect(sparse.ids == [2, 7] && sparse.count == 2)
    #expect(sparse[7] == "g" && sparse[2] == "5" && sparse[3] == nil && sparse.label(of: 3) == "3")
    #expect(try names(.none).count == 0)
    #expect(try names(.dictionary([(.int(0), .text("a")), (.int(0), .text("b"))]))[0] == "b")
    for wrong: Python in [
      .int(3), .dictionary([(.int(-1), .text("a"))]), .dictionary([(.text("x"), .text("a"))]),
      .dictionary([(.int(.max), .text("a"))]), .list([.list([])]), .text("abc"),
    ] {
      #expect(
        reason(model([("names", wrong)])).contains("attribute names should be a list of names"))
    }
  }

  @Test func stridesAreWholeNumbers() throws {
    let tensor = Python.tensor(key: "0", shape: [3])
    let root = model([("stride", tensor)])
    #expect(try open(root, ["0": floatBytes([8, 16, 32])]).strides == [8, 16, 32])
    #expect(try open(model([])).strides == [])
    #expect(try open(model([("stride", .list([.int(8), .float(16)]))])).strides == [8, 16])
    for values: [Float] in [
      [8, 16, .nan], [8, 16, .infinity], [0, 8, 16], [8, 16, 1e9], [8.5, 16, 32],
    ] {
      #expect(
        thrown { _ = try open(root, ["0": floatBytes(values)]) }?.description.contains(
          "attribute stride should be integers") == true)
    }
  }

  @Test func theImageSizeComesFromTheTraining() throws {
    func size(_ value: Python) throws -> InputSize? {
      try open(
        .entries([
          ("model", .model(layer, attributes: [("args", .entries([("imgsz", .int(1))]))])),
          ("train_args", .entries([("imgsz", value), ("task", .text("obb"))])),
        ])
      ).imageSize
    }
    #expect(try size(.int(640)) == InputSize(height: 640, width: 640))
    #expect(try size(.list([.int(320), .int(640)])) == InputSize(height: 320, width: 640))
    #expect(try size(.text("416")) == InputSize(height: 416, width: 416))
    #expect(try size(.list([.float(96)])) == InputSize(height: 96, width: 96))
    #expect(try size(.none) == nil)
    for wrong: Python in [
      .int(0), .int(-1), .int(.max), .float(.nan), .float(1e300), .text("big"), .list([]),
      .list([.int(1), .int(2), .int(3)]), .bool(true),
    ] {
      #expect(throws: WeightError.self) { try size(wrong) }
    }
    // Without train_args, those of the model tell the task, but not the image size, as in
    // Ultralytics: a dictionary, or a namespace before stripping.
    let arguments = Python.entries([("imgsz", .int(96)), ("task", .text("pose"))])
    for stored: Python in [
      arguments,
      .object(module: "ultralytics.utils", name: "IterableSimpleNamespace", state: arguments),
    ] {
      let checkpoint = try open(model([("args", stored)]))
      #expect(checkpoint.imageSize == nil)
      #expect(checkpoint.task == .pose)
    }
    // A file that is the model itself has no other arguments.
    let bare = try open(.model(layer, attributes: [("args", arguments)]))
    #expect(bare.imageSize == InputSize(height: 96, width: 96))
  }

  @Test(arguments: [
    ("Detect", "detect"), ("v10Detect", "detect"), ("Segment", "segment"), ("Segment26", "segment"),
    ("Pose26", "pose"), ("OBB", "obb"), ("Classify", "classify"), ("Unheard", "detect"),
  ])
  func theTaskFollowsFromTheHead(head: String, task: String) throws {
    let root = Python.model(.module("ultralytics.nn.modules.head.\(head)"))
    #expect(try open(root).task == VisionTask(rawValue: task))
    let told = Python.model(
      .module("ultralytics.nn.modules.head.\(head)"), attributes: [("task", .text("told"))])
    #expect(try open(told).taskName == "told" && open(told).task == nil)
  }

  @Test(arguments: [
    ("ultralytics.nn.modules.Conv", "ultralytics.nn.modules.conv.Conv"),
    ("ultralytics.nn.modules.C2f", "ultralytics.nn.modules.block.C2f"),
    ("ultralytics.nn.modules.Detect", "ultralytics.nn.modules.head.Detect"),
    ("ultralytics.nn.modules.AIFI", "ultralytics.nn.modules.transformer.AIFI"),
    ("ultralytics.nn.modules.block.C2f", "ultralytics.nn.modules.block.C2f"),
    ("ultralytics.yolo.utils.IterableSimpleNamespace", "ultralytics.utils.IterableSimpleNamespace"),
    ("ultralytics.yolo.v8.detect.train.Loss", "ultralytics.models.yolo.detect.train.Loss"),
    ("ultralytics.nn.tasks.YOLOv10DetectionModel", "ultralytics.nn.tasks.DetectionModel"),
    ("ultralytics.nn.modules.block.Silence", "torch.nn.modules.linear.Identity"),
    ("torch.nn.modules.conv.Conv2d", "torch.nn.modules.conv.Conv2d"),
    ("yolov5.models.common.C3", "models.common.C3"),
    ("yolov7.models.yolo.IDetect", "models.yolo.IDetect"),
    ("yolov9.models.common.RepNCSPELAN4", "models.common.RepNCSPELAN4"),
    ("yolov5.utils.loggers.Loggers", "yolov5.utils.loggers.Loggers"),
  ])
  func oldPathsMapToPresentOnes(old: String, present: String) {
    #expect(ClassPath.current(old) == present)
  }

  @Test(arguments: ["models", "yolov5.models", "yolov7.models", "yolov9.models"])
  func theOriginalsAreOpenedAsTheirRepositoriesAndPackagesSaveThem(models: String) throws {
    let checkpoint = try open(Python.model(.module("\(models).yolo.Detect")))
    #expect(checkpoint.task == .detect)
    #expect(throws: WeightError.self) {
      try open(Python.model(.module("other.\(models).yolo.Detect")))
    }
  }

  @Test func aCheckpointIsSharedBetweenThreads() async throws {
    let checkpoint = try Checkpoint.open(path: Fixture.path("stripped.pt"))
    let expected = walk(checkpoint)
    await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 { group.addTask { walk(checkpoint) } }
      for await elements in group { #expect(elements == expected) }
    }
  }
}
