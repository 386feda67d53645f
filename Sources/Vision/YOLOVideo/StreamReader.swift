import Subprocess
import Synchronization
import YOLOGeometry
public import YOLOImage

/// A frame of a stream.
public struct StreamFrame: Sendable {
  /// The number of the frame among all that came, from 0; those that nobody waited for count.
  public let number: Int
  /// The seconds since the first frame came.
  public let seconds: Double
  /// The frame.
  public let image: Image
}

/// Ends the streams of a run in good order.
public final class StreamStop: Sendable {
  private let state = Mutex<(isStopped: Bool, actions: [@Sendable () -> Void])>((false, []))

  /// Creates a signal that has not been given.
  public init() {}

  /// Ends the streams; each has what it has written so far.
  public func stop() {
    let actions = state.withLock { state in
      state.isStopped = true
      defer { state.actions = [] }
      return state.actions
    }
    for action in actions { action() }
  }

  /// Calls `action` when the signal is given, at once if it has been.
  func onStop(_ action: @escaping @Sendable () -> Void) {
    let isStopped = state.withLock { state in
      if !state.isStopped { state.actions.append(action) }
      return state.isStopped
    }
    if isStopped { action() }
  }
}

/// Reads streams and cameras through the program ffmpeg.
public enum StreamReader {
  /// Hands out the frames of a stream, always the newest one: frames that come while another is
  /// worked on are passed over.
  ///
  /// A stream that breaks is read again as the policy says. The frames end without an error when
  /// `stop` is given. When they have ended otherwise the error is a `VideoError`. ffmpeg is gone by
  /// the end of the call.
  public static func withFrames<Value>(
    of address: StreamAddress, limits: VideoLimits = VideoLimits(),
    policy: StreamPolicy = StreamPolicy(), stop: StreamStop = StreamStop(),
    _ body: (AsyncThrowingStream<StreamFrame, any Error>) async throws -> Value
  ) async throws -> Value {
    let (frames, continuation) = AsyncThrowingStream.makeStream(
      of: StreamFrame.self, bufferingPolicy: .bufferingNewest(1))
    stop.onStop { continuation.finish() }
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          try await receive(address, limits: limits, policy: policy, into: continuation)
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      let value = try await body(frames)
      group.cancelAll()
      return value
    }
  }

  /// Reads a stream again and again until it is given up.
  private static func receive(
    _ address: StreamAddress, limits: VideoLimits, policy: StreamPolicy,
    into continuation: AsyncThrowingStream<StreamFrame, any Error>.Continuation
  ) async throws {
    let counter = FrameCounter()
    var tries = 0
    while true {
      let before = counter.count
      var failure: VideoError?
      do {
        try await connect(address, limits: limits, patience: policy.patience) { image in
          let (number, seconds) = counter.next()
          continuation.yield(StreamFrame(number: number, seconds: seconds, image: image))
        }
      } catch let error as VideoError {
        if case .notInstalled = error { throw error }
        failure = error
      }
      if counter.count > before { tries = 0 }
      if failure == nil, policy.retries == 0 { return }
      guard tries < policy.retries else {
        throw failure ?? .damaged(source: address.name, reason: "the stream has ended")
      }
      try await Task.sleep(for: policy.delay(tries))
      tries += 1
    }
  }

  /// Reads a stream until it ends.
  private static func connect(
    _ address: StreamAddress, limits: VideoLimits, patience: Double,
    _ body: (Image) -> Void
  ) async throws {
    let timer = ProgramTimer(seconds: patience)
    var isEmpty = true
    let ending = try await MediaProgram.converter.run(
      address.arguments(maximumPixels: limits.pixels), timer: timer
    ) { input, output in
      try? await input.finish()
      var assembler = PPMAssembler(source: address.name, maximumPixels: limits.pixels)
      for try await buffer in output {
        let images = try buffer.withUnsafeBytes { bytes in
          try assembler.images(of: bytes)
        }
        guard !images.isEmpty else { continue }
        isEmpty = false
        timer.restart()
        for image in images { body(image) }
      }
    }
    if ending.isTimedOut {
      throw VideoError.timedOut(source: address.name, maximum: patience)
    }
    if let signal = ending.signal {
      throw VideoError.endedEarly(source: address.name, program: "ffmpeg", signal: signal)
    }
    guard ending.code == 0, !isEmpty else {
      let message = ending.message.firstLine.map { address.withoutAddress($0) }
      throw VideoError.unreadable(
        source: address.name, reason: message ?? "it has no frames")
    }
  }

  /// Counts frames, and the time since the first.
  private final class FrameCounter: Sendable {
    private let state = Mutex<(count: Int, start: ContinuousClock.Instant)>((0, .now))

    var count: Int { state.withLock { $0.count } }

    func next() -> (number: Int, seconds: Double) {
      state.withLock { state in
        if state.count == 0 { state.start = .now }
        defer { state.count += 1 }
        return (state.count, (.now - state.start) / .seconds(1))
      }
    }
  }
}

/// Cuts a stream of bytes into the PPM images that it consists of.
struct PPMAssembler {
  private let source: String
  private let maximumPixels: Int
  private var header: [UInt8] = []
  private var frame: FrameAssembler?

  /// The maximum number of bytes of a header: `P6`, two numbers and 255.
  private static let headerLimit = 64

  init(source: String, maximumPixels: Int) {
    self.source = source
    self.maximumPixels = maximumPixels
  }

  /// Returns the images that bytes complete.
  mutating func images(of bytes: UnsafeRawBufferPointer) throws(VideoError) -> [Image] {
    var images: [Image] = []
    var rest = Slice(base: bytes, bounds: bytes.indices)
    while !rest.isEmpty {
      if var assembler = frame {
        frame = nil
        let image = assembler.take(from: &rest)
        if let image { images.append(image) } else { frame = assembler }
      } else if let byte = rest.popFirst() {
        header.append(byte)
        if byte == UInt8(ascii: "\n"), header.count(where: { $0 == byte }) == 3 {
          frame = FrameAssembler(size: try size())
          header = []
        } else if header.count > Self.headerLimit {
          throw .damaged(source: source, reason: "ffmpeg gives no PPM images")
        }
      }
    }
    return images
  }

  /// The size that the header tells.
  private func size() throws(VideoError) -> Size {
    let words = String(decoding: header, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    guard words.count == 4, words[0] == "P6", words[3] == "255", let width = Int(words[1]),
      let height = Int(words[2]), (1...65_536).contains(width), (1...65_536).contains(height)
    else { throw .damaged(source: source, reason: "ffmpeg gives no PPM images") }
    guard width * height <= maximumPixels else {
      throw .tooManyPixels(source: source, maximum: maximumPixels)
    }
    return Size(width: width, height: height)
  }
}
