import Testing
import YOLOKernels
import YOLOTestSupport

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Attention on every instruction set against its definition.
@Suite struct AttentionTests {
  struct Trial: Sendable, CustomTestStringConvertible {
    var height = 5
    var width = 6
    var heads = 2
    var keyChannels = 16
    var valueChannels = 32
    var areas = 1
    var border = 0
    /// Whether the values lie in a map of their own, all heads' queries before all keys.
    var separateValues = false
    var scale: Float = 0.25

    var testDescription: String {
      "\(height)×\(width) heads \(heads) keys \(keyChannels) values \(valueChannels)"
        + " areas \(areas) border \(border) separate \(separateValues) scale \(scale)"
    }
  }

  /// Pixels straddle one and two vectors of queries and a group of 128 keys; channels the lanes.
  static let trials: [Trial] = {
    var trials = [Trial]()
    for (height, width) in [
      (1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (1, 7), (1, 8), (1, 9), (3, 5), (4, 4), (1, 17),
      (1, 31), (4, 8), (3, 11), (7, 7), (1, 63), (8, 8), (5, 13), (11, 11), (8, 16), (3, 43),
      (20, 20), (19, 27),
    ] {
      for border in 0...1 { trials.append(Trial(height: height, width: width, border: border)) }
    }
    for channels in [1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 100] {
      trials.append(Trial(keyChannels: channels))
      trials.append(Trial(valueChannels: channels, separateValues: true))
    }
    for areas in [1, 2, 3, 4, 6] {
      trials.append(
        Trial(height: 4, width: 9, areas: areas, border: 1, separateValues: areas > 2))
      trials.append(Trial(height: 8, width: 12, heads: 3, areas: areas))
    }
    for heads in [1, 3, 4] { trials.append(Trial(heads: heads)) }
    // Several runs of keys and groups of queries.
    trials.append(
      Trial(height: 26, width: 41, keyChannels: 5, valueChannels: 9, areas: 2, border: 1))
    // Scores far apart: all but one of the powers vanish.
    trials.append(Trial(scale: 8))
    return trials
  }()

  @Test(arguments: trials)
  func agreesWithTheDefinition(_ trial: Trial) {
    var bench = KernelBench()
    let heads = trial.heads
    let pixels = trial.height * trial.width
    let keys = trial.keyChannels
    let pitch = trial.separateValues ? keys : 2 * keys + trial.valueChannels
    let map = bench.place(
      height: trial.height, width: trial.width,
      channels: heads * (2 * keys + (trial.separateValues ? 0 : trial.valueChannels)),
      border: trial.border, neighbors: 2)
    let values =
      trial.separateValues
      ? bench.place(
        height: trial.height, width: trial.width, channels: heads * trial.valueChannels,
        border: 1, neighbors: 1) : map
    let output = bench.place(
      height: trial.height, width: trial.width, channels: heads * trial.valueChannels, border: 1,
      neighbors: 3, filled: false)
    let query = ChannelRuns(first: 0, pitch: pitch)
    let key = ChannelRuns(
      first: trial.separateValues ? heads * keys : keys, pitch: pitch)
    let value = ChannelRuns(
      first: trial.separateValues ? 0 : 2 * keys,
      pitch: trial.separateValues ? trial.valueChannels : pitch)
    let shape = AttentionShape(
      queriesAndKeys: map, values: values, output: output,
      heads: AttentionHeads(
        heads: heads, keyChannels: keys, valueChannels: trial.valueChannels, areas: trial.areas,
        scale: trial.scale, queries: query, keys: key, values: value))

    func at(_ pixel: Int) -> (Int, Int) { (pixel / trial.width, pixel % trial.width) }
    let area = pixels / trial.areas
    // The weights of each head and pixel over the pixels of its area.
    let weights = (0..<heads).map { head in
      (0..<pixels).map { pixel -> [Double] in
        let scores = (0..<area).map { index -> Double in
          let other = pixel / area * area + index
          var sum = 0.0
          for channel in 0..<keys {
            sum +=
              bench.value(map, at(pixel).0, at(pixel).1, query.first + head * pitch + channel)
              * bench.value(map, at(other).0, at(other).1, key.first + head * pitch + channel)
          }
          return sum * Double(trial.scale)
        }
        let best = scores.max() ?? 0
        let powers = scores.map { exp($0 - best) }
        let total = powers.reduce(0, +)
        return powers.map { $0 / total }
      }
    }
    let expected = bench.arena(with: output) { y, x, channel in
      let head = channel / trial.valueChannels
      let pixel = y * trial.width + x
      var sum = 0.0
      for index in 0..<area {
        let other = at(pixel / area * area + index)
        sum +=
          weights[head][pixel][index]
          * bench.value(
            values, other.0, other.1,
            value.first + head * value.pitch + channel % trial.valueChannels)
      }
      return sum
    }

    var kernels: [any StepKernel] = [OracleAttention(shape)]
    for set in KernelBench.sets {
      for threads in [1, 2, 8] {
        kernels.append(Attention(shape, kernels: set, threads: threads))
      }
    }
    // A score of up to 100 products of numbers below 2 is off by some 1e-7 of their sum of up to
    // 30, and the power by as much of itself, 8 / 0.25 times that with the largest scale.
    bench.expect(kernels, toGive: expected, .ofRange(trial.scale > 1 ? 5e-5 : 3e-6))
  }
}
