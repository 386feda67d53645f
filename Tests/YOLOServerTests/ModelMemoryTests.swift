#if Server
import YOLOServerOptions
import YOLOOptions
import Foundation
import HTTPTypes
import Testing
import YOLO
import YOLOImage
import YOLOServer

/// The memory of models, and the budget of all.
@Suite struct ModelMemoryTests {
  private static func lease(_ store: ModelStore, _ name: String) async throws -> ModelLease {
    try await store.lease(try ModelReference(parsing: name))
  }

  private static func predict(_ model: Model, _ side: Int) throws {
    let size = Size(width: side, height: side)
    _ = try model.predictBlocking(
      Image(knownSize: size, gray: 90), options: try PredictOptions(imageSize: size))
  }

  /// What a shipped model takes just after it was loaded, in bytes.
  private static func bytes(of task: String) async throws -> Int {
    try await ModelTestDirectory(["\(task).pt": task]).scanned().loadedBytes
  }

  private static func states(_ store: ModelStore) -> [ModelListing.State] {
    store.listing.map(\.state)
  }

  @Test func memoryGrowsWithUseAndSessionsGiveItBack() throws {
    let path = ModelTestDirectory.weights.appending(path: "shapes-detect.pt").path
    let model = try Model(path: path, options: RuntimeOptions(threads: 1))
    #expect(model.memory == 0)
    try Self.predict(model, 64)
    let small = model.memory
    let bytes = [UInt8](try ModelTestDirectory.bytes("detect"))
    // Every weight is kept in some layout; in the file it takes half of that.
    #expect(small > bytes.count * 3 / 2)
    try Self.predict(model, 64)
    #expect(model.memory == small)
    try Self.predict(model, 640)
    let large = model.memory
    #expect(large > small)
    model.releaseSessions()
    let released = model.memory
    #expect(released < large && released > 0)
    try Self.predict(model, 640)
    #expect(model.memory == large)
    let copied = try Model(bytes: bytes, options: RuntimeOptions(threads: 1))
    #expect(copied.memory == bytes.count)
  }

  @Test func whatIsLoadedAtTheStartStaysUnderTheBudget() async throws {
    let budget = try await Self.bytes(of: "detect") + Self.bytes(of: "classify") + 1000
    let directory = try ModelTestDirectory([
      "a.pt": "detect", "b.pt": "segment", "c.pt": "classify",
    ])
    let store = try await directory.scanned { $0.limits.modelBytes = budget }
    #expect(Self.states(store) == [.loaded, .idle, .loaded] && store.loadedBytes <= budget)
    #expect(store.isReady && store.counters.evictions == 0)
  }

  @Test func theLeastRecentlyUsedModelGoesFirst() async throws {
    let size = try await Self.bytes(of: "detect")
    let directory = try ModelTestDirectory(
      ["a.pt": "detect", "b.pt": "detect", "c.pt": "detect", "d.pt": "detect"])
    let store = try await directory.scanned {
      ($0.limits.modelBytes, $0.preloads) = (2 * size + size / 2, false)
    }
    func use(_ names: String...) async throws {
      for name in names {
        _ = try await Self.lease(store, name)
        // The thread that loaded it may let go of a lease a moment later than the request.
        try await store.scan()
      }
    }
    try await use("a", "b", "a", "c")
    #expect(Self.states(store) == [.loaded, .idle, .loaded, .idle])
    try await use("d")
    #expect(Self.states(store) == [.idle, .idle, .loaded, .loaded])
    try await use("c", "b")
    #expect(Self.states(store) == [.idle, .loaded, .loaded, .idle])
    #expect(store.counters.evictions == 3 && store.counters.loads == 5)
  }

  @Test func modelsInUseStay() async throws {
    let size = try await Self.bytes(of: "detect")
    let directory = try ModelTestDirectory(["a.pt": "detect", "b.pt": "detect"])
    let store = try await directory.scanned { $0.limits.modelBytes = size + size / 2 }
    #expect(Self.states(store) == [.loaded, .idle])
    var held: ModelLease? = try await Self.lease(store, "a")
    for _ in 0..<3 {
      let failure = try await ModelStoreTests.failure(store, "b")
      #expect(failure.status == .serviceUnavailable && failure.retryAfter != nil)
      #expect(failure.message.contains("in use"))
    }
    #expect(try await Self.lease(store, "a").model === held?.model)
    #expect(Self.states(store) == [.loaded, .idle] && store.counters.loads <= 3)
    held = nil
    #expect(try await Self.lease(store, "b").task == "detect")
    #expect(Self.states(store) == [.idle, .loaded])
  }

  @Test func aModelLargerThanTheBudgetIsRefused() async throws {
    let size = try await Self.bytes(of: "detect")
    let directory = try ModelTestDirectory(["a.pt": "detect", "b.pt": "classify"])
    let store = try await directory.scanned { $0.limits.modelBytes = size - 1000 }
    #expect(Self.states(store) == [.idle, .loaded])
    let loads = store.counters.loads
    for _ in 0..<3 {
      let failure = try await ModelStoreTests.failure(store, "a")
      #expect(failure.status == .serviceUnavailable && failure.message.contains("more than"))
    }
    // Its size is known: nothing was loaded, and nothing unloaded, for it.
    #expect(store.counters.loads == loads && Self.states(store) == [.idle, .loaded])
    let dedicated = directory.store {
      ($0.models, $0.isDedicated) = (directory.path("a.pt"), true)
      $0.limits.modelBytes = size - 1000
    }
    await #expect(throws: (any Error).self) { try await dedicated.scan() }
  }

  /// Larger images make a model grow; when their leases end the sum is brought down again.
  @Test func growthIsFoundWhenLeasesEnd() async throws {
    let size = try await Self.bytes(of: "detect")
    let directory = try ModelTestDirectory(["a.pt": "detect", "b.pt": "detect"])
    let store = try await directory.scanned { $0.limits.modelBytes = 2 * size + size / 8 }
    #expect(Self.states(store) == [.loaded, .loaded])
    var held: ModelLease? = try await Self.lease(store, "a")
    try Self.predict(try #require(held).model, 1280)
    held = nil
    // The looks come after what the lease's end asked for.
    try await store.scan()
    #expect(store.loadedBytes <= 2 * size + size / 8)
    #expect(try await Self.lease(store, "a").task == "detect")
    #expect(try await Self.lease(store, "b").task == "detect")
  }

  @Test func manyTasksUseAFewLoadedModels() async throws {
    let size = try await Self.bytes(of: "detect")
    let names = ["a", "b", "c", "d"]
    let directory = try ModelTestDirectory(
      Dictionary(uniqueKeysWithValues: names.map { ("\($0).pt", "detect") }))
    let budget = 2 * size + size / 2
    let store = try await directory.scanned { $0.limits.modelBytes = budget }
    let refused = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<64 {
        group.addTask {
          do {
            let lease = try await Self.lease(store, names[number % 4])
            #expect(lease.name == names[number % 4])
            return 0
          } catch let failure as APIError {
            #expect(failure.status == .serviceUnavailable)
            return 1
          }
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(refused < 64 && store.loadedBytes <= budget)
  }

  @Test func aCancelledRequestDoesNotWait() async throws {
    let directory = try ModelTestDirectory(["a.pt": "detect"])
    let store = try await directory.scanned { $0.preloads = false }
    let task = Task { () -> APIError? in
      withUnsafeCurrentTask { $0?.cancel() }
      do {
        _ = try await store.lease(nil)
        return nil
      } catch { return error as? APIError }
    }
    #expect(await task.value?.status == .serviceUnavailable)
    try await store.scan()
    #expect(store.loadedCount == 0 && store.counters.loads == 0)
    #expect(try await store.lease(nil).task == "detect")
  }
}
#endif
