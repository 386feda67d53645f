public import YOLO
public import YOLOImage
import YOLOModels
public import YOLOOptions
public import YOLOTensor

/// Where two models, or two ways of running one, part on an image: the outputs of their modules
/// compared in the order in which they run.
public struct ModelDifference: Sendable, Hashable {
  /// How far the outputs may be apart, relative to the range of the first one, if not told
  /// otherwise.
  ///
  /// Two runtimes that sum in other orders are some 1e-5 apart.
  public static let tolerance: Float = 1e-3

  /// The modules that both models have, in the order in which they run.
  public let modules: [TensorDifference]
  /// The paths of modules that only the first model has.
  public let missing: [String]
  /// The paths of modules that only the second model has.
  public let extra: [String]
  /// How far apart the outputs may be.
  public let tolerance: Float

  /// Compares the outputs of modules of two runs.
  ///
  /// - Parameters:
  ///   - first: The outputs of the first run by path.
  ///   - second: The outputs of the second run by path.
  ///   - order: The paths in the order in which the modules run; those of the first model, then
  ///     those that only the second one has.
  ///   - tolerance: How far apart outputs may be, relative to the range of the first one.
  public init(
    _ first: [String: Tensor], _ second: [String: Tensor], order: [String],
    tolerance: Float = Self.tolerance
  ) {
    self.tolerance = tolerance
    modules = order.compactMap { path in
      guard let one = first[path], let other = second[path] else { return nil }
      return TensorDifference(path, expected: one, found: other)
    }
    missing = order.filter { first[$0] != nil && second[$0] == nil }
    extra = order.filter { first[$0] == nil && second[$0] != nil }
  }

  /// The first module whose outputs differ at all.
  public var firstDifference: TensorDifference? { modules.first { $0.relative > 0 } }

  /// The first module whose outputs are further apart than the tolerance.
  public var firstBeyond: TensorDifference? { modules.first { !($0.relative <= tolerance) } }

  /// Whether both models have the same modules, none of whose outputs are beyond the tolerance.
  public var agrees: Bool { firstBeyond == nil && missing.isEmpty && extra.isEmpty }
}

extension Model {
  /// Finds where another model, or another way of running the same one, diverges from this one.
  ///
  /// - Parameters:
  ///   - other: The other model.
  ///   - image: The image that both are given.
  ///   - paths: The modules to compare, and `input` for the networks' input; those that inference
  ///     computes as one if nil. Naming finer ones makes both models compute what is inside of them apart.
  ///   - options: The input size.
  ///   - tolerance: How far outputs may be apart, relative to the range of this model's.
  /// - Returns: The differences; modules that only one of the models has are listed.
  /// - Throws: `YOLOError` as `trace(_:taps:options:source:)`.
  public func difference(
    to other: Model, on image: Image, modules paths: [String]? = nil,
    options: PredictOptions = .standard, tolerance: Float = ModelDifference.tolerance
  ) throws(YOLOError) -> ModelDifference {
    let (known, otherKnown) = (Set(modulePaths()), Set(other.modulePaths()))
    let order =
      paths ?? TapSelection.joined(inferenceGraph.blockPaths, other.inferenceGraph.blockPaths)
    for path in order
    where path != TapSelection.input && !known.contains(path) && !otherKnown.contains(path) {
      throw YOLOError(.model, "neither network has a module “\(path)” that gives an output")
    }
    let first = try trace(image, taps: order.filter(known.contains), options: options)
    let second = try other.trace(image, taps: order.filter(otherKnown.contains), options: options)
    let input = [TapSelection.input: first.input], otherInput = [TapSelection.input: second.input]
    return ModelDifference(
      first.tensors.merging(input) { $1 }, second.tensors.merging(otherInput) { $1 }, order: order,
      tolerance: tolerance)
  }
}
