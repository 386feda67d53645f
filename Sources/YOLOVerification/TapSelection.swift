public import YOLO

/// Which modules' tensors a case keeps, in words: `layers`, `heads`, `blocks`, `all`, `input` or the paths
/// of modules.
public enum TapSelection {
  /// What may be given, for help texts.
  public static let help =
    "layers (what each top-level module gives, and the heads), heads (what the findings are read from), "
    + "blocks (what inference computes as one), all (every module), input (the network's input), or the paths of modules, joined by commas"

  /// Returns the paths that a text stands for, in the order in which the modules run.
  ///
  /// - Throws: `YOLOError` of code `option` for a module that the model does not have.
  public static func paths(_ text: String, of model: Model) throws(YOLOError) -> [String] {
    let known = try model.modulePaths()
    let heads = Set(model.headPaths)
    var wanted: Set<String> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      switch part {
      case "layers":
        wanted.formUnion(heads)
        wanted.formUnion(known.filter { $0.utf8.count { $0 == UInt8(ascii: ".") } == 1 })
      case "heads": wanted.formUnion(heads)
      case "blocks": wanted.formUnion(model.network.graph.blockPaths)
      case "all": wanted.formUnion(known)
      case "input": wanted.insert(ReferenceCase.inputPath)
      default:
        let path = String(part)
        guard known.contains(path) else {
          throw YOLOError(
            .option,
            "taps must be \(help), but \"\(path.prefix(80))\" was given, which is no module of this model"
          )
        }
        wanted.insert(path)
      }
    }
    return ([ReferenceCase.inputPath] + known).filter { wanted.contains($0) }
  }
}
