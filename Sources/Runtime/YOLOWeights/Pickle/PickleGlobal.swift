package import YOLOTensor

/// A Python object that a pickle names, and what this reader does in place of calling it.
package struct PickleGlobal: Sendable, Equatable {
  /// What stands in for a call of the object.
  package enum Role: Sendable, Equatable {
    /// An inert record with the class's name.
    case inert
    /// `set`, `frozenset`.
    case set
    /// `list`.
    case list
    /// `tuple`, `torch.Size`.
    case tuple
    /// `dict`, `OrderedDict`, `defaultdict`.
    case dictionary
    /// A torch storage class; never called, named by persistent ids.
    case storage(ElementType)
    /// A torch storage class whose elements, of so many bytes, are not read.
    case otherStorage(size: Int)
    /// `copyreg._reconstructor`, `copyreg.__newobj__`: an instance of the class that is the first
    /// argument.
    case construct
    /// `torch._utils._rebuild_tensor_v2`.
    case rebuildTensor
    /// `torch._utils._rebuild_parameter`.
    case rebuildParameter
    /// `_codecs.encode`: how protocol 2 spells bytes.
    case encode
    /// `bytes`: how protocol 2 spells no bytes.
    case bytes
    /// A number that numpy boxed.
    case numpyScalar
    /// `getattr`, accepted for a bound `forward` only.
    case boundMethod
  }

  /// The module path, such as `ultralytics.nn.modules.block`.
  package let module: String
  /// The name inside the module, such as `C2f`.
  package let name: String
  /// What stands in for a call.
  package let role: Role

  /// Both parts, as Python would print them.
  package var qualifiedName: String { "\(module).\(name)" }

  /// Looks a name up in the allow list; nil if it is not on it.
  package init?(module: String, name: String) {
    guard let role = Self.role(module: module, name: name) else { return nil }
    self.module = module
    self.name = name
    self.role = role
  }

  private static func role(module: String, name: String) -> Role? {
    switch (module, name) {
    case ("__builtin__", _), ("builtins", _): return builtins[name]
    case ("collections", "OrderedDict"), ("collections", "defaultdict"): return .dictionary
    case ("_codecs", "encode"): return .encode
    case ("copyreg", "_reconstructor"), ("copy_reg", "_reconstructor"),
      ("copyreg", "__newobj__"), ("copy_reg", "__newobj__"):
      return .construct
    case ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor"):
      return .rebuildTensor
    case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"):
      return .rebuildParameter
    case ("torch", "Size"): return .tuple
    case ("torch", _):
      if let type = ElementType(torchStorage: name) { return .storage(type) }
      if let size = otherStorages[name] { return .otherStorage(size: size) }
      return torchNames.contains(name) ? .inert : nil
    case ("torch.storage", "UntypedStorage"): return .otherStorage(size: 1)
    case ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"):
      return .numpyScalar
    default:
      if let names = leftovers[module] { return names.contains(name) ? .inert : nil }
      let inert = families.contains { module == $0 || module.hasPrefix($0 + ".") }
      return inert ? .inert : nil
    }
  }

  /// Types that stand for values, and functions without effects that a model may hold as a setting.
  private static let builtins: [String: Role] = {
    var roles: [String: Role] = [
      "set": .set, "frozenset": .set, "list": .list, "tuple": .tuple, "dict": .dictionary,
      "bytes": .bytes, "getattr": .boundMethod,
    ]
    for name in [
      "int", "float", "bool", "str", "complex", "object", "slice", "range", "xrange", "bytearray",
      "long", "unicode", "type", "Ellipsis", "NotImplemented", "abs", "all", "any", "callable",
      "divmod", "enumerate", "hash", "id", "isinstance", "issubclass", "iter", "len", "max", "min",
      "next", "pow", "print", "repr", "reversed", "round", "sorted", "sum", "zip", "Exception",
      "KeyError", "IndexError", "NotImplementedError", "OSError", "RuntimeError", "StopIteration",
      "TypeError", "ValueError",
    ] { roles[name] = .inert }
    return roles
  }()

  /// Types, layouts and small objects of torch itself.
  private static let torchNames: Set<String> = [
    "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool",
    "half", "float", "double", "long", "int", "short", "uint16", "uint32", "uint64", "complex32",
    "complex64", "complex128", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2",
    "float8_e5m2fnuz", "float8_e8m0fnu", "quint8", "qint8", "qint32", "quint4x2", "quint2x4",
    "strided", "sparse_coo", "sparse_csr", "channels_last", "channels_last_3d", "contiguous_format",
    "preserve_format", "per_tensor_affine", "per_channel_affine", "device", "Generator", "finfo",
    "iinfo", "Tensor", "ScriptObject",
  ]

  /// The bytes of an element of the storages whose numbers are not read.
  private static let otherStorages = [
    "ComplexFloatStorage": 8, "ComplexDoubleStorage": 16, "QInt8Storage": 1, "QUInt8Storage": 1,
    "QInt32Storage": 4, "QUInt4x2Storage": 1, "QUInt2x4Storage": 1, "UntypedStorage": 1,
    "Float8_e4m3fnStorage": 1, "Float8_e5m2Storage": 1, "UInt16Storage": 2, "UInt32Storage": 4,
    "UInt64Storage": 8,
  ]

  /// What programs leave on models: objects of the standard library that hold data.
  ///
  /// They become inert records as everything does; what runs, opens or imports something is not
  /// among them, so that a file that names such a thing is still refused.
  private static let leftovers: [String: Set<String>] = [
    "types": ["SimpleNamespace", "MappingProxyType"],
    "argparse": ["Namespace"],
    "datetime": ["date", "datetime", "time", "timedelta", "timezone"],
    "UserDict": ["IterableUserDict", "UserDict"],
    "UserList": ["UserList"],
    "UserString": ["UserString"],
    "time": ["struct_time"],
    "collections": ["ChainMap", "Counter", "UserDict", "UserList", "UserString", "deque"],
    "decimal": ["Decimal"],
    "_pydecimal": ["Decimal"],
    "fractions": ["Fraction"],
    "uuid": ["SafeUUID", "UUID"],
    "functools": ["partial"],
    "re": ["_compile"],
    "array": ["_array_reconstructor", "array"],
    "random": ["Random"],
    "string": ["Template"],
    "ipaddress": ["IPv4Address", "IPv6Address"],
    "itertools": ["chain", "count", "cycle", "repeat"],
    "logging": ["getLogger"],
    "math": ["ceil", "exp", "floor", "log", "sqrt"],
    "dataclasses": ["_MISSING_TYPE"],
    "torch._utils": [
      "_rebuild_device_tensor_from_cpu_tensor", "_rebuild_device_tensor_from_numpy",
      "_rebuild_meta_tensor_no_storage", "_rebuild_qtensor", "_rebuild_sparse_tensor",
      "_rebuild_tensor_v3", "_rebuild_wrapper_subclass",
    ],
    "torch._tensor": ["_rebuild_from_type_v2"],
    "torch.serialization": ["_get_layout"],
    "torch.torch_version": ["TorchVersion"],
    "torch._C": ["Generator", "ScriptObject"],
  ]

  /// Packages whose objects become inert records: none of their code exists here.
  private static let families = [
    "ultralytics", "torch.nn", "torch.ao", "torch.optim", "torch.amp", "torch.cuda.amp",
    "torch.distributed", "torch.quantization", "torch._C._nn", "torch._dynamo",
    "torchvision", "numpy", "PIL", "pathlib",
    // The original YOLOv5, YOLOv7 and YOLOv9, from their repositories and as packages of PyPI.
    "models", "yolov5", "yolov7", "yolov9",
  ]
}

/// The paths of Python classes: old ones mapped to those that present releases use.
package enum ClassPath {
  /// Returns the present path of a class.
  ///
  /// Releases before 8.1 had `ultralytics.yolo.…`, and before 8.0.110 all modules in the flat file
  /// `ultralytics.nn.modules`; `Silence` became `Identity`, and YOLOv10's model class the common
  /// one. The original YOLOv5, YOLOv7 and YOLOv9 as packages have their `models` inside.
  package static func current(_ qualifiedName: String) -> String {
    var name = qualifiedName
    for package in packagedModels {
      if let rest = suffix(of: name, after: package) { return "models." + rest }
    }
    if let rest = suffix(of: name, after: "ultralytics.yolo.v8.") {
      name = "ultralytics.models.yolo." + rest
    } else if let rest = suffix(of: name, after: "ultralytics.yolo.") {
      name = "ultralytics." + rest
    }
    if let rest = suffix(of: name, after: "ultralytics.nn.modules."), !rest.contains(".") {
      name = "ultralytics.nn.modules.\(file(ofFlat: rest)).\(rest)"
    }
    switch name {
    case "ultralytics.nn.tasks.YOLOv10DetectionModel": return "ultralytics.nn.tasks.DetectionModel"
    case "ultralytics.nn.modules.block.Silence": return "torch.nn.modules.linear.Identity"
    // These differ from it in training alone.
    case "torch.nn.modules.batchnorm.SyncBatchNorm", "torchvision.ops.misc.FrozenBatchNorm2d":
      return "torch.nn.modules.batchnorm.BatchNorm2d"
    default: return name
    }
  }

  /// The `models` of the originals as packages.
  private static let packagedModels = ["yolov5.models.", "yolov7.models.", "yolov9.models."]

  /// Whether a class is one of torch's for quantization: such modules compute in other numbers, or
  /// imitate them, though many are named as the modules that they take the place of.
  static func isQuantized(_ qualifiedName: String) -> Bool {
    [
      "torch.ao.", "torch.quantization.", "torch.nn.quantized.", "torch.nn.quantizable.",
      "torch.nn.qat.", "torch.nn.intrinsic.", "torch.nn.modules.quantized.",
    ].contains { qualifiedName.hasPrefix($0) }
  }

  /// The part after the last dot.
  static func lastComponent(of path: String) -> String {
    guard let dot = path.utf8.lastIndex(of: UInt8(ascii: ".")) else { return path }
    return String(path[path.utf8.index(after: dot)...])
  }

  private static func suffix(of text: String, after prefix: String) -> String? {
    text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil
  }

  /// The file that a class of the flat `ultralytics.nn.modules` lives in now.
  private static func file(ofFlat name: String) -> String {
    switch name {
    case "Conv", "Conv2", "LightConv", "DWConv", "DWConvTranspose2d", "ConvTranspose", "Focus",
      "GhostConv", "RepConv", "Concat", "ChannelAttention", "SpatialAttention", "CBAM":
      "conv"
    case "Detect", "Segment", "Pose", "Classify", "OBB", "RTDETRDecoder": "head"
    case "TransformerLayer", "TransformerBlock", "TransformerEncoderLayer", "AIFI", "MLP",
      "MLPBlock", "LayerNorm2d", "MSDeformAttn", "DeformableTransformerDecoder",
      "DeformableTransformerDecoderLayer":
      "transformer"
    default: "block"
    }
  }
}
