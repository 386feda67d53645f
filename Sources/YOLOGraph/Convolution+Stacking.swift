import YOLOKernels

extension Convolution {
  /// Returns the one convolution whose outputs are those of several ones, one after the other.
  ///
  /// All have the same input channels and window, and one group.
  package static func stacking(_ parts: [Convolution]) -> Convolution {
    guard let first = parts.first else { preconditionFailure("something to stack") }
    precondition(
      parts.allSatisfy {
        $0.window == first.window && $0.groups == 1 && $0.inputChannels == first.inputChannels
      })
    let channels = parts.reduce(0) { $0 + $1.outputChannels }
    return Convolution(
      weight: Parameter(shape: [channels] + first.weight.shape[1...]) { target in
        var start = 0
        for part in parts { target.replace(from: &start, by: part.foldedWeights()) }
      },
      bias: Parameter(shape: [channels]) { target in
        var start = 0
        for part in parts { target.replace(from: &start, by: part.foldedBias()) }
      }, normalization: nil, window: first.window)
  }

  /// Returns the convolution that sees some runs of the input's channels only; it has one group.
  package func restricted(toInputs runs: [Range<Int>]) -> Convolution {
    precondition(groups == 1 && runs.allSatisfy { $0.upperBound <= inputChannels })
    let (inputs, taps) = (inputChannels, window.taps)
    let outputs = outputChannels
    let shape = [outputs, runs.reduce(0) { $0 + $1.count }] + weight.shape[2...]
    return Convolution(
      weight: Parameter(shape: shape) { target in
        let weights = foldedWeights()
        var start = 0
        for output in 0..<outputs {
          for run in runs {
            let first = (output * inputs + run.lowerBound) * taps
            target.replace(from: &start, by: weights[first..<first + run.count * taps])
          }
        }
      },
      bias: Parameter(shape: [outputs]) { target in
        var start = 0
        target.replace(from: &start, by: foldedBias())
      }, normalization: nil, window: window)
  }
}

extension UnsafeMutableBufferPointer<Float> {
  /// Writes values from a position on, and moves the position behind them.
  fileprivate func replace(from start: inout Int, by values: some Collection<Float>) {
    let end = start + values.count
    _ = UnsafeMutableBufferPointer(rebasing: self[start..<end]).update(fromContentsOf: values)
    start = end
  }
}
