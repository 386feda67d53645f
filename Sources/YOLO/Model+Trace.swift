public import YOLOImage
public import YOLOPostprocess
public import YOLOTensor
public import YOLOValidation
import YOLOWeights

extension Model {
  /// A prediction, and what modules gave on the way.
  public struct Trace: Sendable {
    /// The prediction.
    public let prediction: Prediction
    /// The network's input: RGB in 0...1, [1, 3, height, width].
    public let input: Tensor
    /// The outputs of modules by path, [1, channels, height, width].
    public let tensors: [String: Tensor]
  }

  /// The paths of the modules whose outputs the head's findings are read from.
  public var headPaths: [String] { network.graph.outputs.map(\.name) }

  /// Predicts, and hands out what modules gave on the way.
  ///
  /// - Parameters:
  ///   - image: The picture.
  ///   - paths: The modules, such as `model.4` or `model.9.cv2`; what is kept of them takes memory of
  ///     its own in the run.
  ///   - options: Thresholds and the input size.
  ///   - source: What the prediction calls the picture.
  /// - Returns: The prediction, the network's input and the tensors.
  /// - Throws: As `predict(_:options:source:)`; `YOLOError` of code `model` for a path that no module
  ///   has.
  public func trace(
    _ image: Image, taps paths: [String], options: PredictOptions = .standard,
    source: String = "image"
  ) throws(YOLOError) -> Trace {
    let request = try request(options)
    let fit = fit(for: image.size, options: options)
    let plan = try plan(fit.size, keeping: paths)
    return try withSession { session throws(YOLOError) in
      var tensors = [String: Tensor]()
      let (findings, speed) = try run(image, plan, fit, request, in: session, durations: nil) {
        arena in
        tensors = plan.kept.mapValues { Tensor($0.map(in: arena)) }
      }
      return Trace(
        prediction: Prediction(
          source: source, size: image.size, findings: findings, names: names.byIndex,
          speed: speed), input: fit.applied(to: image).input, tensors: tensors)
    }
  }
}
