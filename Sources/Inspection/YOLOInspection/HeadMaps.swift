public import YOLO
import YOLOGeometry
public import YOLOImage
import YOLOSystem

/// What a head that finds objects sees, as images: the scores of its cells on the photo.
public struct HeadMaps: Sendable {
  private let overlay: ActivationOverlay
  private let levels: [HeadLevel]

  /// Prepares the maps of a head on a photo.
  public init(_ levels: [HeadLevel], on photo: Image, fit: InputFit) {
    self.levels = levels
    overlay = ActivationOverlay(on: photo, fit: fit)
  }

  /// Draws the probability of each cell's best class, an image a level, black for 0 to light yellow
  /// for 1: where the head sees an object of any kind.
  public func bestScores() -> [(stride: Int, image: Image)] {
    levels.map { level in
      let scores = level.bestScores()
      return (
        level.stride,
        overlay.image(
          ofPlane: scores, Size(width: level.columns, height: level.rows),
          caption: "stride \(level.stride): best class, at most \(Self.greatest(scores))")
      )
    }
  }

  /// Draws the probability of a class, an image a level, black for 0 to light yellow for 1.
  public func scores(ofClass index: Int, named name: String) -> [(stride: Int, image: Image)] {
    levels.filter { (0..<$0.classCount).contains(index) }.map { level in
      let scores = level.scores(ofClass: index)
      return (
        level.stride,
        overlay.image(
          ofPlane: scores, Size(width: level.columns, height: level.rows),
          caption: "stride \(level.stride): \(name), at most \(Self.greatest(scores))")
      )
    }
  }

  private static func greatest(_ scores: [Float]) -> String {
    Double(scores.max() ?? 0).fixed(3)
  }
}
