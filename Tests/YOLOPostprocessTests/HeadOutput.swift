import YOLOPostprocess
import YOLOTensor

/// A head's outputs in memory of its own, for the time of a closure.
struct HeadOutput {
  /// A level's size and its raw outputs, channels last.
  struct Level {
    var height: Int
    var width: Int
    var stride: Int
    var boxes: [Float]
    var classes: [Float]
    var extra: [Float] = []
  }

  var classCount: Int
  var binCount: Int
  var extraCount = 0
  var levels: [Level]
  /// The size of the prototypes, and their values, channels last.
  var prototypes: (height: Int, width: Int, values: [Float]) = (0, 0, [])

  /// Provides the levels as views; `padding` unused elements lie between pixels and between rows.
  func withLevels<Result>(padding: Int = 0, _ body: ([DetectLevel]) -> Result) -> Result {
    withLevelsAndPrototypes(padding: padding) { levels, _ in body(levels) }
  }

  /// Provides the levels and the prototypes as views.
  func withLevelsAndPrototypes<Result>(
    padding: Int = 0, _ body: ([DetectLevel], FeatureMap) throws -> Result
  ) rethrows -> Result {
    var buffers: [UnsafeMutableBufferPointer<Float>] = []
    // SAFETY: freed after the closure has returned, which is as long as the views are valid.
    defer { for buffer in buffers { buffer.deallocate() } }
    func view(_ values: [Float], height: Int, width: Int, channels: Int) -> FeatureMap {
      let pixelStride = channels + padding
      let rowStride = width * pixelStride + padding
      let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: height * rowStride + 1)
      guard let base = buffer.baseAddress else { preconditionFailure("not empty") }
      buffer.initialize(repeating: .nan)
      buffers.append(buffer)
      for y in 0..<height {
        for x in 0..<width {
          for channel in 0..<channels {
            buffer[y * rowStride + x * pixelStride + channel] =
              values[(y * width + x) * channels + channel]
          }
        }
      }
      return FeatureMap(
        base: UnsafePointer(base), height: height, width: width, channels: channels,
        pixelStride: pixelStride, rowStride: rowStride)
    }
    let views = levels.map { level in
      DetectLevel(
        boxes: view(
          level.boxes, height: level.height, width: level.width, channels: 4 * binCount),
        classes: view(
          level.classes, height: level.height, width: level.width, channels: classCount),
        stride: level.stride,
        extra: extraCount == 0
          ? nil
          : view(level.extra, height: level.height, width: level.width, channels: extraCount))
    }
    return try body(
      views,
      view(
        prototypes.values, height: prototypes.height, width: prototypes.width,
        channels: extraCount))
  }
}
