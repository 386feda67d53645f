/// How long the stages of a prediction took, in milliseconds.
public struct Speed: Sendable, Hashable {
  /// The time from the decoded image to the network's input.
  public var preprocess: Double
  /// The time that the network ran.
  public var inference: Double
  /// The time from the network's output to the result.
  public var postprocess: Double

  /// Joins the times of the three stages.
  public init(preprocess: Double, inference: Double, postprocess: Double) {
    self.preprocess = preprocess
    self.inference = inference
    self.postprocess = postprocess
  }

  /// The sum of the stages.
  public var total: Double { preprocess + inference + postprocess }
}
