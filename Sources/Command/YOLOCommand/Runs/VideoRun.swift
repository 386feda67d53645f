import YOLO
import YOLODrawing
import YOLOImage
import YOLOOptions
import YOLOPostprocess
import YOLOVideo

/// The prediction of a video's frames.
struct VideoRun {
  /// The video, and what results call it.
  let path: String
  let name: String
  /// The position of the source in the run.
  let index: Int
  /// Of how many frames one is looked at.
  let stride: Int
  let model: Model
  let options: PredictOptions
  /// Where annotated videos, labels and crops go, if anywhere.
  let files: PredictionFiles?

  /// Prints a result for each frame, which its source tells by its number from 1; writes the
  /// annotated video.
  func write(to output: ResultOutput) async throws {
    let info = try await VideoReader.info(of: path)
    guard let files, let target = files.videoPath(ofSource: index) else {
      return try await forEachResult(info: info, output: output) { _, _ in }
    }
    let rate = (info.frameRate ?? .standard).divided(by: stride)
    try await VideoWriter.write(
      to: target, replaces: files.files.overwrites, size: info.size, frameRate: rate
    ) { writer in
      try await forEachResult(info: info, output: output) { image, result in
        try await writer.append(result.drawn(on: image, options: files.drawing))
      }
    }
  }

  private func forEachResult(
    info: VideoInfo, output: ResultOutput, body: (Image, Results) async throws -> Void
  ) async throws {
    var progress = ProgressBar(total: info.frameCount(stride: stride))
    defer { progress.clear() }
    try await VideoReader.forEachFrame(of: path, stride: stride, info: info) { number, image in
      let frame = FramePosition(
        source: name, number: number + 1, seconds: info.frameRate.map { Double(number) / $0.value })
      let result = try model.predictBlocking(image, options: options, source: frame.name)
      progress.clear()
      output.write(result, at: frame)
      try files?.write(result, of: image, source: index, frame: number + 1)
      try await body(image, result)
      progress.advance()
    }
  }
}
