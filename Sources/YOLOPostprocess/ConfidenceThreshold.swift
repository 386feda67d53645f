import Glibc

/// A confidence that a score must exceed, prepared for comparing logits first.
struct ConfidenceThreshold {
  /// The minimum confidence, in float32, as Ultralytics compares it.
  let confidence: Float
  /// A logit that every score above `confidence` exceeds; some below it do so, too.
  let logit: Float

  init(_ confidence: Double) {
    self.confidence = Float(confidence)
    // A float32 sigmoid is off by less than 3e-7 at 1 and by as much relatively below.
    let least = confidence * (1 - 1e-6)
    logit = least > 0 ? Float(log(least / (1 - least)) - 1e-5).nextDown : -.infinity
  }

  /// The logistic function in float32.
  @inline(__always)
  static func sigmoid(_ logit: Float) -> Float { 1 / (1 + expf(-logit)) }
}
