import Foundation
import YOLO
import YOLOImage
import YOLOImageIO

/// The models and images of `Weights/`.
enum Shipped {
  static let tasks = ["detect", "segment", "pose", "obb", "classify"]

  private static let weights = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Weights")

  static func path(_ task: String) -> String {
    weights.appending(path: "shapes-\(task).pt").path
  }

  static func model(_ task: String, _ options: RuntimeOptions = RuntimeOptions()) throws -> Model {
    try Model(path: path(task), options: options)
  }

  /// The image that a task's model is shipped with.
  static func image(_ task: String) throws -> Image {
    let own = weights.appending(path: "shapes-\(task).jpg").path
    return try ImageReader.read(
      contentsOf: FileManager.default.fileExists(atPath: own)
        ? own : weights.appending(path: "shapes.jpg").path)
  }
}
