public import YOLO
import YOLOGeometry
public import YOLOInspection
import YOLOModels
import YOLOOptions
import YOLOPostprocess
import YOLOTensor

/// The results of a model on a golden case, compared with what the case expects.
public struct Verification: Sendable, Hashable {
  /// The case.
  public let goldenCase: GoldenCase
  /// How the objects differ.
  public let check: PredictionCheck
  /// How the class or the distance of each pixel differs; nil of tasks without.
  public let map: MapDifference?
  /// How the tensors differ that the case has, in the order in which the modules run.
  public let tensors: [TensorDifference]

  /// The first module in the order of the run whose tensor is beyond the tolerance.
  public var firstDivergence: TensorDifference? {
    tensors.first { !($0.relative <= goldenCase.tolerances.tensor) }
  }

  /// The tensor that is off most, relative to its range.
  public var worstTensor: TensorDifference? { tensors.max { $0.relative < $1.relative } }

  /// Whether objects, map and tensors are what the case expects.
  public var agrees: Bool { check.agrees && map?.agrees ?? true && firstDivergence == nil }

  /// Runs a model on a case.
  ///
  /// The objects are those of a plain prediction; for the tensors the model runs once more, which
  /// computes apart what inference takes together where the case names such modules.
  ///
  /// - Throws: `VerificationError`; `otherTask` or `model` where the model cannot run the case, of
  ///   code `option` if it runs another branch of a dual head.
  public init(_ model: Model, on goldenCase: GoldenCase) throws(VerificationError) {
    guard model.task == goldenCase.task else {
      throw .otherTask(
        path: goldenCase.path, expected: goldenCase.task, found: model.task)
    }
    guard model.options.branch == goldenCase.branch else {
      throw .model(
        YOLOError(
          .option,
          "\(goldenCase.path): \(PredictOption.suppression.name) is "
            + "\(goldenCase.branch == .oneToMany), but the model was opened for the other branch"
        ))
    }
    let image = try goldenCase.readImage(channels: model.channels)
    let options = goldenCase.options
    let results: Results
    do throws(YOLOError) {
      results = try model.predictBlocking(image, options: options, source: goldenCase.path)
    } catch {
      throw .model(error)
    }
    check = PredictionCheck(
      results, against: goldenCase.expected, within: goldenCase.tolerances,
      threshold: options.confidence)
    map = try goldenCase.mapDifference(of: results)
    self.goldenCase = goldenCase
    guard !goldenCase.tensors.isEmpty else {
      tensors = []
      return
    }
    let trace: Model.Trace
    let order: [String]
    do throws(YOLOError) {
      trace = try model.trace(
        image, taps: goldenCase.tensors.filter { $0 != GoldenCase.inputPath },
        options: options)
      order = [GoldenCase.inputPath] + model.modulePaths()
    } catch {
      throw .model(YOLOError(error.code, "\(goldenCase.path): \(error.message)"))
    }
    let wanted = Set(goldenCase.tensors)
    var tensors: [TensorDifference] = []
    for path in order where wanted.contains(path) {
      guard let found = path == GoldenCase.inputPath ? trace.input : trace.tensors[path] else {
        continue
      }
      tensors.append(
        TensorDifference(path, expected: try goldenCase.readTensor(path), found: found))
    }
    self.tensors = tensors
  }

  /// What is wrong, a line each: the first diverging module, and the objects.
  public var problems: [String] {
    var lines: [String] = []
    if let firstDivergence {
      let count = tensors.count { !($0.relative <= goldenCase.tolerances.tensor) }
      lines.append(
        "first diverging module: \(firstDivergence) (tolerance \(goldenCase.tolerances.tensor); "
          + "\(count) of \(tensors.count) tensors diverge)")
    } else if !check.agrees || !(map?.agrees ?? true), let worstTensor {
      lines.append("no module diverges; the worst is \(worstTensor)")
    }
    if let map, !map.agrees { lines.append("\(map)") }
    return lines + check.problems.map { "\($0)" }
  }
}
