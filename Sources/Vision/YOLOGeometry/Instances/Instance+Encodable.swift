/// Instances encode with the keys of the HUB answer: `class`, `name`, `confidence`, `box` with its
/// corners, `segments`, `keypoints`, and `track_id` where there is one. Masks are left out in favor
/// of outlines.
extension Instance: Encodable {
  private enum CodingKeys: String, CodingKey {
    case classIndex = "class"
    case className = "name"
    case confidence
    case box
    case segments
    case keypoints
    case trackID = "track_id"
  }

  /// Encodes the instance; numbers are not rounded.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(classIndex, forKey: .classIndex)
    try container.encode(className, forKey: .className)
    try container.encode(confidence, forKey: .confidence)
    switch geometry {
    case .box(let box): try container.encode(box, forKey: .box)
    case .mask(let box, _, let outline), .outline(let box, let outline):
      try container.encode(box, forKey: .box)
      try container.encode(PointLists(outline.points), forKey: .segments)
    case .keypoints(let box, let keypoints):
      try container.encode(box, forKey: .box)
      let visible = keypoints.compactMap(\.visibility)
      try container.encode(
        PointLists(
          keypoints.map(\.point), visible: visible.count == keypoints.count ? visible : nil),
        forKey: .keypoints)
    case .orientedBox(let box): try container.encode(box, forKey: .box)
    }
    try container.encodeIfPresent(trackID, forKey: .trackID)
  }
}

/// Points as lists of their coordinates.
private struct PointLists: Encodable {
  let visible: [Float]?
  let x: [Float]
  let y: [Float]

  init(_ points: [Point], visible: [Float]? = nil) {
    self.visible = visible
    x = points.map(\.x)
    y = points.map(\.y)
  }
}

extension OrientedBox: Encodable {
  private enum CodingKeys: String, CodingKey {
    case x1, y1, x2, y2, x3, y3, x4, y4
  }

  /// Encodes the four corners: `x1`, `y1`, … `x4`, `y4`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    let keys: [(CodingKeys, CodingKeys)] = [(.x1, .y1), (.x2, .y2), (.x3, .y3), (.x4, .y4)]
    for ((x, y), corner) in zip(keys, corners) {
      try container.encode(corner.x, forKey: x)
      try container.encode(corner.y, forKey: y)
    }
  }
}
