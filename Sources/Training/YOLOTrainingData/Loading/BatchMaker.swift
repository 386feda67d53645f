import YOLOGeometry

/// Creates the batches of an epoch, each as a whole on one thread.
struct BatchMaker: Sendable {
  let pipeline: SamplePipeline
  let settings: LoaderSettings
  let epoch: Int
  let order: EpochOrder
  let plan: BatchPlan

  /// Creates a batch.
  ///
  /// - Parameters:
  ///   - batch: Its index in the epoch.
  ///   - scratch: Memory of the worker.
  ///   - pixels: Memory for the pixels.
  ///   - isCancelled: Asked between the samples.
  /// - Returns: The batch; nil if it was cancelled.
  /// - Throws: `image` for one that cannot be decoded.
  func make(
    _ batch: Int, scratch: SampleScratch, pixels: [Float], isCancelled: () -> Bool
  ) throws(TrainingDataError) -> TrainingBatch? {
    let planned = plan.batches[batch]
    let (width, height) = (planned.size.width, planned.size.height)
    let count = planned.positions.count
    var result = TrainingBatch(
      height: height, width: width,
      pixels: Self.adjusted(pixels, count: 3 * width * height * count), targets: [], paths: [])
    let sample = 3 * width * height
    var failure: TrainingDataError?
    result.targets.reserveCapacity(count)
    for (slot, position) in planned.positions.enumerated() {
      guard !isCancelled() else { return nil }
      result.paths.append(pipeline.path(of: order.images[position]))
      var draws = Draws(
        seed: settings.seed, epoch: epoch, stream: position, purpose: .sample)
      result.pixels.withUnsafeMutableBufferPointer { buffer in
        // SAFETY: the pixels of all samples of the batch are there.
        guard let output = buffer.baseAddress.map({ $0 + slot * sample }) else { return }
        do throws(TrainingDataError) {
          result.targets.append(
            try pipeline.make(
              position: position, order: order, target: planned.size, draws: &draws,
              scratch: scratch, into: output))
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
    }
    return result
  }

  /// Returns an array of a number of elements of any value, without allocating where possible.
  static func adjusted(_ array: consuming [Float], count: Int) -> [Float] {
    if array.count > count {
      array.removeLast(array.count - count)
    } else if array.count < count {
      // Growing would copy what nobody needs.
      if array.capacity < count { array = [] }
      array.append(contentsOf: repeatElement(0, count: count - array.count))
    }
    return array
  }
}
