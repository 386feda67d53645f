#if Server
import Dispatch
import Synchronization

/// Lets code that cannot wait asynchronously have what does.
enum Blocking {
  private final class Box<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
  }

  /// Runs `body` on another thread and waits for it; it is cancelled as soon as `isCancelled` says
  /// so.
  static func run<Value: Sendable>(
    unless isCancelled: @Sendable () -> Bool = { false },
    _ body: @escaping @Sendable () async -> Value
  ) -> Value {
    let done = DispatchSemaphore(value: 0)
    let box = Box<Value>()
    let task = Task.detached {
      let value = await body()
      box.value.withLock { $0 = value }
      done.signal()
    }
    while true {
      if done.wait(timeout: .now() + .milliseconds(50)) == .success,
        let value = box.value.withLock({ $0 })
      {
        return value
      }
      if isCancelled() { task.cancel() }
    }
  }
}
#endif
