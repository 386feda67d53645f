import Testing
import YOLOKernels
import YOLOTensor
import YOLOTestSupport

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Products, statistics, standardization, interpolation, positions and selections against their
/// definitions.
@Suite struct LayerKernelTests {
  static let channelCounts = [1, 3, 7, 8, 9, 16, 33, 100]

  @Test(arguments: channelCounts, [(5, 7, true), (1, 1, true), (5, 7, false)])
  func productsAreOfChannelsOrPixels(channels: Int, factors: (Int, Int, Bool)) {
    var bench = KernelBench()
    let input = bench.place(height: 5, width: 7, channels: channels, border: 1, neighbors: 2)
    let factor = bench.place(
      height: factors.0, width: factors.1, channels: factors.2 ? channels : 1, border: 1,
      neighbors: 1)
    let output = bench.place(
      height: 5, width: 7, channels: channels, border: 2, neighbors: 3, filled: false)
    let expected = bench.arena(with: output) { y, x, channel in
      bench.value(input, y, x, channel)
        * bench.value(
          factor, factors.0 == 1 ? 0 : y, factors.1 == 1 ? 0 : x, factors.2 ? channel : 0)
    }
    bench.expect(
      [OracleMap.product(from: input, by: factor, to: output)]
        + (1...3).map { BroadcastProduct(from: input, by: factor, to: output, threads: $0) },
      toGive: expected, .absolute(0))
  }

  @Test(arguments: channelCounts)
  func statisticsAreMeanAndMaximum(channels: Int) {
    var bench = KernelBench()
    let input = bench.place(height: 4, width: 6, channels: channels, border: 1, neighbors: 2)
    let output = bench.place(
      height: 4, width: 6, channels: 2, border: 3, neighbors: 1, filled: false)
    let expected = bench.arena(with: output) { y, x, channel in
      let values = (0..<channels).map { bench.value(input, y, x, $0) }
      return channel == 0 ? values.reduce(0, +) / Double(channels) : values.max() ?? 0
    }
    // At most 100 values of 2, summed in another order.
    bench.expect(
      [OracleMap.channelStatistics(from: input, to: output)]
        + (1...3).map { ChannelStatistics(from: input, to: output, threads: $0) },
      toGive: expected, .absolute(1e-6))
  }

  @Test(arguments: channelCounts, [StandardizationScope.pixel, .groups(1), .groups(0)])
  func standardizedValuesHaveMeanZero(channels: Int, scope: StandardizationScope) {
    var bench = KernelBench()
    // As many groups as channels for 0.
    let scope = scope == .groups(0) ? .groups(channels) : scope
    let form = Standardization(scope, epsilon: 1e-3)
    let input = bench.place(height: 3, width: 5, channels: channels, border: 1, neighbors: 2)
    let output = bench.place(
      height: 3, width: 5, channels: channels, border: 1, neighbors: 1, filled: false)
    func members(_ y: Int, _ x: Int, _ channel: Int) -> [Double] {
      switch scope {
      case .pixel: return (0..<channels).map { bench.value(input, y, x, $0) }
      case .groups(let groups):
        let count = channels / groups
        let first = channel / count * count
        return (0..<3).flatMap { y in
          (0..<5).flatMap { x in
            (first..<first + count).map { bench.value(input, y, x, $0) }
          }
        }
      }
    }
    let expected = bench.arena(with: output) { y, x, channel in
      let values = members(y, x, channel)
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      return (bench.value(input, y, x, channel) - mean) / (variance + 1e-3).squareRoot()
    }
    // One channel by itself gives 0 · 31, the mean rounded.
    bench.expect(
      [OracleMap.standardization(from: input, to: output, form)]
        + (1...3).map { StandardizationStep(from: input, to: output, form, threads: $0) },
      toGive: expected, .absolute(1e-5))
  }

  @Test(arguments: [
    Interpolation(to: .factors(height: 2, width: 2), alignsCorners: false),
    Interpolation(to: .factors(height: 2, width: 2), alignsCorners: true),
    Interpolation(to: .factors(height: 0.5, width: 3), alignsCorners: false),
    Interpolation(to: .size(height: 11, width: 4), alignsCorners: false),
    Interpolation(to: .size(height: 1, width: 1), alignsCorners: true),
  ])
  func interpolationIsBetweenFourPixels(_ form: Interpolation) {
    for channels in [1, 8, 19] {
      var bench = KernelBench()
      let input = bench.place(height: 6, width: 5, channels: channels, border: 1, neighbors: 2)
      let size = form.outputSize(height: 6, width: 5)
      let output = bench.place(
        height: size.height, width: size.width, channels: channels, border: 1, neighbors: 1,
        filled: false)
      func source(_ position: Int, _ count: Int, _ inputs: Int) -> (Int, Int, Double) {
        let x =
          form.alignsCorners
          ? (count > 1 ? Double(position * (inputs - 1)) / Double(count - 1) : 0)
          : max(0, (Double(position) + 0.5) * Double(inputs) / Double(count) - 0.5)
        let first = min(Int(x), inputs - 1)
        return (first, min(first + 1, inputs - 1), x - Double(first))
      }
      let expected = bench.arena(with: output) { y, x, channel in
        let (top, bottom, below) = source(y, size.height, 6)
        let (left, right, beside) = source(x, size.width, 5)
        func row(_ y: Int) -> Double {
          bench.value(input, y, left, channel) * (1 - beside)
            + bench.value(input, y, right, channel) * beside
        }
        return row(top) * (1 - below) + row(bottom) * below
      }
      bench.expect(
        [OracleMap.interpolation(from: input, to: output, form)]
          + (1...3).map { BilinearResize(from: input, to: output, form, threads: $0) },
        toGive: expected, .absolute(2e-6))
    }
  }

  @Test func positionsAreWaves() {
    var bench = KernelBench()
    let input = bench.place(height: 3, width: 5, channels: 12, border: 1)
    let output = bench.place(height: 3, width: 5, channels: 12, border: 1, filled: false)
    let expected = bench.arena(with: output) { y, x, channel in
      let position = Double(channel < 6 ? y : x)
      let angle = position * pow(100, -Double(channel % 3) / 3)
      return bench.value(input, y, x, channel) + (channel % 6 < 3 ? sin(angle) : cos(angle))
    }
    bench.expect(
      (1...3).map {
        PositionEncoding(from: input, to: output, temperature: 100, threads: $0)
      }, toGive: expected, .absolute(1e-6))
  }

  @Test(arguments: [1, 2, 6, 12, 35])
  func theBestPixelsAreSelectedInOrder(count: Int) {
    var bench = KernelBench()
    let sizes = [(4, 6), (2, 5), (1, 1)]
    let scores = sizes.map { bench.place(height: $0.0, width: $0.1, channels: 3, border: 1) }
    let features = sizes.map {
      bench.place(height: $0.0, width: $0.1, channels: 9, border: 1, neighbors: 1)
    }
    let output = bench.place(height: 1, width: count, channels: 9, border: 1, filled: false)
    var pixels = [(score: Double, level: Int, y: Int, x: Int)]()
    for (level, (height, width)) in sizes.enumerated() {
      for y in 0..<height {
        for x in 0..<width {
          let best = (0..<3).map { bench.value(scores[level], y, x, $0) }.max() ?? 0
          pixels.append((best, level, y, x))
        }
      }
    }
    pixels.sort { $0.score > $1.score }
    let expected = bench.arena(with: output) { _, x, channel in
      bench.value(features[pixels[x].level], pixels[x].y, pixels[x].x, channel)
    }
    bench.expect(
      [TopSelection(scores: scores, features: features, to: output)], toGive: expected,
      .absolute(0))
  }

  @Test func anchorsAtTheEdgeDoNotCount() {
    var bench = KernelBench()
    let output = bench.place(height: 3, width: 60, channels: 5, border: 1, filled: false)
    let expected = bench.arena(with: output) { y, x, channel in
      let center = [(Double(x) + 0.5) / 60, (Double(y) + 0.5) / 3, 0.1, 0.1]
      let counts = x > 0 && x < 59
      if channel == 4 { return counts ? 1 : 0 }
      return counts ? log(center[channel] / (1 - center[channel])) : .infinity
    }
    let found = bench.result(of: QueryAnchors(level: 1, to: output))
    for (value, wanted) in zip(found, expected) {
      #expect(value == wanted || abs(value - wanted) < 1e-6)
    }
  }

  @Test func storedAnchorsAreUsed() {
    var bench = KernelBench()
    let output = bench.place(height: 2, width: 3, channels: 5, border: 1, filled: false)
    var stored = bench.values(24)
    stored[9] = .infinity
    let expected = bench.arena(with: output) { y, x, channel in
      let pixel = 3 * y + x
      if channel == 4 { return pixel == 2 ? 0 : 1 }
      return pixel == 2 ? .infinity : Double(stored[4 * pixel + channel])
    }
    #expect(bench.result(of: QueryAnchors(level: 0, stored: stored, to: output)) == expected)
  }

  @Test(arguments: [(1, 1, 1, 3), (2, 2, 2, 8), (4, 3, 4, 9)])
  func deformableAttentionSamplesMaps(_ trial: (Int, Int, Int, Int)) {
    let (headCount, levels, points, length) = trial
    var bench = KernelBench()
    let heads = DeformableHeads(heads: headCount, levels: levels, points: points)
    let offsets = bench.place(height: 3, width: 4, channels: 2 * heads.weightCount, border: 1)
    let weights = bench.place(height: 3, width: 4, channels: heads.weightCount)
    let boxes = bench.place(height: 3, width: 4, channels: 4, neighbors: 1)
    let maps = (0..<levels).map {
      bench.place(height: 5 - $0, width: 6 - $0, channels: headCount * length, border: 1)
    }
    let output = bench.place(
      height: 3, width: 4, channels: headCount * length, border: 1, filled: false)
    let shape = DeformableShape(
      offsets: offsets, weights: weights, boxes: boxes, values: maps, output: output, heads: heads)
    let expected = bench.arena(with: output) { row, column, channel in
      let head = channel / length
      let first = head * levels * points
      let powers = (0..<levels * points).map {
        exp(bench.value(weights, row, column, first + $0))
      }
      var sum = 0.0
      for index in 0..<levels * points {
        let map = maps[index / points]
        func position(_ axis: Int, _ size: Int) -> Double {
          let offset = bench.value(offsets, row, column, 2 * (first + index) + axis)
          let fraction =
            bench.value(boxes, row, column, axis) + offset / Double(points)
            * bench.value(boxes, row, column, 2 + axis) / 2
          return fraction * Double(size) - 0.5
        }
        let (x, y) = (position(0, map.width), position(1, map.height))
        for corner in 0..<4 {
          let (cx, cy) = (floor(x) + Double(corner % 2), floor(y) + Double(corner / 2))
          // `value` is 0 outside of the map.
          sum +=
            powers[index] * (1 - abs(x - cx)) * (1 - abs(y - cy))
            * bench.value(map, Int(cy), Int(cx), channel)
        }
      }
      return sum / powers.reduce(0, +)
    }
    // Positions of up to 9 pixels in float32, weights of four corners and of all points.
    bench.expect(
      [OracleMap.deformableAttention(shape)]
        + (1...3).map { DeformableAttention(shape, threads: $0) },
      toGive: expected, .absolute(2e-5))
  }

  @Test func pixelsOfMapsComeInOneRow() {
    var bench = KernelBench()
    let maps = [(2, 3), (1, 4)].map {
      bench.place(height: $0.0, width: $0.1, channels: 5, border: 1)
    }
    let output = bench.place(height: 1, width: 10, channels: 5, border: 1, filled: false)
    let expected = bench.arena(with: output) { _, x, channel in
      x < 6
        ? bench.value(maps[0], x / 3, x % 3, channel) : bench.value(maps[1], 0, x - 6, channel)
    }
    bench.expect([PixelSequence(from: maps, to: output)], toGive: expected, .absolute(0))
  }
}
