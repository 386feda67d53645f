#if Server
import CCurl
import Foundation
import Synchronization

/// The thread that runs transfers, as many at once as the maximum allows, in the order in which they
/// came.
final class TransferLoop: Sendable {
  private let maximum: Int
  private let multi: MultiHandle
  private let state = Mutex(State())

  private struct State {
    /// Those that wait.
    var waiting: [Transfer] = []
    var hasThread = false
    var isStopped = false
    /// Whether the handle may be used.
    var isAlive = true
  }

  /// The handle of libcurl, of which threads other than the loop's only call what wakes it.
  private struct MultiHandle: @unchecked Sendable {
    let pointer: UnsafeMutableRawPointer?
  }

  /// libcurl is made ready once, by whoever comes first.
  private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  init(maximum: Int) {
    self.maximum = maximum
    multi = MultiHandle(pointer: Self.isReady ? curl_multi_init() : nil)
  }

  /// Runs a transfer, and then resumes its caller.
  func begin(
    _ transfer: Transfer, _ caller: CheckedContinuation<Result<Hop.Outcome, OutboundError>, Never>
  ) {
    transfer.await(caller)
    let (isAccepted, startsThread) = state.withLock { state in
      guard !state.isStopped, multi.pointer != nil else { return (false, false) }
      state.waiting.append(transfer)
      defer { state.hasThread = true }
      return (true, !state.hasThread)
    }
    guard isAccepted else { return transfer.end(.failure(.cancelled)) }
    if startsThread {
      Thread {
        // The name of the thread's object does not always reach the system.
        yolo_name_thread("outbound")
        self.run()
      }.start()
    } else {
      wake()
    }
  }

  /// Ends a transfer before its time.
  func cancel(_ transfer: Transfer) {
    transfer.isCancelled.store(true, ordering: .releasing)
    wake()
  }

  /// Ends all transfers and the thread.
  func stop() {
    let hasThread = state.withLock { state in
      state.isStopped = true
      state.isAlive = state.hasThread
      return state.hasThread
    }
    if hasThread { wake() } else if let pointer = multi.pointer { curl_multi_cleanup(pointer) }
  }

  private func wake() {
    state.withLock { state in
      if state.isAlive, let pointer = multi.pointer { _ = curl_multi_wakeup(pointer) }
    }
  }

  private func run() {
    guard let multi = multi.pointer else { return }
    var active: [UnsafeMutableRawPointer: Transfer] = [:]
    func finish(_ handle: UnsafeMutableRawPointer, _ code: CURLcode?) {
      guard let transfer = active.removeValue(forKey: handle) else { return }
      curl_multi_remove_handle(multi, handle)
      transfer.finish(code)
    }
    while true {
      let (arrived, isStopped) = state.withLock { state in
        state.waiting.removeAll { $0.endsIfCancelled() }
        let arrived = state.waiting.prefix(maximum - active.count)
        state.waiting.removeFirst(arrived.count)
        return (Array(arrived), state.isStopped)
      }
      if isStopped {
        for transfer in arrived { transfer.end(.failure(.cancelled)) }
        for handle in active.keys { finish(handle, nil) }
        break
      }
      for transfer in arrived {
        guard let handle = transfer.prepare() else { continue }
        active[handle] = transfer
        if curl_multi_add_handle(multi, handle) != CURLM_OK { finish(handle, CURLE_FAILED_INIT) }
      }
      for (handle, transfer) in active
      where transfer.isCancelled.load(ordering: .acquiring) {
        finish(handle, nil)
      }
      var running: Int32 = 0
      curl_multi_perform(multi, &running)
      var left: Int32 = 0
      var hasFinished = false
      while let message = curl_multi_info_read(multi, &left) {
        guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else {
          continue
        }
        finish(handle, message.pointee.data.result)
        hasFinished = true
      }
      // A place that was given up may be taken at once.
      if !hasFinished { curl_multi_poll(multi, nil, 0, 60_000, nil) }
    }
    let waiting = state.withLock { state in
      state.isAlive = false
      defer { state.waiting = [] }
      return state.waiting
    }
    for transfer in waiting { transfer.end(.failure(.cancelled)) }
    curl_multi_cleanup(multi)
  }
}
#endif
