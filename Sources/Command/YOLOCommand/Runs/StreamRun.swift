import Dispatch
import YOLO
import YOLODrawing
import YOLOOptions
import YOLOPostprocess
import YOLOSystem
import YOLOVideo

/// The prediction of a stream's frames, always the newest one.
struct StreamRun: Sendable {
  let address: StreamAddress
  /// The position of the source in the run.
  let index: Int
  /// How many frames must have come since the last one that was predicted.
  let stride: Int
  /// After how many predicted frames the stream is ended; nil for never.
  let maximumFrames: Int?
  let model: Model
  let options: PredictOptions
  /// Where the annotated video, labels and crops go, if anywhere.
  let files: PredictionFiles?
  let policy: StreamPolicy
  let stop: StreamStop

  /// Prints a result for each frame that is predicted; the annotated video has all of them, also
  /// where the stream breaks.
  func write(to output: ResultOutput) async throws {
    try await StreamReader.withFrames(of: address, policy: policy, stop: stop) { frames in
      var iterator = frames.makeAsyncIterator()
      guard let first = try await iterator.next() else { return }
      guard let files, let target = files.videoPath(ofSource: index) else {
        return try await forEach(from: first, &iterator, output) { _, _ in }
      }
      var failure: (any Error)?
      try await VideoWriter.write(
        to: target, replaces: files.files.overwrites, size: first.image.size, isLive: true
      ) { writer in
        do {
          try await forEach(from: first, &iterator, output) { frame, results in
            try await writer.append(results.drawn(on: frame.image, options: files.drawing))
          }
        } catch {
          // What there is of the video stays.
          failure = error
        }
      }
      if let failure { throw failure }
    }
  }

  private func forEach(
    from first: StreamFrame,
    _ iterator: inout AsyncThrowingStream<StreamFrame, any Error>.Iterator,
    _ output: ResultOutput, body: (StreamFrame, Results) async throws -> Void
  ) async throws {
    var count = 0
    var last = first.number
    var next: StreamFrame? = first
    while let frame = next {
      if count == 0 || frame.number - last >= stride {
        last = frame.number
        count += 1
        let position = FramePosition(
          source: address.name, number: frame.number + 1, seconds: frame.seconds)
        let results = try await model.predict(
          frame.image, options: options, source: position.name)
        output.write(results, at: position)
        try files?.write(results, of: frame.image, source: index, frame: frame.number + 1)
        try await body(frame, results)
      }
      if let maximumFrames, count >= maximumFrames { return }
      next = try await iterator.next()
    }
  }
}

/// Calls an action when the process is asked to end; asked again, it ends at once.
final class InterruptSignal {
  private let sources: [any DispatchSourceSignal]

  init(_ action: @escaping @Sendable () -> Void) {
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number)
      source.setEventHandler {
        signal(number, SIG_DFL)
        action()
      }
      source.activate()
      return source
    }
  }

  /// Leaves the signals to the system again.
  func cancel() {
    for source in sources { source.cancel() }
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }
}
