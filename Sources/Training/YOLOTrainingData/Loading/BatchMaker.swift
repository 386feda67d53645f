import YOLOGeometry

/// Creates the batches of an epoch, each as a whole on one thread.
package struct BatchMaker: Sendable {
  package let pipeline: SamplePipeline
  package let settings: LoaderSettings
  package let epoch: Int
  package let order: EpochOrder
  package let plan: BatchPlan

  /// Creates a batch.
  ///
  /// - Parameters:
  ///   - batch: Its index in the epoch.
  ///   - scratch: Memory of the worker.
  ///   - pixels: Memory for the pixels.
  ///   - isCancelled: Asked between the samples.
  /// - Returns: The batch; nil if it was cancelled.
  /// - Throws: `image` for one that cannot be decoded.
  package func make(
    _ batch: Int, scratch: SampleScratch, pixels: consuming [Float], isCancelled: () -> Bool
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
            try pipeline.isClassification
              ? pipeline.classify(
                image: order.images[position], side: width, draws: &draws, into: output)
              : pipeline.make(
                position: position, order: order, target: planned.size, draws: &draws,
                scratch: scratch, into: output))
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
    }
    resize(&result, batch: batch, scratch: scratch)
    return result
  }

  /// Resizes a batch as `multi_scale` has it; masks stay as they are.
  private func resize(_ result: inout TrainingBatch, batch: Int, scratch: SampleScratch) {
    guard settings.multiScale > 0, !pipeline.isClassification else { return }
    var draws = Draws(seed: settings.seed, epoch: epoch, stream: batch, purpose: .size)
    let size = Size(width: result.width, height: result.height)
    let newSize = BatchResize.size(
      of: size, imageSize: settings.imageSize, fraction: settings.multiScale,
      unit: settings.stride, draws: &draws)
    guard newSize != size else { return }
    let count = result.count
    var resized = Self.adjusted(
      scratch.takeBuffer(), count: 3 * newSize.width * newSize.height * count)
    result.pixels.withUnsafeBufferPointer { source in
      resized.withUnsafeMutableBufferPointer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        BatchResize.resize(source, count: count, from: size, to: newSize, into: target)
      }
    }
    swap(&result.pixels, &resized)
    scratch.keepBuffer(resized)
    (result.width, result.height) = (newSize.width, newSize.height)
  }

  /// Returns an array of a number of elements of any value, without allocating where possible.
  package static func adjusted(_ array: consuming [Float], count: Int) -> [Float] {
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
