import YOLOGeometry
import YOLOImage

/// How the keypoints of a person are joined and colored: those of the COCO dataset.
enum Skeleton {
  /// A part of the body that is drawn in one color.
  enum Part: CaseIterable {
    case head
    case torso
    case leftArm
    case rightArm
    case leftLeg
    case rightLeg
  }

  /// A limb: the keypoints that it joins, and its part of the body.
  struct Limb {
    let first: Int
    let second: Int
    let part: Part
  }

  /// The number of keypoints: nose, then left and right eye, ear, shoulder, elbow, wrist, hip, knee
  /// and ankle.
  static let keypointCount = 17

  /// The part of the body that a keypoint belongs to.
  static let parts: [Part] = [
    .head, .head, .head, .head, .head, .leftArm, .rightArm, .leftArm, .rightArm, .leftArm,
    .rightArm, .leftLeg, .rightLeg, .leftLeg, .rightLeg, .leftLeg, .rightLeg,
  ]

  /// The nineteen limbs of the dataset.
  static let limbs: [Limb] = [
    Limb(first: 15, second: 13, part: .leftLeg), Limb(first: 13, second: 11, part: .leftLeg),
    Limb(first: 16, second: 14, part: .rightLeg), Limb(first: 14, second: 12, part: .rightLeg),
    Limb(first: 11, second: 12, part: .torso), Limb(first: 5, second: 11, part: .torso),
    Limb(first: 6, second: 12, part: .torso), Limb(first: 5, second: 6, part: .torso),
    Limb(first: 5, second: 7, part: .leftArm), Limb(first: 6, second: 8, part: .rightArm),
    Limb(first: 7, second: 9, part: .leftArm), Limb(first: 8, second: 10, part: .rightArm),
    Limb(first: 1, second: 2, part: .head), Limb(first: 0, second: 1, part: .head),
    Limb(first: 0, second: 2, part: .head), Limb(first: 1, second: 3, part: .head),
    Limb(first: 2, second: 4, part: .head), Limb(first: 3, second: 5, part: .head),
    Limb(first: 4, second: 6, part: .head),
  ]

  /// The color of a part: warm on the person's left, cold on the right.
  static func color(of part: Part) -> Color { colors[part] ?? .white }

  private static let colors: [Part: Color] = Dictionary(
    uniqueKeysWithValues: Part.allCases.map { part in
      let (lightness, hue) = look(of: part)
      return (part, Color(lightness: lightness, chroma: 0.2, hue: hue))
    })

  private static func look(of part: Part) -> (lightness: Double, hue: Double) {
    switch part {
    case .head: (0.82, 145)
    case .torso: (0.68, 305)
    case .leftArm: (0.76, 65)
    case .rightArm: (0.78, 220)
    case .leftLeg: (0.66, 28)
    case .rightLeg: (0.60, 262)
    }
  }
}

extension Canvas {
  /// Draws the limbs between points and the points; nil stands for a point that is not shown.
  ///
  /// - Parameters:
  ///   - points: The points.
  ///   - radius: Half the thickness of limbs.
  ///   - pointRadius: The radius of points that no limbs join.
  mutating func drawSkeleton(_ points: [Point?], radius: Float, pointRadius: Float) {
    let isPerson = points.count == Skeleton.keypointCount
    var limbs: [(first: Point, second: Point, color: Color)] = []
    for limb in isPerson ? Skeleton.limbs : [] {
      guard let first = points[limb.first], let second = points[limb.second] else { continue }
      limbs.append((first, second, Skeleton.color(of: limb.part)))
    }
    let jointRadius = radius * 1.7 + 0.5
    let pointRadius = isPerson ? jointRadius : max(pointRadius, jointRadius)
    let rim = pointRadius + max(0.6, radius * 0.4)
    let discs = points.enumerated().compactMap { index, point in
      point.map { point in
        (
          center: point,
          color: isPerson
            ? Skeleton.color(of: Skeleton.parts[index]) : ClassPalette.color(ofClass: index)
        )
      }
    }
    // Casings lie below all lines, which would be taken for background of their color otherwise.
    for limb in limbs {
      paintCasing(of: limb.color) {
        $0.addLine(from: limb.first, to: limb.second, radius: radius + 1)
      }
    }
    for disc in discs { paintCasing(of: disc.color) { $0.addDisc(disc.center, radius: rim + 1) } }
    for limb in limbs {
      paint(limb.color) { $0.addLine(from: limb.first, to: limb.second, radius: radius) }
    }
    for disc in discs {
      // A dark rim sets the point off from limbs of its color.
      paint(.black, opacity: 0.55) { $0.addDisc(disc.center, radius: rim) }
      paint(disc.color) { $0.addDisc(disc.center, radius: pointRadius) }
    }
  }
}
