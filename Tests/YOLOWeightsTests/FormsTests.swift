import Testing
import YOLOGeometry
import YOLOSystem
import YOLOTensor
import YOLOTestSupport
import YOLOWeights

/// Checkpoints in the forms that torch, tools and trainings give them.
@Suite struct FormsTests {
  private let layer = Python.module(
    "ultralytics.nn.modules.head.Detect", attributes: [("nc", .int(1))])
  private var model: Python { .model(layer) }

  private func open(_ root: Python, _ storages: [String: [UInt8]] = [:]) throws -> Checkpoint {
    try Checkpoint(bytes: ZipBuilder(pickle: root.pickle, storages: storages).bytes, name: "test")
  }

  private func reason(_ root: Python, _ storages: [String: [UInt8]] = [:]) -> String {
    thrown { _ = try open(root, storages) }.map(\.description) ?? "no error"
  }

  // MARK: - Files

  @Test(arguments: ["legacy.pt", "deflated.pt"])
  func theSameModelInAnotherFile(name: String) throws {
    let plain = try Checkpoint.open(path: Fixture.path("classify.pt"))
    let other = try Checkpoint.open(path: Fixture.path(name), verifyingWeights: true)
    let records = flattened(plain.model)
    let others = flattened(other.model)
    #expect(records.map(\.path) == others.map(\.path))
    for (record, other) in zip(records, others) {
      #expect(record.qualifiedName == other.qualifiedName)
      #expect(record.tensorNames == other.tensorNames)
      for tensor in record.tensorNames {
        #expect(record.tensors[tensor]?.floats() == other.tensors[tensor]?.floats())
      }
    }
    #expect(other.names == plain.names && other.imageSize == plain.imageSize)
    #expect(other.info.format == (name == "legacy.pt" ? .legacyTorch : .zip))
  }

  @Test(arguments: ["legacy.pt", "deflated.pt"])
  func everyTruncationIsRefused(name: String) throws {
    let bytes = try Fixture.content(name)
    for length in stride(from: 1, to: bytes.count, by: 211) {
      #expect(throws: WeightError.self) { try Checkpoint(bytes: Array(bytes[..<length])) }
    }
  }

  @Test func bytesAroundAnArchiveArePassedOver() throws {
    let plain = walk(try Checkpoint.open(path: Fixture.path("classify.pt")))
    let bytes = try Fixture.content("classify.pt")
    for (before, after) in [(512, 0), (0, 100), (7, 3), (1, 60_000)] {
      let around =
        [UInt8](repeating: 0, count: before) + bytes + [UInt8](repeating: 0x20, count: after)
      #expect(walk(try Checkpoint(bytes: around)) == plain, "\(before) before, \(after) after")
    }
    // With ZIP64 records, too.
    var wide = ZipBuilder(pickle: model.pickle)
    wide.isWide = true
    _ = try Checkpoint(bytes: [1, 2, 3] + wide.bytes + [4, 5])
  }

  @Test func aPackedArchiveMayHaveOtherEntries() throws {
    var builder = ZipBuilder(pickle: model.pickle)
    builder.entries.insert(ZipBuilder.Entry("__MACOSX/._x", [1]), at: 0)
    _ = try Checkpoint(bytes: builder.bytes)
    builder.entries.append(ZipBuilder.Entry("other/data.pkl", model.pickle))
    #expect(opening(builder.bytes)?.description.contains("a second pickle") == true)
    let nested = ZipBuilder([ZipBuilder.Entry("best.pt", [1])])
    #expect(opening(nested.bytes)?.description.contains("inside of another archive") == true)
    let flat = ZipBuilder([ZipBuilder.Entry("data.pkl", model.pickle)])
    _ = try Checkpoint(bytes: flat.bytes)
  }

  @Test func legacyFilesAreChecked() throws {
    // A number that marks the format, its version, the machine, the object, the storages' keys.
    func file(
      version: Int = 1001, count: Int = 2, keys: Python = .list([.text("0")]), stated: UInt64 = 2
    ) -> [UInt8] {
      let tensor = Python.call(
        .global("torch._utils", "_rebuild_tensor_v2"),
        [
          .persistent(
            .tuple([
              .text("storage"), .global("torch", "FloatStorage"), .text("0"), .text("cpu"),
              .int(count), .none,
            ])), .int(0), .tuple([.int(2)]), .tuple([.int(1)]), .bool(false),
        ])
      // Files of old releases name the class of a module with its source.
      let named = Python.persistent(
        .tuple([
          .text("module"), .global("ultralytics.nn.modules.head", "Detect"), .text("head.py"),
          .text("class Detect: ..."),
        ]))
      let root = Python.model(
        .module("ultralytics.nn.modules.head.Detect", tensors: [("t", tensor)]),
        attributes: [("kind", named)])
      let mark: [UInt8] = [
        0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
      ]
      return mark + Python.int(version).pickle
        + Python.entries([("little_endian", .bool(true))]).pickle + root.pickle + keys.pickle
        + little(stated, count: 8) + floatBytes([3, 4])
    }
    let checkpoint = try Checkpoint(bytes: file())
    #expect(checkpoint.model["model.0"]?.tensors["t"]?.floats() == [3, 4])
    #expect(opening(file(version: 7))?.description.contains("the version is not 1001") == true)
    for (wrong, word) in [
      (file(count: 3), "length is not 3"), (file(stated: .max), "length is not 2"),
      (file(count: .max, stated: UInt64(Int.max)), "beyond the end"),
      (file(keys: .list([.text("1")])), "no tensor refers"), (file(keys: .none), "not a list"),
      (file(keys: .list([])), "lacks its data"),
    ] {
      #expect(opening(wrong)?.description.contains(word) == true, "\(word)")
    }
  }

  @Test func deflatedEntriesAreBounded() {
    var builder = ZipBuilder(pickle: model.pickle)
    // More than any stream of its length stands for.
    builder.entries[0].method = 8
    builder.entries[0].fullSize = 0x7FFF_FFFF
    #expect(opening(builder.bytes)?.description.contains("cannot stand for") == true)
    builder.entries[0].fullSize = 40_000
    #expect(opening(builder.bytes)?.description.contains("data.pkl: damaged") == true)
    builder.entries[0].method = 9
    #expect(opening(builder.bytes)?.description.contains("method 9") == true)
  }

  // MARK: - Wrappers

  @Test(arguments: [
    ("torch.nn.parallel.data_parallel.DataParallel", "module"),
    ("torch.nn.parallel.distributed.DistributedDataParallel", "module"),
    ("torch.optim.swa_utils.AveragedModel", "module"),
    ("torch._dynamo.eval_frame.OptimizedModule", "_orig_mod"),
    ("ultralytics.nn.distill_model.DistillationModel", "student_model"),
    ("ultralytics.engine.model.YOLO", "model"), ("ultralytics.nn.autobackend.AutoBackend", "model"),
  ])
  func wrappersAreFollowed(wrapper: String, part: String) throws {
    let wrapped = Python.module(
      wrapper, children: [("teacher_model", .module("torch.nn.Identity")), (part, model)])
    for (root, place) in [
      (wrapped, "root"), (.entries([("model", wrapped)]), "model"),
      (.entries([("ema", wrapped), ("model", .none)]), "ema"),
    ] {
      let checkpoint = try open(root)
      #expect(checkpoint.model.className == "DetectionModel" && checkpoint.model.path.isEmpty)
      #expect(checkpoint.info.selected == "\(place).\(part)")
      #expect(checkpoint.names.count == 1)
    }
  }

  @Test func averagesAreFollowed() throws {
    let average = Python.object(
      module: "ultralytics.utils.torch_utils", name: "ModelEMA",
      state: .entries([("ema", model), ("updates", .int(3))]))
    #expect(try open(.entries([("ema", average)])).info.selected == "ema.ema")
    // Wrapped twice.
    let twice = Python.module(
      "torch.nn.parallel.data_parallel.DataParallel",
      children: [
        ("module", .module("torch.optim.swa_utils.AveragedModel", children: [("module", model)]))
      ])
    #expect(try open(.entries([("model", twice)])).info.selected == "model.module.module")
  }

  @Test func whatHoldsNoModelIsNamed() {
    let ensemble = Python.module("ultralytics.nn.tasks.Ensemble", children: [("0", model)])
    #expect(reason(.entries([("model", ensemble)])).contains("an ensemble of models"))
    let tensor = Python.tensor(key: "0", shape: [1])
    let state = Python.entries([("model.0.weight", tensor)])
    let storages = ["0": floatBytes([1])]
    #expect(reason(state, storages).contains("a bare state dict, weights without an architecture"))
    #expect(reason(.entries([("model", state)]), storages).contains("model: a state dict"))
    #expect(
      reason(.entries([("pytorch-lightning_version", .text("2"))])).contains("PyTorch Lightning"))
    #expect(reason(.entries([("ema_net", .entries([]))])).contains("YOLO-NAS"))
    #expect(reason(.entries([("weights", .int(1))])).contains("neither ema nor model, but weights"))
    #expect(
      reason(.entries([("model", model), ("modelopt", .entries([]))])).contains(
        "quantized by NVIDIA ModelOpt"))
    let other = Python.object(
      module: "ultralytics.utils", name: "IterableSimpleNamespace", state: .entries([]))
    #expect(reason(.entries([("model", other)])).contains("is not a model and holds none"))
  }

  @Test func wrappersAreNotFollowedForever() {
    var wrapped = Python.module("torch.nn.modules.linear.Identity")
    for _ in 0..<20 {
      wrapped = .module(
        "torch.nn.parallel.data_parallel.DataParallel", children: [("module", wrapped)])
    }
    // It is read as what it is, a module without layers.
    #expect(thrown { _ = try open(wrapped) } == nil)
  }

  // MARK: - Modules

  @Test func hooksThatMayChangeResultsAreRefused() throws {
    func hooked(_ key: String, _ hook: Python) -> Python {
      .model(
        .module(
          "ultralytics.nn.modules.conv.Conv",
          attributes: [(key, .dictionary([(.int(3), hook)]))]))
    }
    let hook = Python.global("ultralytics.utils.torch_utils", "scale")
    #expect(
      reason(hooked("_forward_pre_hooks", hook)).contains(
        "model.0: a hook, ultralytics.utils.torch_utils.scale, changes what"))
    let instance = Python.object(
      module: "torch.nn.utils.weight_norm", name: "WeightNorm", state: .entries([]))
    #expect(reason(hooked("_forward_hooks", instance)).contains("weight_norm.WeightNorm"))
    _ = try open(hooked("_state_dict_hooks", hook))
    _ = try open(
      hooked(
        "_forward_hooks",
        .object(
          module: "ultralytics.nn.distill_model", name: "FeatureHook", state: .entries([]))))
  }

  @Test func pruningIsResolved() throws {
    func pruned(_ present: Int) -> Python {
      .model(
        .module(
          "torch.nn.modules.conv.Conv2d",
          attributes: [("weight", .tensor(key: "\(present)", shape: [3]))],
          tensors: [
            ("weight_orig", .tensor(key: "0", shape: [3])),
            ("weight_mask", .tensor(key: "1", shape: [3])),
          ]))
    }
    let storages = [
      "0": floatBytes([1, 2, 3]), "1": floatBytes([1, 0, 1]), "2": floatBytes([1, 0, 3]),
      "3": floatBytes([1, 2, 3]),
    ]
    let record = try #require(try open(pruned(2), storages).model["model.0"])
    #expect(record.tensorNames == ["weight"] && record.attributes["weight"] == nil)
    #expect(try record.tensor("weight", shape: [3]).floats() == [1, 0, 3])
    #expect(reason(pruned(3), storages).contains("model.0.weight: it is being pruned"))
  }

  @Test(arguments: [
    "torch.ao.nn.qat.modules.conv.Conv2d", "torch.nn.quantized.modules.conv.Conv2d",
    "torch.nn.intrinsic.qat.modules.conv_fused.ConvBn2d", "torch.ao.quantization.stubs.QuantStub",
  ])
  func quantizedModulesAreRefusedByName(name: String) {
    #expect(
      reason(.model(.module(name))).contains("model.0: a quantized module, \(name): quantized"))
  }

  @Test func numbersThatAreNotReadAreLeftoversButNoWeights() throws {
    let tensor = Python.tensor("QInt8Storage", key: "0", shape: [1])
    let left = try open(.model(layer, attributes: [("extra", tensor)]), ["0": [1]])
    guard case .opaque? = left.model.attributes["extra"] else {
      Issue.record("a tensor that is not read became something else")
      return
    }
    let weight = Python.model(
      .module("torch.nn.modules.conv.Conv2d", tensors: [("weight", tensor)]))
    #expect(reason(weight, ["0": [1]]).contains("numbers of a QInt8Storage are not read"))
  }

  @Test func relativesOfBatchNormalizationAreIt() {
    for name in [
      "torch.nn.modules.batchnorm.SyncBatchNorm", "torchvision.ops.misc.FrozenBatchNorm2d",
    ] { #expect(ClassPath.current(name) == "torch.nn.modules.batchnorm.BatchNorm2d") }
  }

  // MARK: - What programs leave

  @Test(arguments: [
    ("datetime", "datetime"), ("collections", "Counter"), ("collections", "deque"),
    ("decimal", "Decimal"), ("uuid", "UUID"), ("functools", "partial"), ("re", "_compile"),
    ("fractions", "Fraction"), ("types", "SimpleNamespace"), ("PIL.Image", "Resampling"),
    ("numpy.random", "RandomState"), ("torch.optim.sgd", "SGD"), ("torch._C", "Generator"),
    ("builtins", "print"), ("__builtin__", "long"), ("__builtin__", "xrange"),
    ("builtins", "Ellipsis"), ("torch._utils", "_rebuild_qtensor"),
  ])
  func leftoversStayInert(module: String, name: String) throws {
    let call = Python.call(.global(module, name), [.text("a"), .int(1)])
    for value in [call, .global(module, name)] {
      let checkpoint = try open(.model(layer, attributes: [("extra", value)]))
      switch checkpoint.model.attributes["extra"] {
      case .record(let record)?:
        #expect(record.qualifiedName == "\(module).\(name)" && record.arguments.count == 2)
      case .opaque(let text)?: #expect(text == "\(module).\(name)")
      default: Issue.record("\(module).\(name) became something else")
      }
    }
  }

  @Test func constructionByCopyregIsInert() throws {
    for module in ["copyreg", "copy_reg"] {
      let value = Python.call(
        .global(module, "_reconstructor"),
        [.global("decimal", "Decimal"), .global("builtins", "object"), .none])
      let checkpoint = try open(.model(layer, attributes: [("extra", value)]))
      guard case .record(let record)? = checkpoint.model.attributes["extra"] else {
        Issue.record("no record")
        continue
      }
      #expect(record.qualifiedName == "decimal.Decimal")
    }
    let hostile = Python.call(
      .global("copyreg", "_reconstructor"),
      [.global("os", "system"), .global("builtins", "object"), .none])
    #expect(reason(.model(layer, attributes: [("extra", hostile)])).contains("os.system"))
  }

  @Test func namesMayBeOfNumpyAndOfYAML() throws {
    func bytes(_ bytes: [UInt8]) -> Python {
      let text = bytes.map { String(Unicode.Scalar($0)) }.joined()
      return .call(.global("_codecs", "encode"), [.text(text), .text("latin1")])
    }
    // BUILD of a dtype gives its version and byte order.
    let type = Python.raw(
      Array(
        Python.call(.global("numpy", "dtype"), [.text("U2"), .bool(false), .bool(true)])
          .pickle.dropFirst(2).dropLast())
        + Array(Python.tuple([.int(3), .text("<"), .none]).pickle.dropFirst(2).dropLast()) + [0x62])
    let text = Python.call(
      .global("numpy._core.multiarray", "scalar"), [type, bytes([0xE9, 0, 0, 0, 0x32, 0, 0, 0])])
    let date = Python.call(.global("datetime", "date"), [bytes([0x07, 0xE8, 1, 2])])
    let root = Python.model(
      layer, attributes: [("names", .dictionary([(.int(0), text), (.int(1), date)]))])
    let names = try open(root).names
    #expect(names[0] == "é2" && names[1] == "2024-01-02")
  }

  @Test func refusalsSayWhatAFileIs() {
    func sentence(_ module: String, _ name: String) -> String {
      reason(.model(layer, attributes: [("x", .global(module, name))]))
    }
    // The models of the original YOLOv5, YOLOv7 and YOLOv9 are read, their programs are not.
    #expect(sentence("models.yolo", "Model") == "no error")
    #expect(sentence("models.common", "Conv") == "no error")
    #expect(sentence("utils.loss", "ComputeLoss").contains("original repository of YOLOv5, YOLOv7"))
    #expect(sentence("modelopt.torch.quantization", "QuantConv2d").contains("ModelOpt"))
    #expect(sentence("torch.fx.graph_module", "reduce_graph_module").contains("compiled or traced"))
    #expect(sentence("mypackage.blocks", "Fancy").contains("neither Ultralytics nor torch"))
    #expect(sentence("os", "system").contains("which no YOLO checkpoint needs"))
  }
}
