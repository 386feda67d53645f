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
