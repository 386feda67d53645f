import Dispatch
import Foundation
import Synchronization
import Testing
import YOLO
import YOLOImage
import YOLOImageIO
import YOLOTestSupport

/// Predictions that are awaited: one, many, and a stream of them.
@Suite struct AwaitedPredictionTests {
  private static let checkpoint = GoldenCase.url("checkpoints/tiny-detect.pt").path

  private static func model(concurrency: Int, threads: Int = 2) throws -> Model {
    try Model(
      path: checkpoint, options: RuntimeOptions(threads: threads, concurrency: concurrency))
  }

  private static func options() throws -> PredictOptions {
    try PredictOptions(imageSize: Size(width: 160, height: 160), confidence: 0.01)
  }

  /// Images of blocks, all different.
  private static func images(_ count: Int) -> [Image] {
    var random = SplitMix64(seed: 8)
    return (0..<count).map { _ in
      let size = Size(width: .random(in: 20...90, using: &random), height: 60)
      return Image(
        knownSize: size,
        pixels: (0..<3 * size.width * size.height).map { _ in .random(in: 0...255, using: &random) }
      )
    }
  }

  @Test(arguments: [1, 2, 7]) func manyTasksFindTheSame(concurrency: Int) async throws {
    let (images, options) = (Self.images(12), try Self.options())
    let model = try Self.model(concurrency: concurrency)
    let expected = try images.map { try model.predictBlocking($0, options: options).instances }
    #expect(Set(expected).count == images.count)
    try await withThrowingTaskGroup(of: (Int, [Instance]).self) { group in
      for index in 0..<320 {
        group.addTask {
          let position = index * 7 % images.count
          return (
            position, try await model.predict(images[position], options: options).instances
          )
        }
      }
      for try await (position, found) in group { #expect(found == expected[position]) }
    }
    let all = try await model.predict(batch: images, options: options)
    #expect(all.map(\.instances) == expected)
    #expect(all.map(\.source) == images.indices.map { "image \($0)" })
    #expect(try await model.predict(batch: []).isEmpty)
  }

  /// As many begin as may run at once, and no more: each waits for the others.
  @Test func soManyRunAtOnce() async throws {
    let image = Self.images(1)[0]
    let (concurrency, count) = (3, 24)
    let model = try Self.model(concurrency: concurrency)
    let gate = Gate(width: concurrency)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<count {
        group.addTask {
          _ = try await model.predict {
            gate.pass()
            return image
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(gate.most == concurrency)
    #expect(gate.begun == count)
  }

  /// Counts who is inside; the first ones go on when all of them are there.
  private final class Gate: Sendable {
    private let width: Int
    private let state = Mutex((now: 0, most: 0, begun: 0))
    private let isFull = DispatchSemaphore(value: 0)

    init(width: Int) { self.width = width }

    var most: Int { state.withLock { $0.most } }
    var begun: Int { state.withLock { $0.begun } }

    func pass() {
      let begun = state.withLock {
        $0.now += 1
        $0.most = max($0.most, $0.now)
        $0.begun += 1
        return $0.begun
      }
      if begun == width { for _ in 0..<width { isFull.signal() } }
      if begun <= width { isFull.wait() }
      state.withLock { $0.now -= 1 }
    }
  }

  @Test func whoIsCancelledWhileWaitingNeverBegins() async throws {
    let image = Self.images(1)[0]
    let model = try Self.model(concurrency: 1)
    let begun = AsyncStream<Void>.makeStream()
    let mayGoOn = DispatchSemaphore(value: 0)
    let first = Task {
      try await model.predict {
        begun.continuation.yield()
        mayGoOn.wait()
        return image
      }
    }
    for await _ in begun.stream { break }
    let runs = Counter()
    let second = Task {
      try await model.predict {
        runs.add()
        return image
      }
    }
    let third = Task { try await model.predict(image) }
    second.cancel()
    await #expect(throws: CancellationError.self) { try await second.value }
    mayGoOn.signal()
    // What ran and what waited goes on as if nothing had been.
    #expect(try await first.value.imageSize == image.size)
    #expect(try await third.value.imageSize == image.size)
    #expect(runs.count == 0)
  }

  @Test func cancellingAtAnyTimeLosesNoSlot() async throws {
    let (images, options) = (Self.images(4), try Self.options())
    let model = try Self.model(concurrency: 2)
    for round in 0..<40 {
      let tasks = (0..<8).map { index in
        Task { try await model.predict(images[index % 4], options: options) }
      }
      for (index, task) in tasks.enumerated() where (index + round) % 3 == 0 { task.cancel() }
      for task in tasks { _ = await task.result }
    }
    // If a place had been lost these would wait for ever.
    #expect(try await model.predict(batch: images, options: options).count == 4)
  }

  @Test func errorsReachTheCaller() async throws {
    let model = try Self.model(concurrency: 2)
    let image = Self.images(1)[0]
    let wrong = try PredictOptions(classes: [999])
    let error = await #expect(throws: YOLOError.self) {
      try await model.predict(image, options: wrong)
    }
    #expect(error?.code == .option)
    await #expect(throws: ImageIOError.self) {
      try await model.predict { try ImageReader.decode([1, 2, 3], named: "three bytes") }
    }
    for concurrency in [0, 257] {
      let error = #expect(throws: YOLOError.self) { try Self.model(concurrency: concurrency) }
      #expect(error?.message.contains("concurrency") ?? false)
    }
  }

  /// Hands out images and counts them; throws after the last if told to.
  private struct Camera: AsyncSequence, AsyncIteratorProtocol {
    typealias Element = Image
    struct Unplugged: Error {}

    var images: [Image]
    let taken: Counter
    var failsAtEnd = false

    func makeAsyncIterator() -> Camera { self }

    mutating func next() async throws -> Image? {
      guard !images.isEmpty else {
        if failsAtEnd { throw Unplugged() }
        return nil
      }
      taken.add()
      return images.removeFirst()
    }
  }

  private final class Counter: Sendable {
    private let value = Atomic(0)
    var count: Int { value.load(ordering: .relaxed) }
    func add() { value.add(1, ordering: .relaxed) }
  }

  @Test(arguments: [1, 3]) func aStreamKeepsItsOrderAndHoldsFew(concurrency: Int) async throws {
    let (images, options) = (Self.images(20), try Self.options())
    let model = try Self.model(concurrency: concurrency)
    let expected = try images.map { try model.predictBlocking($0, options: options).instances }
    let taken = Counter()
    var given = 0
    for try await prediction in model.predictions(
      of: Camera(images: images, taken: taken), options: options)
    {
      #expect(prediction.instances == expected[given] && prediction.source == "image \(given)")
      #expect(taken.count - given <= concurrency)
      given += 1
    }
    #expect(given == images.count && taken.count == given)
  }

  @Test func aStreamThatFailsGivesWhatCameBefore() async throws {
    let images = Self.images(5)
    let model = try Self.model(concurrency: 3)
    var iterator = model.predictions(
      of: Camera(images: images, taken: Counter(), failsAtEnd: true)
    ).makeAsyncIterator()
    for image in images { #expect(try await iterator.next()?.imageSize == image.size) }
    await #expect(throws: Camera.Unplugged.self) { try await iterator.next() }
    #expect(try await iterator.next() == nil)
  }

  @Test func aStreamCanBeLeft() async throws {
    let model = try Self.model(concurrency: 2)
    let taken = Counter()
    for try await _ in model.predictions(of: Camera(images: Self.images(50), taken: taken)) {
      break
    }
    #expect(taken.count <= 3)
    // Whoever asks for more in a cancelled task gets no more.
    let task = Task {
      var iterator = model.predictions(
        of: Camera(images: Self.images(50), taken: Counter())
      ).makeAsyncIterator()
      withUnsafeCurrentTask { $0?.cancel() }
      return try await iterator.next()
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(try await model.predict(batch: Self.images(3)).count == 3)
  }
}
