import YOLOPostprocess
import YOLOTensor

/// A detect head's outputs in memory of its own, for the time of a closure.
struct HeadOutput {
  /// A level's extent and its logits, channels last.
  struct Level {
    var height: Int
    var width: Int
    var stride: Int
    var boxes: [Float]
    var classes: [Float]
  }

  var classCount: Int
  var binCount: Int
  var levels: [Level]

  /// Lends the levels as views; `padding` unused elements lie between pixels and between rows.
  func withLevels<Result>(padding: Int = 0, _ body: ([DetectLevel]) -> Result) -> Result {
    var buffers: [UnsafeMutableBufferPointer<Float>] = []
    // SAFETY: freed after the closure has returned, which is as long as the views are valid.
    defer { for buffer in buffers { buffer.deallocate() } }
    func view(_ values: [Float], _ level: Level, channels: Int) -> FeatureMap {
      let pixelStride = channels + padding
      let rowStride = level.width * pixelStride + padding
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(
        capacity: level.height * rowStride + 1)
      guard let base = buffer.baseAddress else { preconditionFailure("not empty") }
      buffer.initialize(repeating: .nan)
      buffers.append(buffer)
      for y in 0..<level.height {
        for x in 0..<level.width {
          for channel in 0..<channels {
            buffer[y * rowStride + x * pixelStride + channel] =
              values[(y * level.width + x) * channels + channel]
          }
        }
      }
      return FeatureMap(
        base: UnsafePointer(base),
        height: level.height, width: level.width, channels: channels, pixelStride: pixelStride,
        rowStride: rowStride)
    }
    let views = levels.map { level in
      DetectLevel(
        boxes: view(level.boxes, level, channels: 4 * binCount),
        classes: view(level.classes, level, channels: classCount), stride: level.stride)
    }
    return body(views)
  }
}
