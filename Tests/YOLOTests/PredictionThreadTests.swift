import Dispatch
import Foundation
import Synchronization
import Testing
import YOLO

/// Awaited predictions leave the threads of Swift's concurrency free.
@Suite struct PredictionThreadTests {
  private static func image() throws -> Image {
    try Image(size: Size(width: 60, height: 40), gray: 90)
  }

  private static func model(concurrency: Int) throws -> Model {
    try Model(
      path: GoldenCase.url("checkpoints/tiny-detect.pt").path,
      options: RuntimeOptions(threads: 1, concurrency: concurrency))
  }

  /// An executor of one thread that tells whether a task has left it.
  private final class SingleThread: TaskExecutor {
    private let queue = DispatchQueue(label: "single thread")
    private let wasFree = Atomic(false)

    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }

    /// Waits in line from now on, before whatever resumes the task that calls this.
    func waitInLine() { queue.async { self.wasFree.store(true, ordering: .releasing) } }

    /// Whether the thread was free since then.
    var hasBeenFree: Bool { wasFree.load(ordering: .acquiring) }
  }

  private enum Form: CaseIterable {
    case image, decoding, batch, stream, blocking
  }

  /// While a task waits for a prediction its only thread is free; while one blocks it is not.
  @Test(arguments: Form.allCases) private func theOnlyThreadGoesOn(_ form: Form) async throws {
    let model = try Self.model(concurrency: 2)
    let thread = SingleThread()
    let hasBeenFree = try await withTaskExecutorPreference(thread) {
      let image = try Self.image()
      thread.waitInLine()
      switch form {
      case .image: _ = try await model.predict(image)
      case .decoding: _ = try await model.predict { image }
      case .batch: _ = try await model.predict(batch: [image, image])
      case .stream:
        let images = AsyncStream<Image> { stream in
          stream.yield(image)
          stream.finish()
        }
        for try await _ in model.predictions(of: images) {}
      case .blocking: _ = try model.predictBlocking(image)
      }
      return thread.hasBeenFree
    }
    #expect(hasBeenFree == (form != .blocking))
  }

  /// More predictions are inside at once than the pool has threads, and its tasks still run.
  @Test func morePredictionsThanThePoolHasThreads() async throws {
    let count = ProcessInfo.processInfo.activeProcessorCount + 4
    let (model, image) = (try Self.model(concurrency: count), try Self.image())
    let (begun, mayEnd) = (AsyncStream<Void>.makeStream(), DispatchSemaphore(value: 0))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<count {
        group.addTask {
          _ = try await model.predict {
            begun.continuation.yield()
            // It is signaled once all are inside; the limit ends a test that fails.
            if mayEnd.wait(timeout: .now() + 120) == .timedOut {
              Issue.record("predictions block the pool")
            }
            return image
          }
        }
      }
      var inside = 0
      for await _ in begun.stream {
        inside += 1
        if inside == count { break }
      }
      let ticks = await withTaskGroup(of: Int.self) { group in
        for _ in 0..<1000 {
          group.addTask {
            await Task.yield()
            return 1
          }
        }
        return await group.reduce(0, +)
      }
      #expect(ticks == 1000)
      for _ in 0..<count { mayEnd.signal() }
      try await group.waitForAll()
    }
  }
}
