import YOLOGeometry

/// Maps letterbox coordinates to the pixels that results are given in.
struct ResultFrame {
  private let inverse: LetterboxInverse?

  init(_ letterbox: Letterbox, _ space: ResultSpace) {
    switch space {
    case .source: inverse = letterbox.inverse
    case .letterbox: inverse = nil
    }
  }

  func box(_ box: Box) -> Box { inverse?.sourceBox(box) ?? box }

  func box(_ box: OrientedBox) -> OrientedBox { inverse?.sourceBox(box) ?? box }

  func keypoint(_ keypoint: Keypoint) -> Keypoint { inverse?.sourceKeypoint(keypoint) ?? keypoint }
}
