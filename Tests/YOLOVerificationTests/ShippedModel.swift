import Foundation
import Testing

/// The shipped model of a task, with its image.
struct ShippedModel: Sendable, CustomTestStringConvertible {
  let task: String

  var testDescription: String { task }
  var path: String { Self.weights + "/shapes-\(task).pt" }
  var image: String {
    Self.weights + (task == "detect" ? "/shapes.jpg" : "/shapes-\(task).jpg")
  }

  static let all = ["detect", "segment", "pose", "obb", "classify"].map { ShippedModel(task: $0) }
  static let detect = all[0]

  private static let weights = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Weights").path
}
