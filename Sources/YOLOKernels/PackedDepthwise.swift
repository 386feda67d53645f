import YOLOTensor

/// The weights of a depthwise convolution as its kernel reads them: the bias, then tap by tap the
/// weights of all channels side by side, filled up with zeros to whole vectors.
package final class PackedDepthwise: Sendable {
  let channels: Int
  let taps: Int
  let lanes: Int
  /// The values from tap to tap.
  let step: Int
  let storage: AlignedStorage
  /// The memory of the weights in bytes.
  package var byteCount: Int { storage.byteCount }

  /// The bytes that packed weights take.
  package static func byteCount(channels: Int, taps: Int, lanes: Int) -> Int {
    (taps + 1) * ((channels + lanes - 1) / lanes * lanes) * MemoryLayout<Float>.stride
  }

  /// Packs weights [channels, 1, kernel height, kernel width] and a bias for vectors of `lanes`.
  package init(
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, channels: Int, taps: Int, lanes: Int
  ) {
    self.channels = channels
    self.taps = taps
    self.lanes = lanes
    step = (channels + lanes - 1) / lanes * lanes
    storage = AlignedStorage(count: (taps + 1) * step)
    // SAFETY: `channels` values of each of the taps + 1 runs of `step` values are written.
    storage.base.update(from: bias, count: channels)
    for tap in 0..<taps {
      let target = storage.base + (tap + 1) * step
      for channel in 0..<channels { target[channel] = weights[channel * taps + tap] }
    }
  }
}
