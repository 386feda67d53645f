#if Server
import Dispatch
import HTTPTypes
import Testing
import YOLOKernels
import YOLOServer

/// Bounded waiting.
@Suite struct InferenceQueueTests {
  private let soon = ContinuousClock.now + .seconds(3600)

  @Test func whatIsBeyondTheBoundIsRefused() async throws {
    let queue = InferenceQueue(workers: 1, capacity: 1)
    let gate = DispatchSemaphore(value: 0)
    async let first = queue.run(until: soon, seconds: 1, for: DisconnectMonitor()) { _ in
      gate.wait()
    }
    async let second = queue.run(until: soon, seconds: 1, for: DisconnectMonitor()) { _ in
      gate.wait()
    }
    while queue.currentLoad.running + queue.currentLoad.waiting < 2 { await Task.yield() }
    let failure = await #expect(throws: APIError.self) {
      try await queue.run(until: soon, seconds: 1, for: DisconnectMonitor()) { _ in }
    }
    #expect(failure?.status == .serviceUnavailable && failure?.retryAfter != nil)
    gate.signal()
    gate.signal()
    _ = try await (first, second)
    await queue.stop()
    #expect(queue.currentLoad.running == 0 && queue.currentLoad.waiting == 0)
  }

  @Test func whatIsAloneHasAllProcessorsAndWhatIsNotItsPart() async throws {
    let queue = InferenceQueue(workers: 2, capacity: 1)
    let alone = try await queue.run(until: soon, seconds: 1, for: DisconnectMonitor()) {
      $0.threads
    }
    #expect(alone == Processors.usable)
    let gate = DispatchSemaphore(value: 0)
    async let first = queue.run(until: soon, seconds: 1, for: DisconnectMonitor()) { _ in
      gate.wait()
    }
    while queue.currentLoad.running < 1 { await Task.yield() }
    let second = try await queue.run(until: soon, seconds: 1, for: DisconnectMonitor()) {
      $0.threads
    }
    #expect(second == max(1, Processors.usable / 2))
    gate.signal()
    try await first
    await queue.stop()
  }

  @Test func whoWaitsTooLongIsToldSo() async throws {
    let queue = InferenceQueue(workers: 1, capacity: 4)
    let gate = DispatchSemaphore(value: 0)
    let failure = await #expect(throws: APIError.self) {
      try await queue.run(until: .now, seconds: 7, for: DisconnectMonitor()) { _ in gate.wait() }
    }
    #expect(failure?.message.contains("7 seconds") == true)
    gate.signal()
    await queue.stop()
  }

  @Test func workOfAClientThatHasGoneIsLeft() async throws {
    let queue = InferenceQueue(workers: 1, capacity: 4)
    let presence = DisconnectMonitor()
    presence.leave()
    let failure = await #expect(throws: APIError.self) {
      try await queue.run(until: soon, seconds: 1, for: presence) { _ in }
    }
    #expect(failure?.status.code == 499)
    await queue.stop()
    #expect(queue.currentLoad.waiting == 0)
  }
}
#endif
