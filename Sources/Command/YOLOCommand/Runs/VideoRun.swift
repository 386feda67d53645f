import YOLO
import YOLODrawing
import YOLOImage
import YOLOOptions
import YOLOPostprocess
import YOLOSystem
import YOLOVideo

/// The prediction of a video's frames.
struct VideoRun {
  /// The video.
  let path: String
  /// Of how many frames one is looked at.
  let stride: Int
  let model: Model
  let options: PredictOptions
  /// Where the annotated video goes, if anywhere.
  let directory: OutputDirectory?

  /// Prints a result for each frame, which its source tells by its number from 1; writes the
  /// annotated video.
  func write(to output: inout ResultOutput) async throws {
    let info = try await VideoReader.info(of: path)
    guard let directory else {
      try await forEachResult(info: info, output: &output) { _, _ in }
      return
    }
    let name = FilePath.name(of: path)
    let rate = (info.frameRate ?? .standard).divided(by: stride)
    try await VideoWriter.write(
      to: directory.videoPath(for: name), size: info.size, frameRate: rate
    ) { writer in
      try await forEachResult(info: info, output: &output) { image, result in
        try await writer.append(result.drawn(on: image, options: directory.drawing))
      }
    }
  }

  private func forEachResult(
    info: VideoInfo, output: inout ResultOutput, body: (Image, Results) async throws -> Void
  ) async throws {
    var progress = ProgressBar(total: info.frameCount(stride: stride))
    defer { progress.clear() }
    try await VideoReader.forEachFrame(of: path, stride: stride, info: info) { number, image in
      let result = try model.predictBlocking(
        image, options: options, source: "\(path) frame \(number + 1)")
      progress.clear()
      output.write(result)
      try await body(image, result)
      progress.advance()
    }
  }
}
