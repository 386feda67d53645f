import YOLOSystem

/// Finds the best class among a cell's class logits.
package enum ClassScan {
  private typealias Lanes = SIMD16<Float>
  private typealias Quad = SIMD4<Float>

  /// Returns whether a logit exceeds `threshold`; NaN exceeds nothing.
  @inline(__always)
  package static func anyLogit(_ logits: UnsafePointer<Float>, count: Int, above threshold: Float)
    -> Bool
  {
    // SAFETY: whole vectors within `count` logits only; the last one may overlap its predecessor.
    if count >= Lanes.scalarCount {
      let raw = UnsafeRawPointer(logits)
      let last = count &- Lanes.scalarCount
      var best = raw.loadUnaligned(fromByteOffset: 4 &* last, as: Lanes.self)
      // A NaN would stay: as the first operand it is never less than anything.
      best.replace(with: -.infinity, where: best .!= best)
      var index = 0
      while index < last {
        let next = raw.loadUnaligned(fromByteOffset: 4 &* index, as: Lanes.self)
        best.replace(with: next, where: best .< next)
        index &+= Lanes.scalarCount
      }
      return any(best .> Lanes(repeating: threshold))
    }
    var index = 0
    while index < count {
      if logits[index] > threshold { return true }
      index &+= 1
    }
    return false
  }

  /// Returns the most probable class and its probability, or nil if a logit is NaN.
  ///
  /// The class is the lowest one whose float32 sigmoid is the greatest: distinct logits may have
  /// the same sigmoid, in particular 1.
  package static func best(_ logits: UnsafePointer<Float>, count: Int) -> (
    index: Int, score: Float
  )? {
    // SAFETY: as above; every access is within `count` logits.
    let raw = UnsafeRawPointer(logits)
    let wide = count &- count % Quad.scalarCount
    var lanes = Quad(repeating: -.infinity)
    // Taken from the bits of infinity, the magnitude's bits leave a negative number for NaN only.
    let infinity = SIMD4<Int32>(repeating: 0x7F80_0000)
    let magnitude = SIMD4<Int32>(repeating: 0x7FFF_FFFF)
    var signs = SIMD4<Int32>.zero
    var index = 0
    while index < wide {
      let next = raw.loadUnaligned(fromByteOffset: 4 &* index, as: Quad.self)
      lanes.replace(with: next, where: lanes .< next)
      signs |= infinity &- (unsafeBitCast(next, to: SIMD4<Int32>.self) & magnitude)
      index &+= Quad.scalarCount
    }
    var greatest = max(max(lanes[0], lanes[1]), max(lanes[2], lanes[3]))
    var hasNaN = signs[0] | signs[1] | signs[2] | signs[3] < 0
    while index < count {
      let next = logits[index]
      if next > greatest { greatest = next }
      if next.isNaN { hasNaN = true }
      index &+= 1
    }
    guard !hasNaN, count > 0 else { return nil }

    let score = ConfidenceThreshold.sigmoid(greatest)
    // Below this logit the float32 sigmoid is certainly less: that takes a relative difference of
    // 4e-7, thus 4e-7 / (1 − score) in the logit, doubled here for the curvature. From 16 on the
    // contenders are those above 8.
    let margin = max(8e-7 / max(1 - score, 1e-7), abs(greatest) * 1e-6)
    let contender = min(greatest, 16) - min(margin, 8)
    let contenders = Quad(repeating: contender)
    index = 0
    while index < wide {
      let next = raw.loadUnaligned(fromByteOffset: 4 &* index, as: Quad.self)
      if any(next .>= contenders) { break }
      index &+= Quad.scalarCount
    }
    while index < count {
      let next = logits[index]
      if next == greatest { break }
      if next >= contender, ConfidenceThreshold.sigmoid(next) == score { break }
      index &+= 1
    }
    return (index, score)
  }
}

/// A confidence that a score must exceed, prepared for comparing logits first.
struct ConfidenceThreshold {
  /// The minimum confidence, in float32, as Ultralytics compares it.
  let confidence: Float
  /// A logit that every score above `confidence` exceeds; some below it do so, too.
  let logit: Float

  init(_ confidence: Double) {
    self.confidence = Float(confidence)
    // A float32 sigmoid is off by less than 3e-7 at 1 and by as much relatively below.
    let minimum = confidence * (1 - 1e-6)
    logit = minimum > 0 ? Float(log(minimum / (1 - minimum)) - 1e-5).nextDown : -.infinity
  }

  /// The logistic function in float32.
  @inline(__always)
  static func sigmoid(_ logit: Float) -> Float { 1 / (1 + expf(-logit)) }
}
