public import YOLOGeometry
import YOLOInspection
public import YOLOModels
public import YOLOOptions
import YOLOSystem

/// An image, the options of a prediction, and the expected results.
///
/// A case is a directory:
///
///     case.json            what is described below
///     IMAGE              the image, of any name
///     expected.json        the HUB answer that `yolo predict --format json` prints
///     classes.npy          of semantic segmentation: the class of each pixel, uint8 [height, width]
///     depth.npy            of depth: the meters of each pixel, float32 [height, width]
///     tensors/PATH.npy     optional: outputs of modules, such as `tensors/model.4.npy`
///
/// `case.json` is an object. It must have `format` (`"yolo-reference-case"`), `version` (1), `task`
/// and `image` (the file's name), and may have
/// - `options`: those of a prediction by their names in `PredictOption` (`imgsz` as one number or
///   [height, width], `classes` as a list); what is left out has its default. `nms` false is the
///   branch of a dual head that needs no suppression.
/// - `tolerances`: `box`, `confidence`, `keypoint`, `outline`, `tensor`, `classes`,
///   `depth`, see `Tolerances`.
/// - `tensors`: the paths of the modules whose tensors are there; `input` is the network's input.
/// - `model`: `file`, `bytes` and `crc32` of the checkpoint that the case was made with. Another
///   one may be verified.
/// - `versions`: what made the case, by name.
///
/// Other keys are refused. Names of files have no slashes, so that nothing outside of the directory
/// is read unless it is linked there.
public struct GoldenCase: Sendable, Hashable {
  /// The name of the file that makes a directory a case.
  public static let fileName = "case.json"
  /// The version of the format that is written, and the newest that is read.
  public static let formatVersion = 1
  /// The pseudo-module whose tensor is the network's input.
  public static let inputPath = TapSelection.input

  static let format = "yolo-reference-case"
  static let expectedName = "expected.json"
  static let tensorDirectory = "tensors"
  static let mapNames = VisionTask.allCases.compactMap(\.mapName)

  /// The directory.
  public let path: String
  /// The task.
  public let task: VisionTask
  /// The name of the image's file in the directory.
  public let image: String
  /// The options of the prediction.
  public let options: PredictOptions
  /// The branch of a dual head that is run.
  public let branch: HeadBranch
  /// How far a prediction may be off.
  public let tolerances: Tolerances
  /// The modules whose tensors are there.
  public let tensors: [String]
  /// The checkpoint that the case was made with, if it is said.
  public let model: ModelStamp?
  /// What made the case, by name.
  public let versions: [String: String]
  /// What must be found.
  public let expected: [ComparedObject]

  /// The name of the directory.
  public var name: String { FilePath.name(of: path) }
}
