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
    case ("types", "SimpleNamespace"), ("argparse", "Namespace"): return .inert
    case ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor"):
      return .rebuildTensor
    case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"):
      return .rebuildParameter
    case ("torch", "Size"): return .tuple
    case ("torch", "device"): return .inert
    case ("torch", _):
      if let type = ElementType(torchStorage: name) { return .storage(type) }
      return torchTypes.contains(name) ? .inert : nil
    case ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"):
      return .numpyScalar
    default:
      let inert = families.contains { module == $0 || module.hasPrefix($0 + ".") }
      return inert ? .inert : nil
    }
  }

  private static let builtins: [String: Role] = [
    "set": .set, "frozenset": .set, "list": .list, "tuple": .tuple, "dict": .dictionary,
    "bytes": .bytes, "getattr": .boundMethod, "int": .inert, "float": .inert, "bool": .inert,
    "str": .inert, "complex": .inert, "object": .inert, "slice": .inert, "range": .inert,
  ]

  private static let torchTypes: Set<String> = [
    "float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool",
  ]

  /// Packages whose objects become inert records: none of their code exists here.
  private static let families = [
    "ultralytics", "torch.nn", "torchvision", "numpy", "pathlib",
    // The original YOLOv5, YOLOv7 and YOLOv9.
    "models",
  ]
}

/// The paths of Python classes: old ones mapped to those that present releases use.
package enum ClassPath {
  /// Returns the present path of a class.
  ///
  /// Releases before 8.1 had `ultralytics.yolo.…`, and before 8.0.110 all modules in the flat file
  /// `ultralytics.nn.modules`; `Silence` became `Identity`, and YOLOv10's model class the common one.
  package static func current(_ qualifiedName: String) -> String {
    var name = qualifiedName
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
    default: return name
    }
  }

  /// The part after the last dot.
  static func lastComponent(of path: String) -> String {
    guard let dot = path.lastIndex(of: ".") else { return path }
    return String(path[path.index(after: dot)...])
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
