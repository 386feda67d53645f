public import YOLO
import YOLOGraph
import YOLOModels

/// Which modules' tensors are wanted, in words: `layers`, `heads`, `blocks`, `all`, `input` or the
/// paths of modules, joined by commas.
public enum TapSelection {
  /// The word for the outputs that the results are read from.
  public static let heads = "heads"
  /// The word for what inference computes as one.
  public static let blocks = "blocks"
  /// The word for the network's input, which is no module's output.
  public static let input = "input"

  /// What may be given, for help texts.
  public static let help =
    "\(heads) (what the results are read from), layers (what each top-level module gives, and the "
    + "heads), \(blocks) (what inference computes as one), all (every module), \(input) (the network's "
    + "input), or the paths of modules, joined by commas"

  /// Whether a text has a word in it.
  public static func contains(_ word: String, in text: String) -> Bool {
    text.split(separator: ",").contains { $0 == word }
  }

  /// Returns the paths of the first list, then those that only the second has.
  package static func joined(_ first: [String], _ second: [String]) -> [String] {
    let known = Set(first)
    return first + second.filter { !known.contains($0) }
  }

  /// Returns the paths that a text stands for, in the order in which the modules run.
  ///
  /// - Throws: `YOLOError` of code `option` for a module that the model does not have.
  public static func paths(_ text: String, of model: Model) throws(YOLOError) -> [String] {
    let known = model.modulePaths()
    let headPaths = Set(model.headPaths)
    var wanted: Set<String> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      switch part {
      case "layers":
        wanted.formUnion(headPaths)
        wanted.formUnion(known.filter { $0.utf8.count { $0 == UInt8(ascii: ".") } == 1 })
      case heads: wanted.formUnion(headPaths)
      case blocks: wanted.formUnion(model.inferenceGraph.blockPaths)
      case "all": wanted.formUnion(known)
      case input: wanted.insert(input)
      default:
        let path = String(part)
        guard known.contains(path) else {
          throw YOLOError(
            .option,
            "taps must be \(help), but “\(path.prefix(80))” was given, which is no module of this model "
              + "that gives an output; yolo info --layers lists those that do"
          )
        }
        wanted.insert(path)
      }
    }
    return ([input] + known).filter { wanted.contains($0) }
  }
}
