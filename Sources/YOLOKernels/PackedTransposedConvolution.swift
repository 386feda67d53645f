/// The weights of a transposed convolution, packed phase by phase as those of a convolution.
package final class PackedTransposedConvolution: Sendable {
  let phases: [(phase: TransposedPhase, weights: PackedConvolution)]
  /// The memory of the weights in bytes.
  package var byteCount: Int { phases.reduce(0) { $0 + $1.weights.byteCount } }

  /// The bytes that packed weights take.
  package static func byteCount(
    outputChannels: Int, inputChannels: Int, window: Window, lanes: Int, groups: Int = 1
  ) -> Int {
    TransposedPhase.all(of: window).reduce(0) { bytes, phase in
      bytes
        + PackedConvolution.byteCount(
          outputChannels: outputChannels, inputChannels: inputChannels,
          taps: phase.rows.count * phase.columns.count, lanes: lanes, groups: groups)
    }
  }

  /// Packs weights [input, output / groups, kernel height, kernel width] and a bias for vectors of
  /// `lanes`; the channels are those of all groups.
  package init(
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>, outputChannels: Int,
    inputChannels: Int, window: Window, lanes: Int, groups: Int = 1
  ) {
    phases = TransposedPhase.all(of: window).map { phase in
      let values = phase.weights(
        weights, outputChannels: outputChannels, inputChannels: inputChannels, window: window,
        groups: groups)
      return (
        phase,
        PackedConvolution(
          weights: values, bias: bias, outputChannels: outputChannels,
          inputChannels: inputChannels, taps: phase.rows.count * phase.columns.count,
          lanes: lanes, groups: groups)
      )
    }
  }
}
