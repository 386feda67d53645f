#if Server
import Foundation
import HTTPTypes
import Testing
import YOLOServerOptions
import YOLO
import YOLOImage
import YOLOServer
import YOLOTestSupport
import YOLOWeights

/// Files that appear, change, break and vanish.
@Suite struct ModelReplacementTests {
  private static func lease(_ store: ModelStore, _ name: String) async throws -> ModelLease {
    try await store.lease(try ModelReference(parsing: name))
  }

  @Test func filesAppearAndVanish() async throws {
    let directory = try ModelTestDirectory(["a.pt": "detect"])
    let store = try await directory.scanned()
    try directory.put("pose", as: "b.pt")
    try await store.scan()
    #expect(store.listing.map(\.name) == ["a", "b"] && store.loadedCount == 2)
    try directory.remove("a.pt")
    try await store.scan()
    #expect(store.listing.map(\.name) == ["b"] && store.loadedCount == 1)
    let gone = try await ModelStoreTests.failure(store, "a")
    #expect(gone.status == .notFound)
  }

  @Test func nothingIsReadAgainThatDidNotChange() async throws {
    let directory = try ModelTestDirectory(["a.pt": "detect"])
    try directory.put(Data("no model".utf8), as: "broken.pt")
    let store = try await directory.scanned()
    for _ in 0..<5 { try await store.scan() }
    #expect(store.counters.loads == 1 && store.counters.failures == 1)
    #expect(directory.log.lines(with: "model broken", "broken.pt").count == 1)
  }

  @Test func aLeaseKeepsTheModelThatWasReplaced() async throws {
    let directory = try ModelTestDirectory(["a.pt": "detect"])
    let store = try await directory.scanned()
    let image = Image(knownSize: Size(width: 64, height: 48), gray: 90)
    var old: ModelLease? = try await Self.lease(store, "a")
    try directory.put("pose", as: "a.pt")
    try await store.scan()
    #expect(try await Self.lease(store, "a").task == "pose")
    #expect(old?.task == "detect" && old?.model.task == .detect)
    _ = try old?.model.predictBlocking(image)
    #expect(store.loadedCount == 2 && store.counters.replacements == 1)
    let model = { [weak model = old?.model] in model }
    old = nil
    // What a lease's end gives up goes on the store's thread, where looks are made, too.
    try await store.scan()
    #expect(model() == nil && store.loadedCount == 1)
  }

  /// What was loaded does not depend on its file: it may be truncated in place.
  @Test func aFileTruncatedInPlaceDoesNoHarm() async throws {
    let directory = try ModelTestDirectory(["a.pt": "segment"])
    let store = try await directory.scanned()
    let lease = try await Self.lease(store, "a")
    try directory.overwrite("a.pt", with: Data("x".utf8))
    for side in [64, 320, 96] {
      _ = try lease.model.predictBlocking(
        Image(knownSize: Size(width: side, height: 640), gray: 90))
    }
    for _ in 0..<3 { try await store.scan() }
    #expect(store.listing.map(\.state) == [.loaded] && store.listing[0].fault != nil)
    #expect(try await Self.lease(store, "a").model === lease.model)
    #expect(directory.log.lines(with: "model broken", "a.pt", "the version before").count == 1)
    try directory.put("pose", as: "a.pt")
    try await store.scan()
    #expect(try await Self.lease(store, "a").task == "pose" && store.listing[0].fault == nil)
  }

  /// The target of a link changes as Kubernetes changes mounted configurations: by renaming a link
  /// to another directory.
  @Test func theTargetOfALinkIsWatched() async throws {
    let directory = try ModelTestDirectory()
    for (version, task) in [("v1", "detect"), ("v2", "obb")] {
      let inner = directory.url.appending(path: version)
      try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: false)
      try ModelTestDirectory.bytes(task).write(to: inner.appending(path: "m.pt"))
    }
    try directory.link("..data", to: "v1")
    try directory.link("m.pt", to: "..data/m.pt")
    let store = try await directory.scanned()
    #expect(try await Self.lease(store, "m").task == "detect")
    try directory.link("..next", to: "v2")
    try #require(rename(directory.path("..next"), directory.path("..data")) == 0)
    try await store.scan()
    #expect(try await Self.lease(store, "m").task == "obb")
    #expect(store.listing.map(\.fileName) == ["m.pt"])
  }

  @Test func aHalfCopiedFileIsTakenOnceItIsWhole() async throws {
    let directory = try ModelTestDirectory()
    let store = try await directory.scanned()
    let bytes = try ModelTestDirectory.bytes("detect")
    for part in [1, 1000, bytes.count / 2, bytes.count - 1] {
      try directory.overwrite("a.pt", with: bytes.prefix(part))
      try await store.scan()
      #expect(store.listing.map(\.state) == [.broken])
      let failure = try await ModelStoreTests.failure(store, "a")
      #expect(failure.status == .serviceUnavailable && failure.message.contains("being written"))
    }
    try directory.overwrite("a.pt", with: bytes)
    try await store.scan()
    try await store.scan()
    #expect(store.listing.map(\.state) == [.loaded] && store.counters.failures == 0)
    #expect(directory.log.lines(with: "model broken").isEmpty)
  }

  @Test(arguments: ["pt", "safetensors"])
  func truncatedFilesAreReportedOnceAndNeverServed(_ suffix: String) async throws {
    let directory = try ModelTestDirectory()
    var bytes = try ModelTestDirectory.bytes("detect")
    if suffix == "safetensors" {
      let model = try Model(
        path: ModelTestDirectory.weights.appending(path: "shapes-detect.pt").path)
      try model.checkpoint.writeSafetensors(to: directory.path("whole.part"))
      bytes = try Data(contentsOf: directory.url.appending(path: "whole.part"))
    }
    var random = SplitMix64(seed: 5)
    let positions =
      [0, 1, 4, 8, 100, bytes.count - 1, bytes.count - 22]
      + (0..<20).map { _ in Int.random(in: 1..<bytes.count - 1, using: &random) }
    for (number, position) in positions.enumerated() {
      try directory.put(bytes.prefix(position), as: "m\(number).\(suffix)")
    }
    let store = try await directory.scanned()
    try await store.scan()
    #expect(store.listing.count == positions.count)
    #expect(store.listing.allSatisfy { $0.state == .broken && $0.fault?.isEmpty == false })
    #expect(store.counters.failures == positions.count && store.loadedCount == 0)
    #expect(directory.log.lines(with: "model broken").count == positions.count)
    let failure = try await ModelStoreTests.failure(store, "m3")
    #expect(failure.status == .serviceUnavailable && failure.code == "SERVICE_UNAVAILABLE")
    #expect(
      failure.message.contains("m3.\(suffix)") && !failure.message.contains(directory.url.path))
  }

  /// Weights that changed by a bit on the way are found by their checksum.
  @Test func damagedWeightsAreNotServed() async throws {
    let directory = try ModelTestDirectory()
    var bytes = try ModelTestDirectory.bytes("detect")
    bytes[bytes.count / 2] ^= 4
    try directory.put(bytes, as: "a.pt")
    let store = try await directory.scanned()
    #expect(store.listing.map(\.state) == [.broken])
  }

  @Test func aBrokenIdleModelIsNotServedAndAMendedOneIs() async throws {
    let directory = try ModelTestDirectory(["a.pt": "detect"])
    let store = try await directory.scanned { $0.preloads = false }
    try directory.put(Data("no model".utf8), as: "a.pt")
    // The look has not seen it yet; the lease does.
    let failure = try await ModelStoreTests.failure(store, "a")
    #expect(failure.status == .serviceUnavailable)
    try directory.put("pose", as: "a.pt")
    try await store.scan()
    #expect(try await Self.lease(store, "a").task == "pose")
  }

  @Test func modelsAreLeasedWhileFilesAreReplaced() async throws {
    let directory = try ModelTestDirectory(["a.pt": "detect", "b.pt": "classify"])
    let store = try await directory.scanned()
    let image = Image(knownSize: Size(width: 64, height: 64), gray: 60)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<64 {
        group.addTask {
          for _ in 0..<6 {
            let lease = try await Self.lease(store, number % 4 == 0 ? "b" : "a")
            #expect(lease.task == lease.model.task.rawValue)
            if number % 8 == 1 { _ = try lease.model.predictBlocking(image) }
            await Task.yield()
          }
        }
      }
      group.addTask {
        for round in 0..<12 {
          try directory.put(["pose", "obb", "segment", "detect"][round % 4], as: "a.pt")
          if round % 3 == 0 { try directory.put(Data("no model".utf8), as: "b.pt") }
          try await store.scan()
        }
      }
      try await group.waitForAll()
    }
    try await store.scan()
    #expect(store.counters.replacements == 12 && store.loadedCount == 2)
    #expect(store.listing.map(\.state) == [.loaded, .loaded])
    #expect(try await Self.lease(store, "a").task == "detect")
    #expect(store.loadedBytes == store.listing.reduce(0) { $0 + $1.bytes })
  }
}
#endif
