import Testing
import YOLOKernels
import YOLOTestSupport

/// Pools, padding and resizing on every instruction set against their definitions.
@Suite struct PoolingTests {
  struct Trial: Sendable, CustomTestStringConvertible {
    var channels = 19
    var height = 9
    var width = 11
    var window = Window(kernel: 2, stride: 2)

    var testDescription: String {
      "\(channels)×\(height)×\(width) k\(window.kernelHeight),\(window.kernelWidth)"
        + " s\(window.strideHeight) p\(window.paddingHeight)"
    }
  }

  static let trials: [Trial] = {
    var trials = [Trial]()
    for channels in [1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 64] {
      trials.append(Trial(channels: channels))
      trials.append(Trial(channels: channels, window: Window(kernel: 5, padding: 2)))
    }
    for (kernel, stride, padding) in [
      (1, 1, 0), (1, 2, 0), (2, 1, 0), (2, 2, 0), (2, 1, 1), (2, 2, 1), (3, 1, 1), (3, 2, 1),
      (3, 3, 0), (4, 2, 2), (5, 1, 2), (5, 2, 2), (7, 1, 3), (9, 1, 4), (9, 1, 0), (13, 1, 6),
    ] {
      for (height, width) in [(9, 9), (9, 10), (20, 20), (14, 33), (10, 23)] {
        let window = Window(kernel: kernel, stride: stride, padding: padding)
        let size = window.outputSize(height: height, width: width)
        guard size.height > 0, size.width > 0 else { continue }
        trials.append(Trial(height: height, width: width, window: window))
      }
    }
    // Windows larger than the input.
    for size in 1...3 {
      trials.append(
        Trial(height: size, width: 4 - size, window: Window(kernel: 5, padding: 2)))
      trials.append(
        Trial(height: size, width: 4 - size, window: Window(kernel: 13, padding: 6)))
    }
    trials.append(
      Trial(window: Window(kernel: (3, 2), stride: (1, 3), padding: (1, 0), dilation: (1, 1))))
    return trials
  }()

  @Test(arguments: trials)
  func maximaAndMeansAgreeWithTheDefinition(_ trial: Trial) {
    var bench = KernelBench()
    let window = trial.window
    let size = window.outputSize(height: trial.height, width: trial.width)
    let input = bench.place(
      height: trial.height, width: trial.width, channels: trial.channels, border: 1, neighbors: 2)
    let output = bench.place(
      height: size.height, width: size.width, channels: trial.channels, border: 1,
      neighbors: 3, filled: false)

    func inside(_ y: Int, _ x: Int, _ channel: Int) -> [Double] {
      (0..<window.kernelHeight).flatMap { ky in
        (0..<window.kernelWidth).compactMap { kx -> Double? in
          let row = y * window.strideHeight - window.paddingHeight + ky
          let column = x * window.strideWidth - window.paddingWidth + kx
          guard 0..<trial.height ~= row, 0..<trial.width ~= column else { return nil }
          return bench.value(input, row, column, channel)
        }
      }
    }
    var maxima: [any StepKernel] = [OraclePool.maximum(from: input, to: output, window: window)]
    for set in KernelBench.sets {
      for threads in 1...2 {
        maxima.append(
          MaximumPool(
            from: input, to: output, window: window, kernels: set, threads: threads))
      }
    }
    bench.expect(
      maxima,
      toGive: bench.arena(with: output) { inside($0, $1, $2).max() ?? -.infinity }, .absolute(0))
    for countsPadding in [true, false] {
      var means: [any StepKernel] = [
        OraclePool.average(
          from: input, to: output, window: window, countsPadding: countsPadding)
      ]
      for set in KernelBench.sets {
        for threads in 1...2 {
          means.append(
            AveragePool(
              from: input, to: output, window: window, countsPadding: countsPadding, kernels: set,
              threads: threads))
        }
      }
      let expected = bench.arena(with: output) {
        let values = inside($0, $1, $2)
        return values.reduce(0, +) / Double(countsPadding ? window.taps : values.count)
      }
      // Up to 169 numbers below 2, summed in float32 in another order.
      bench.expect(means, toGive: expected, .absolute(1e-6))
    }
  }

  @Test(arguments: [1, 3, 8, 15, 16, 17, 33, 64, 200])
  func meansOfWholeActivationsAgree(channels: Int) {
    for (height, width) in [(1, 1), (1, 9), (7, 7), (33, 20)] {
      var bench = KernelBench()
      let input = bench.place(
        height: height, width: width, channels: channels, border: 1, neighbors: 1)
      let output = bench.place(
        height: 1, width: 1, channels: channels, border: 1, neighbors: 2, filled: false)
      let expected = bench.arena(with: output) { _, _, channel in
        var sum = 0.0
        for y in 0..<height { for x in 0..<width { sum += bench.value(input, y, x, channel) } }
        return sum / Double(height * width)
      }
      var means: [any StepKernel] = [OraclePool.average(overAllOf: input, to: output)]
      for set in KernelBench.sets {
        for threads in 1...3 {
          means.append(
            AveragePool(overAllOf: input, to: output, kernels: set, threads: threads))
        }
      }
      // 660 numbers below 2, summed in float32 row by row.
      bench.expect(means, toGive: expected, .absolute(1e-6))
    }
  }

  @Test(arguments: [1, 5, 17])
  func paddingSurroundsByZeros(channels: Int) {
    for (left, right, top, bottom) in [(0, 0, 0, 0), (0, 1, 0, 1), (2, 0, 3, 1), (1, 1, 1, 1)] {
      var bench = KernelBench()
      let input = bench.place(height: 4, width: 5, channels: channels, border: 1, neighbors: 2)
      let output = bench.place(
        height: 4 + top + bottom, width: 5 + left + right, channels: channels, border: 1,
        neighbors: 1, filled: false)
      let expected = bench.arena(with: output) { bench.value(input, $0 - top, $1 - left, $2) }
      bench.expect(
        (1...2).map { ZeroPadding(from: input, to: output, left: left, top: top, threads: $0) },
        toGive: expected, .absolute(0))
    }
  }

  /// The sources that PyTorch 2 takes: `interpolate(arange(input), size=output, mode="nearest")`.
  static let resizes: [(input: Int, output: Int, sources: [Int])] = [
    (3, 3, [0, 1, 2]), (3, 6, [0, 0, 1, 1, 2, 2]), (4, 2, [0, 2]), (5, 3, [0, 1, 3]),
    (3, 5, [0, 0, 1, 1, 2]), (7, 1, [0]), (1, 4, [0, 0, 0, 0]),
    (10, 7, [0, 1, 2, 4, 5, 7, 8]), (4, 9, [0, 0, 0, 1, 1, 2, 2, 3, 3]),
  ]

  @Test func resizingTakesTheSourcesOfPyTorch() {
    for vertical in Self.resizes {
      for horizontal in Self.resizes {
        var bench = KernelBench()
        let input = bench.place(
          height: vertical.input, width: horizontal.input, channels: 5, border: 1, neighbors: 1)
        let output = bench.place(
          height: vertical.output, width: horizontal.output, channels: 5, border: 1,
          neighbors: 2, filled: false)
        let expected = bench.arena(with: output) {
          bench.value(input, vertical.sources[$0], horizontal.sources[$1], $2)
        }
        bench.expect(
          (1...2).map { NearestResize(from: input, to: output, threads: $0) }, toGive: expected,
          .absolute(0))
      }
    }
  }
}
