#if Server
import YOLOServerOptions
import Foundation
import HTTPTypes
import Testing
import YOLO
import YOLOServer
import YOLOWeights

/// Discovery, naming and loading.
@Suite struct ModelStoreTests {
  private static func reference(_ name: String) throws -> ModelReference {
    try ModelReference(parsing: name)
  }

  /// The failure that a lease ends in.
  static func failure(
    _ store: ModelStore, _ name: String?
  ) async throws -> APIError {
    do {
      let reference = try name.map { try Self.reference($0) }
      let lease = try await store.lease(reference)
      Issue.record("\(lease.fileName) was leased")
    } catch let error as APIError { return error }
    throw CancellationError()
  }

  @Test func allTasksAreFoundAndLoadedAtTheStart() async throws {
    let tasks = ["classify", "detect", "obb", "pose", "segment"]
    let directory = try ModelTestDirectory(
      Dictionary(uniqueKeysWithValues: tasks.map { ("\($0).pt", $0) }))
    try directory.put(Data("no model".utf8), as: "notes.txt")
    try FileManager.default.createDirectory(
      at: directory.url.appending(path: "inner.pt"), withIntermediateDirectories: false)
    try directory.link("dangling.pt", to: "nothing")
    let store = directory.store()
    #expect(!store.isReady && store.listing.isEmpty)
    let early = try await Self.failure(store, "detect")
    #expect(early.status == .serviceUnavailable)
    try await store.scan()
    #expect(store.isReady && store.loadedCount == 5 && store.counters.loads == 5)
    #expect(store.listing.map(\.name) == tasks)
    #expect(store.listing.map { $0.description?.task } == tasks)
    #expect(store.listing.allSatisfy { $0.state == .loaded && $0.fault == nil && $0.bytes > 0 })
    #expect(store.listing.reduce(0) { $0 + $1.bytes } == store.loadedBytes)
    for task in tasks {
      for name in [task, "\(task).pt"] {
        let lease = try await store.lease(try Self.reference(name))
        #expect(lease.name == task && lease.fileName == "\(task).pt" && lease.task == task)
      }
    }
  }

  @Test func withoutPreloadingTheFirstLeaseLoads() async throws {
    let directory = try ModelTestDirectory(["a.pt": "detect", "b.pt": "pose"])
    let store = try await directory.scanned { $0.preloads = false }
    #expect(store.isReady && store.loadedCount == 0)
    #expect(store.listing.map(\.state) == [.idle, .idle])
    #expect(store.listing[1].description?.task == "pose")
    let leases = try await withThrowingTaskGroup(of: ModelLease.self) { group in
      for _ in 0..<64 { group.addTask { try await store.lease(try Self.reference("b")) } }
      return try await group.reduce(into: [ModelLease]()) { $0.append($1) }
    }
    #expect(leases.count == 64 && Set(leases.map { ObjectIdentifier($0.model) }).count == 1)
    #expect(store.counters.loads == 1 && store.listing.map(\.state) == [.idle, .loaded])
  }

  @Test func aMissingNameMeansTheOnlyModel() async throws {
    let directory = try ModelTestDirectory()
    let store = try await directory.scanned()
    let none = try await Self.failure(store, nil)
    #expect(none.status == .notFound)
    try directory.put("detect", as: "best.pt")
    try directory.link("Id123.pt", to: "best.pt")
    try await store.scan()
    #expect(try await store.lease(nil).task == "detect")
    try directory.put("pose", as: "other.pt")
    try await store.scan()
    let several = try await Self.failure(store, nil)
    #expect(several.code == "VALIDATION_ERROR" && several.message.contains("Id123, best, other"))
  }

  @Test func aMissingNameIsAnsweredWithTwentyNamesAtMost() async throws {
    let directory = try ModelTestDirectory()
    for number in 0..<30 { try directory.put(Data("x".utf8), as: "m\(number + 10).pt") }
    let store = try await directory.scanned()
    let failure = try await Self.failure(store, nil)
    #expect(failure.message.contains("m10, ") && failure.message.contains("m29 and 10 more"))
    #expect(!failure.message.contains("m30"))
  }

  @Test func unknownNamesAreNotFound() async throws {
    let directory = try ModelTestDirectory(["a.pt": "detect"])
    let store = try await directory.scanned()
    for name in ["b", "a.safetensors", "A", "a.p", "shapes-detect.pt"] {
      let failure = try await Self.failure(store, name)
      #expect(failure.status == .notFound && failure.message.contains(name))
    }
  }

  @Test func linksToOneFileUseOneModel() async throws {
    let directory = try ModelTestDirectory(["best.pt": "detect"])
    try directory.link("Id123.pt", to: "best.pt")
    try directory.link("Id456.pt", to: directory.path("Id123.pt"))
    let store = try await directory.scanned()
    #expect(store.loadedCount == 1 && store.listing.count == 3)
    let leases = [
      try await store.lease(try Self.reference("best")),
      try await store.lease(try Self.reference("https://hub.ultralytics.com/models/Id123")),
      try await store.lease(try Self.reference("ul://me/mine/Id456")),
    ]
    #expect(Set(leases.map { ObjectIdentifier($0.model) }).count == 1)
    #expect(leases.map(\.name) == ["best", "Id123", "Id456"])
    #expect(store.loadedBytes == leases[0].model.memory)
  }

  @Test func ofTwoFilesWithOneStemThePickleHasTheShortName() async throws {
    let directory = try ModelTestDirectory(["a.pt": "detect"])
    let pose = try Model(path: ModelTestDirectory.weights.appending(path: "shapes-pose.pt").path)
    try pose.checkpoint.writeSafetensors(to: directory.path("a.safetensors"))
    let store = try await directory.scanned()
    #expect(try await store.lease(try Self.reference("a")).task == "detect")
    #expect(try await store.lease(try Self.reference("a.pt")).task == "detect")
    #expect(try await store.lease(try Self.reference("a.safetensors")).task == "pose")
    #expect(directory.log.lines(with: "a is a.pt").count == 1)
    #expect(store.listing.map(\.name) == ["a", "a.safetensors"])
    try directory.remove("a.pt")
    try await store.scan()
    #expect(try await store.lease(try Self.reference("a")).task == "pose")
  }

  @Test func thereAreNoMoreModelsThanAllowed() async throws {
    let directory = try ModelTestDirectory(["a.pt": "detect", "b.pt": "pose", "c.pt": "obb"])
    let store = try await directory.scanned { $0.limits.models = 2 }
    try await store.scan()
    #expect(store.listing.map(\.name) == ["a", "b"])
    #expect(directory.log.lines(with: "c.pt is not served").count == 1)
  }

  @Test func aDirectoryThatIsNotThereIsSaidAtOnce() async throws {
    let directory = try ModelTestDirectory()
    let store = directory.store { $0.models = directory.path("nowhere") }
    await #expect(throws: (any Error).self) { try await store.run() }
    #expect(!store.isReady)
  }

  @Test func aDirectoryThatGoesAwayTakesNothingAway() async throws {
    let directory = try ModelTestDirectory(["a.pt": "detect"])
    let inner = directory.url.appending(path: "inner")
    try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: false)
    try FileManager.default.moveItem(
      at: directory.url.appending(path: "a.pt"), to: inner.appending(path: "a.pt"))
    let store = try await directory.scanned { $0.models = inner.path }
    try FileManager.default.moveItem(at: inner, to: directory.url.appending(path: "away"))
    await #expect(throws: (any Error).self) { try await store.scan() }
    #expect(store.isReady && store.listing.map(\.state) == [.loaded])
    #expect(try await store.lease(nil).task == "detect")
  }

  @Test func inDedicatedModeOneFileIsServed() async throws {
    let directory = try ModelTestDirectory(["a.pt": "detect", "b.pt": "pose"])
    let store = try await directory.scanned {
      ($0.models, $0.isDedicated, $0.preloads) = (directory.path("b.pt"), true, false)
    }
    #expect(store.listing.map(\.fileName) == ["b.pt"] && store.loadedCount == 1)
    #expect(try await store.lease(nil).task == "pose")
    #expect(try await store.lease(try Self.reference("b")).task == "pose")
    let other = try await Self.failure(store, "a")
    #expect(other.status == .notFound)
    try directory.put("obb", as: "b.pt")
    try await store.scan()
    #expect(try await store.lease(nil).task == "obb")
  }

  @Test func aDedicatedModelMustBeSoundAtTheStart() async throws {
    let directory = try ModelTestDirectory()
    try directory.put(Data("no model".utf8), as: "b.pt")
    for name in ["b.pt", "missing.pt", "."] {
      let store = directory.store { ($0.models, $0.isDedicated) = (directory.path(name), true) }
      await #expect(throws: (any Error).self, "\(name)") { try await store.run() }
      #expect(!store.isReady)
    }
  }
}
#endif
