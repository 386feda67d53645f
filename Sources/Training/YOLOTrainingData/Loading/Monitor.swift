import YOLOSystem

/// A lock with a condition to wait for.
package final class Monitor: @unchecked Sendable {
  // Sendable by hand because of the pointers, which are set once; the C library's functions may be
  // called from any thread.

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  package init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  package func lock() { pthread_mutex_lock(mutex) }

  package func unlock() { pthread_mutex_unlock(mutex) }

  /// Unlocks, waits for a broadcast, and locks again.
  package func wait() { pthread_cond_wait(condition, mutex) }

  /// Wakes all who wait.
  package func broadcast() { pthread_cond_broadcast(condition) }
}

/// A thread that runs a function once and is waited for at the end.
package final class WorkerThread: @unchecked Sendable {
  // Sendable by hand: the handle is set once, and `join` is called by the owner alone.

  private final class Body: Sendable {
    package let run: @Sendable () -> Void
    package init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private var handle = pthread_t()
  private var isRunning = false

  /// Starts the thread.
  ///
  /// - Returns: nil if the system has no thread to give.
  package init?(_ run: @escaping @Sendable () -> Void) {
    let body = Unmanaged.passRetained(Body(run))
    let result = pthread_create(
      &handle, nil,
      { argument in
        // SAFETY: the argument is the body that was retained for this thread.
        guard let argument else { return nil }
        Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, body.toOpaque())
    guard result == 0 else {
      body.release()
      return nil
    }
    isRunning = true
  }

  /// Waits until the function has returned.
  package func join() {
    guard isRunning else { return }
    isRunning = false
    pthread_join(handle, nil)
  }
}

/// The processors that this process may use.
package let processorCount: Int = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
