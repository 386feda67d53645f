#if Server
import Foundation
import Testing
import YOLOServer

/// The calls of an hour.
@Suite struct RateTests {
  private let start = 1_800_000_000

  @Test func theLimitIsExactForTwoServersAtOnce() async throws {
    try await withKeyFile { path in
      let servers = [try KeyStore(path: path), try KeyStore(path: path)]
      let id = try await servers[0].create(name: "a", models: nil).record.id
      let states = try await withThrowingTaskGroup(of: RateState.self) { group in
        for index in 0..<200 {
          group.addTask { try await servers[index % 2].countCall(of: id, limit: 100, now: start) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      let allowed = states.filter(\.isAllowed)
      #expect(states.count == 200 && allowed.count == 100)
      // Each of the hundred calls is told another rest.
      #expect(allowed.map(\.remaining).sorted() == Array(0..<100))
      #expect(states.filter { !$0.isAllowed }.allSatisfy { $0.remaining == 0 })
      #expect(states.allSatisfy { $0.limit == 100 && $0.reset == start + 3600 })
    }
  }

  @Test func theHourBeginsWithTheFirstCall() async throws {
    try await withKeyFile { path in
      let store = try KeyStore(path: path)
      let id = try await store.create(name: "a", models: nil).record.id
      for (now, remaining, reset, isAllowed) in [
        (0, 1, 3600, true), (1800, 0, 3600, true), (3599, 0, 3600, false),
        (3600, 1, 7200, true), (3601, 0, 7200, true), (3602, 0, 7200, false),
        (100_000, 1, 103_600, true),
      ] {
        let state = try await store.countCall(of: id, limit: 2, now: start + now)
        #expect(
          state.remaining == remaining && state.reset == start + reset
            && state.isAllowed == isAllowed, "\(now): \(state)")
      }
      let state = try await store.countCall(of: id, limit: 1, now: start + 100_010)
      #expect(!state.isAllowed && state.retryAfter(now: start + 100_010) == 3590)
      #expect(state.retryAfter(now: .max) == 1)
    }
  }

  @Test func aClockThatGoesBackNeitherForgivesNorLocksOut() async throws {
    try await withKeyFile { path in
      let store = try KeyStore(path: path)
      let id = try await store.create(name: "a", models: nil).record.id
      #expect(try await store.countCall(of: id, limit: 2, now: start).isAllowed)
      // Ten years back: still the second call, and its hour ends within an hour.
      let back = start - 315_360_000
      let second = try await store.countCall(of: id, limit: 2, now: back)
      #expect(second.isAllowed && second.remaining == 0 && second.reset == back + 3600)
      #expect(try await !store.countCall(of: id, limit: 2, now: back + 3599).isAllowed)
      #expect(try await store.countCall(of: id, limit: 2, now: back + 3600).isAllowed)
    }
  }

  @Test func aRestartForgetsNothing() async throws {
    try await withKeyFile { path in
      let id = try await KeyStore(path: path).create(name: "a", models: nil).record.id
      #expect(try await KeyStore(path: path).countCall(of: id, limit: 1, now: start).isAllowed)
      #expect(try await !KeyStore(path: path).countCall(of: id, limit: 1, now: start).isAllowed)
    }
  }

  @Test func eachKeyHasItsOwnHour() async throws {
    try await withKeyFile { path in
      let store = try KeyStore(path: path)
      let first = try await store.create(name: "a", models: nil).record.id
      let second = try await store.create(name: "b", models: nil).record.id
      #expect(try await store.countCall(of: first, limit: 1, now: start).isAllowed)
      #expect(try await !store.countCall(of: first, limit: 1, now: start).isAllowed)
      let state = try await store.countCall(of: second, limit: 1, now: start + 5)
      #expect(state.isAllowed && state.reset == start + 3605)
    }
  }

  @Test func aHigherLimitHoldsAtOnceAfterManyRefusals() async throws {
    try await withKeyFile { path in
      let store = try KeyStore(path: path)
      let id = try await store.create(name: "a", models: nil).record.id
      for _ in 0..<50 { _ = try await store.countCall(of: id, limit: 3, now: start) }
      let state = try await store.countCall(of: id, limit: 10, now: start)
      #expect(state.isAllowed && state.remaining == 5)
      #expect(try await !store.countCall(of: id, limit: 2, now: start).isAllowed)
    }
  }

  @Test func noLimitCountsNothing() async throws {
    try await withKeyFile { path in
      let store = try KeyStore(path: path)
      let id = try await store.create(name: "a", models: nil).record.id
      for _ in 0..<5 { #expect(try await store.countCall(of: id, limit: 0, now: start).isAllowed) }
      #expect(try await store.countCall(of: id, limit: 1, now: start).isAllowed)
    }
  }

  @Test func aKeyThatIsNotThereIsAnError() async throws {
    try await withKeyFile { path in
      let store = try KeyStore(path: path)
      await #expect(throws: KeyStoreError.unknownKey(path: path, id: 5)) {
        try await store.countCall(of: 5, limit: 1, now: start)
      }
    }
  }
}
#endif
