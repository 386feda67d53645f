/// The batches of an epoch on their way from the workers to the training.
package final class BatchQueue: @unchecked Sendable {
  // Sendable by hand: everything that changes is changed under the monitor, `threads` in `init` and
  // `stop` alone.

  package let source: BatchSource
  private let monitor = Monitor()
  private var threads: [WorkerThread] = []
  /// How many batches may be made and not yet asked for.
  private let depth: Int

  private var maker: BatchMaker?
  /// Counts the epochs that were begun, so that batches of an earlier one are known.
  private var generation = 0
  private var nextToMake = 0
  private var nextToReturn = 0
  private var made: [Int: Result<TrainingBatch, TrainingDataError>] = [:]
  private var buffers: [[Float]] = []
  private var isStopped = false
  /// The memory of the thread that asks for batches, where there are no workers.
  private let ownScratch = SampleScratch()

  package init(source: BatchSource, workers: Int) {
    self.source = source
    depth = workers + 1
    for _ in 0..<workers {
      // Without threads, batches are made when they are asked for.
      guard let thread = WorkerThread({ self.work() }) else { break }
      threads.append(thread)
    }
  }

  package func begin(epoch: Int, at batch: Int) {
    let maker = source.epoch(epoch)
    monitor.lock()
    defer { monitor.unlock() }
    generation += 1
    for case .success(let batch) in made.values { keep(batch.pixels) }
    made = [:]
    self.maker = maker
    nextToMake = max(batch, 0)
    nextToReturn = max(batch, 0)
    monitor.broadcast()
  }

  package func next() throws(TrainingDataError) -> TrainingBatch? {
    monitor.lock()
    guard let maker, !isStopped, nextToReturn < maker.plan.batches.count else {
      monitor.unlock()
      return nil
    }
    let batch = nextToReturn
    let result: Result<TrainingBatch, TrainingDataError>
    if threads.isEmpty {
      let buffer = buffers.popLast() ?? []
      monitor.unlock()
      result =
        Self.make(batch, maker, ownScratch, buffer) { false }
        ?? .success(TrainingBatch(height: 0, width: 0, pixels: [], targets: [], paths: []))
      monitor.lock()
    } else {
      while made[batch] == nil, !isStopped { monitor.wait() }
      guard let found = made.removeValue(forKey: batch) else {
        monitor.unlock()
        return nil
      }
      result = found
    }
    nextToReturn += 1
    if case .failure = result {
      self.maker = nil
      generation += 1
      made = [:]
    }
    monitor.broadcast()
    monitor.unlock()
    return try result.get()
  }

  package func recycle(_ pixels: consuming [Float]) {
    monitor.lock()
    keep(pixels)
    monitor.unlock()
  }

  package func stop() {
    monitor.lock()
    isStopped = true
    generation += 1
    monitor.broadcast()
    monitor.unlock()
    for thread in threads { thread.join() }
    monitor.lock()
    made = [:]
    buffers = []
    maker = nil
    monitor.unlock()
  }

  private func keep(_ pixels: consuming [Float]) {
    if buffers.count <= depth, !isStopped { buffers.append(pixels) }
  }

  private static func make(
    _ batch: Int, _ maker: BatchMaker, _ scratch: SampleScratch, _ buffer: consuming [Float],
    isCancelled: () -> Bool
  ) -> Result<TrainingBatch, TrainingDataError>? {
    do throws(TrainingDataError) {
      return try maker.make(batch, scratch: scratch, pixels: buffer, isCancelled: isCancelled)
        .map { .success($0) }
    } catch {
      return .failure(error)
    }
  }

  // MARK: - Workers

  private func isCurrent(_ generation: Int) -> Bool {
    monitor.lock()
    defer { monitor.unlock() }
    return self.generation == generation
  }

  private func work() {
    let scratch = SampleScratch()
    monitor.lock()
    while !isStopped {
      guard let maker, nextToMake < maker.plan.batches.count, nextToMake - nextToReturn < depth
      else {
        monitor.wait()
        continue
      }
      let (batch, generation) = (nextToMake, self.generation)
      nextToMake += 1
      let buffer = buffers.popLast() ?? []
      monitor.unlock()
      let result = Self.make(batch, maker, scratch, buffer) { !isCurrent(generation) }
      monitor.lock()
      if let result, self.generation == generation {
        made[batch] = result
        monitor.broadcast()
      } else if case .success(let batch) = result {
        keep(batch.pixels)
      }
    }
    monitor.unlock()
  }
}
