import YOLOSystem

/// A projective map of the plane: nine numbers, row by row.
package struct PlaneTransform: Sendable, Hashable {
  package var rows: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)

  package init(_ first: SIMD3<Double>, _ second: SIMD3<Double>, _ third: SIMD3<Double>) {
    rows = (first, second, third)
  }

  package static func == (left: PlaneTransform, right: PlaneTransform) -> Bool {
    left.rows == right.rows
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(rows.0)
    hasher.combine(rows.1)
    hasher.combine(rows.2)
  }

  /// Whether the last row is that of an affine map.
  package var isAffine: Bool { rows.2 == SIMD3(0, 0, 1) }

  /// Returns the map that applies `other` first.
  package func after(_ other: PlaneTransform) -> PlaneTransform {
    func row(_ row: SIMD3<Double>) -> SIMD3<Double> {
      row.x * other.rows.0 + row.y * other.rows.1 + row.z * other.rows.2
    }
    return PlaneTransform(row(rows.0), row(rows.1), row(rows.2))
  }

  /// The inverse map; nil if it has none that is finite.
  package var inverse: PlaneTransform? {
    let (a, b, c) = rows
    func cross(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> SIMD3<Double> {
      SIMD3(u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x)
    }
    let (first, second, third) = (cross(b, c), cross(c, a), cross(a, b))
    let determinant = (a * first).sum()
    guard determinant.isFinite, abs(determinant) > 1e-300 else { return nil }
    let result = PlaneTransform(
      SIMD3(first.x, second.x, third.x) / determinant,
      SIMD3(first.y, second.y, third.y) / determinant,
      SIMD3(first.z, second.z, third.z) / determinant)
    let all = [result.rows.0, result.rows.1, result.rows.2]
    return all.allSatisfy { $0.x.isFinite && $0.y.isFinite && $0.z.isFinite } ? result : nil
  }

  /// Returns where a point is mapped to.
  package func map(_ point: SIMD2<Float>) -> SIMD2<Float> {
    let homogeneous = SIMD3(Double(point.x), Double(point.y), 1)
    let x = (rows.0 * homogeneous).sum()
    let y = (rows.1 * homogeneous).sum()
    if isAffine { return SIMD2(Float(x), Float(y)) }
    let z = (rows.2 * homogeneous).sum()
    return SIMD2(Float(x / z), Float(y / z))
  }
}

/// The random map of a sample: from the middle of the source to the middle of the input, turned,
/// scaled, sheared and shifted.
package struct AffineTransform: Sendable, Hashable {
  /// The map of the coordinates of the source to those of the input.
  package let transform: PlaneTransform
  /// The factor of scale that was drawn.
  package let scale: Double

  /// Draws a map.
  ///
  /// - Parameters:
  ///   - settings: The bounds.
  ///   - source: The width and height of the source.
  ///   - target: The width and height of the input.
  ///   - draws: Perspective x and y, angle, scale, shear x and y, shift x and y, in this order.
  package init(
    settings: AugmentationSettings, source: (width: Int, height: Int),
    target: (width: Int, height: Int), draws: inout Draws
  ) {
    func symmetric(_ bound: Double) -> Double { draws.uniform(-bound, bound) }
    let perspective = (symmetric(settings.perspective), symmetric(settings.perspective))
    let angle = symmetric(settings.degrees) * .pi / 180
    scale = draws.uniform(settings.scale.lowerBound, settings.scale.upperBound)
    let shear = (
      tan(symmetric(settings.shear) * .pi / 180), tan(symmetric(settings.shear) * .pi / 180)
    )
    let (low, high) = (0.5 - settings.translate, 0.5 + settings.translate)
    let shiftX = draws.uniform(low, high) * Double(target.width)
    let shiftY = draws.uniform(low, high) * Double(target.height)
    let centering = PlaneTransform(
      SIMD3(1, 0, -Double(source.width) / 2), SIMD3(0, 1, -Double(source.height) / 2),
      SIMD3(0, 0, 1))
    let projection = PlaneTransform(
      SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(perspective.0, perspective.1, 1))
    let turn = PlaneTransform(
      SIMD3(scale * cos(angle), scale * sin(angle), 0),
      SIMD3(-scale * sin(angle), scale * cos(angle), 0), SIMD3(0, 0, 1))
    let shearing = PlaneTransform(
      SIMD3(1, shear.0, 0), SIMD3(shear.1, 1, 0), SIMD3(0, 0, 1))
    let shift = PlaneTransform(SIMD3(1, 0, shiftX), SIMD3(0, 1, shiftY), SIMD3(0, 0, 1))
    transform = shift.after(shearing).after(turn).after(projection).after(centering)
  }
}
