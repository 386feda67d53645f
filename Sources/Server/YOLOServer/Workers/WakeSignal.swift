#if Server
import Synchronization

/// Wakes the tasks that wait for work.
final class WakeSignal: Sendable {
  private enum Waiter {
    /// It is on its way to wait.
    case arriving
    case waiting(CheckedContinuation<Void, Never>)
    /// It was woken before it waited.
    case woken
  }

  private struct State {
    /// Whether a signal came that nobody waited for.
    var isSent = false
    var waiters: [Int: Waiter] = [:]
    var last = 0
  }

  private let state = Mutex(State())

  /// Wakes all that wait, or keeps the next from waiting.
  func send() {
    let waiters = state.withLock { state in
      state.isSent = state.waiters.isEmpty
      return Array(state.waiters.keys)
    }
    for waiter in waiters { wake(waiter) }
  }

  /// Waits for a signal, or for some time; returns at once if the task is cancelled.
  func wait(for time: Duration) async {
    let waiter: Int? = state.withLock { state in
      guard !state.isSent else {
        state.isSent = false
        return nil
      }
      state.last += 1
      state.waiters[state.last] = .arriving
      return state.last
    }
    guard let waiter else { return }
    let alarm = Task {
      try await Task.sleep(for: time)
      wake(waiter)
    }
    defer { alarm.cancel() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isWoken = state.withLock { state in
          if case .woken = state.waiters[waiter] {
            state.waiters[waiter] = nil
            return true
          }
          state.waiters[waiter] = .waiting(continuation)
          return false
        }
        if isWoken { continuation.resume() }
      }
    } onCancel: {
      wake(waiter)
    }
  }

  private func wake(_ waiter: Int) {
    let continuation: CheckedContinuation<Void, Never>? = state.withLock { state in
      switch state.waiters[waiter] {
      case .waiting(let continuation):
        state.waiters[waiter] = nil
        return continuation
      case .arriving:
        state.waiters[waiter] = .woken
        return nil
      case .woken, nil: return nil
      }
    }
    continuation?.resume()
  }
}
#endif
