import YOLOSystem

/// What the outputs of an anchor of the task obb stand for.
enum OrientedDecoder {
  /// Returns the angle in radians: the output itself, or (σ(output) - ¼) · π.
  @inline(__always)
  static func angle(_ output: Float, isRaw: Bool) -> Float {
    isRaw ? output : (sigmoid(output) - 0.25) * .pi
  }

  /// Returns the derivative of the angle by the output.
  @inline(__always)
  static func angleSlope(_ output: Float, isRaw: Bool) -> Float {
    guard !isRaw else { return 1 }
    let s = sigmoid(output)
    return s * (1 - s) * .pi
  }

  /// Decodes a box: center x, center y, width and height in cells.
  ///
  /// - Parameters:
  ///   - distances: From the anchor to the left, top, right and bottom side in the box's frame.
  ///   - angle: The angle of the box.
  ///   - center: The anchor in cells.
  /// - Returns: The box in cells.
  @inline(__always)
  static func box(
    _ distances: SIMD4<Float>, angle: Float, center: SIMD2<Float>
  ) -> SIMD4<Float> {
    let along = (distances[2] - distances[0]) / 2
    let across = (distances[3] - distances[1]) / 2
    let cosine = cosf(angle)
    let sine = sinf(angle)
    return SIMD4(
      along * cosine - across * sine + center.x, along * sine + across * cosine + center.y,
      distances[0] + distances[2], distances[1] + distances[3])
  }
}
