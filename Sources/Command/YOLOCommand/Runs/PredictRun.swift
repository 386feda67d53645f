import ArgumentParser
import YOLO
import YOLOImage
import YOLOImageIO
import YOLOOptions
import YOLOPostprocess
import YOLOVideo

/// The prediction of all sources of `yolo predict`.
struct PredictRun {
  let model: Model
  let options: PredictOptions
  /// Of how many frames of a video one is looked at.
  let stride: Int
  /// Where annotated images and videos, labels and crops go, if anywhere.
  let files: PredictionFiles?
  let output: ResultOutput
  /// When streams are given up.
  let policy: StreamPolicy
  /// After how many predicted frames a stream is ended; nil for never.
  let streamFrames: Int?

  /// The maximum number of bytes of a file of the web.
  private static let maximumBytes = 4 << 30

  /// Predicts one source after the other, and then all streams beside one another; what fails is
  /// reported and does not keep the rest from being read.
  ///
  /// - Returns: The exit code of the last failure; nil if there was none.
  func predict(_ entries: [SourceList.Entry]) async -> ExitCode? {
    var progress = ProgressBar(total: entries.count)
    defer { progress.clear() }
    var failure: ExitCode?
    var streams: [(index: Int, address: StreamAddress)] = []
    var index = 0
    for entry in entries {
      let name: String
      do {
        switch entry {
        case .failure(let source, let error):
          name = source
          throw error
        case .source(let source):
          defer { index += 1 }
          name = source.name
          if case .stream(let address) = source.origin {
            streams.append((index, address))
            continue
          }
          try await predict(source, index: index, progress: progress)
        }
      } catch {
        progress.clear()
        failure = ExitStatus.report(error)
        output.fail(name, error)
      }
      progress.advance()
    }
    progress.clear()
    return streams.isEmpty ? failure : await predict(streams) ?? failure
  }

  private func predict(
    _ source: InputSource, index: Int, progress: ProgressBar
  ) async throws {
    if let path = source.videoPath {
      progress.clear()
      return try await video(path, of: source, index: index)
    }
    if case .address(let address) = source.origin {
      progress.clear()
      return try await Download.withFile(from: address, maximumBytes: Self.maximumBytes) { path in
        let isVideo = VideoFormat.recognize(contentsOf: path) != nil
        guard isVideo == source.isMoving || files == nil else {
          throw VideoError.damaged(
            source: source.name, reason: "it is \(isVideo ? "a" : "no") video, which its name hides"
          )
        }
        if isVideo { return try await video(path, of: source, index: index) }
        let bytes = try BoundedInput.read(path: path, maximumBytes: ImageLimits().maximumBytes)
        try image(
          try ImageReader.decode(
            bytes, named: source.name, threads: model.options.threads,
            channels: model.channels),
          of: source, index: index)
      }
    }
    let decoded = try source.read(threads: model.options.threads, channels: model.channels)
    try image(consume decoded, of: source, index: index, progress: progress)
  }

  private func image(
    _ image: consuming Image, of source: InputSource, index: Int, progress: ProgressBar? = nil
  ) throws {
    let drawn = files == nil ? nil : image
    let result = try model.predictBlocking(consume image, options: options, source: source.name)
    progress?.clear()
    output.write(result)
    if let files, let drawn { try files.write(result, of: drawn, source: index) }
  }

  private func video(_ path: String, of source: InputSource, index: Int) async throws {
    try await VideoRun(
      path: path, name: source.name, index: index, stride: stride, model: model,
      options: options, files: files
    ).write(to: output)
  }

  /// Predicts streams beside one another, until each has ended or an interrupt ends them all.
  private func predict(_ streams: [(index: Int, address: StreamAddress)]) async -> ExitCode? {
    let stop = StreamStop()
    let interrupts = InterruptSignal { stop.stop() }
    defer { interrupts.cancel() }
    return await withTaskGroup(of: ExitCode?.self) { group in
      for (index, address) in streams {
        let run = StreamRun(
          address: address, index: index, stride: stride, maximumFrames: streamFrames,
          model: model, options: options, files: files, policy: policy, stop: stop)
        group.addTask {
          do {
            try await run.write(to: output)
            return nil
          } catch {
            let code = ExitStatus.report(error)
            output.fail(address.name, error)
            return code
          }
        }
      }
      var failure: ExitCode?
      for await code in group { failure = code ?? failure }
      return failure
    }
  }
}
