import Dispatch
import Glibc
import Synchronization
import YOLOKernels

/// Measures what the parallel runner costs: steps of items that only wait for a time to pass.
enum RunnerTiming {
  /// A step whose items take a time each.
  private struct Waiting: StepKernel {
    let name = "waiting"
    let items: Int
    let nanoseconds: UInt64
    let scratchBytes = 0

    func run(
      item: Int, arena: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer
    ) {
      let end = now() + nanoseconds
      while now() < end {}
    }
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  private static func text(_ values: [Double]) -> String {
    let sorted = values.sorted()
    func fixed(_ value: Double) -> Double { (value * 100).rounded() / 100 }
    return "min=\(fixed(sorted[0])) tenth=\(fixed(sorted[sorted.count / 10]))"
      + " median=\(fixed(sorted[sorted.count / 2]))"
  }

  static func run() {
    let scratch = UnsafeMutablePointer<Float>.allocate(capacity: 1)
    defer { scratch.deallocate() }
    for threads in [1, 2] {
      for items in [2, 4, 8] {
        for microseconds in [5, 20, 100] {
          let list = StepList(
            (0..<60).map { _ in Waiting(items: items, nanoseconds: UInt64(microseconds) * 1000) })
          let runner = ParallelRunner()
          let times = (0..<60).map { _ in
            usleep(500)
            let start = now()
            runner.run(
              list, threads: threads, arena: scratch, scratch: scratch, scratchStrideBytes: 0)
            return Double(now() - start) * 1e-6
          }
          let ideal = Double(60 * ((items + threads - 1) / threads) * microseconds) * 1e-3
          print(
            "runner threads=\(threads) steps=60 items=\(items) us=\(microseconds) ideal_ms=\(ideal)",
            text(times))
        }
      }
    }
    for pause in [0, 1_000, 30_000] as [UInt32] {
      forkLatency(pause)
      parkedLatency(pause)
    }
  }

  /// How long after a fork its second participant begins, and how long an empty fork takes.
  private static func forkLatency(_ pause: UInt32) {
    let started = Atomic<UInt64>(0)
    var latencies = [Double]()
    var empty = [Double]()
    for _ in 0..<60 {
      usleep(pause)
      started.store(0, ordering: .relaxed)
      let begin = now()
      DispatchQueue.concurrentPerform(iterations: 2) { participant in
        if participant == 1 {
          started.store(now(), ordering: .releasing)
        } else {
          let end = now() + 2_000_000
          while started.load(ordering: .acquiring) == 0, now() < end {}
        }
      }
      latencies.append(Double(started.load(ordering: .acquiring) - begin) * 1e-3)
      usleep(pause)
      let start = now()
      DispatchQueue.concurrentPerform(iterations: 2) { _ in }
      empty.append(Double(now() - start) * 1e-3)
    }
    print("fork after_us=\(pause) second_begins_us", text(latencies))
    print("fork after_us=\(pause) empty_us", text(empty))
  }

  /// How long after a semaphore's signal a thread that waits for it goes on.
  private static func parkedLatency(_ pause: UInt32) {
    final class Parked: Sendable {
      let signal = DispatchSemaphore(value: 0)
      let woken = Atomic<UInt64>(0)
      let isEnding = Atomic<Bool>(false)
    }
    let parked = Parked()
    DispatchQueue(label: "parked").async {
      while true {
        parked.signal.wait()
        if parked.isEnding.load(ordering: .acquiring) { return }
        parked.woken.store(now(), ordering: .releasing)
      }
    }
    var latencies = [Double]()
    for _ in 0..<60 {
      usleep(pause)
      parked.woken.store(0, ordering: .relaxed)
      let begin = now()
      parked.signal.signal()
      while parked.woken.load(ordering: .acquiring) == 0 {}
      latencies.append(Double(parked.woken.load(ordering: .acquiring) - begin) * 1e-3)
    }
    parked.isEnding.store(true, ordering: .releasing)
    parked.signal.signal()
    print("parked after_us=\(pause) begins_us", text(latencies))
  }
}
