import YOLOKernels
import YOLOSystem

/// Attention between the pixels of an area: output i = Σⱼ aᵢⱼ · valueⱼ with
/// aᵢ = softmaxⱼ(scale · queryᵢ · keyⱼ).
///
/// With gradient g: by a dᵢⱼ = gᵢ · valueⱼ; by the scores s = aᵢⱼ · (dᵢⱼ − Σₖ aᵢₖ dᵢₖ); by query i
/// scale · Σⱼ sᵢⱼ keyⱼ, by key j scale · Σᵢ sᵢⱼ queryᵢ, by value j Σᵢ aᵢⱼ gᵢ.
struct AttentionRule: OracleRule {
  let heads: AttentionHeads
  let queriesAndKeys: Shape
  let values: Shape
  let output: Shape

  /// An area of an image, as seen by a head: the positions of the first channels of its pixels.
  private struct Area {
    let queries: [Int]
    let keys: [Int]
    let values: [Int]
    let outputs: [Int]
  }

  private var areas: [Area] {
    let count = output.pixels / heads.areas
    return (0..<output.batch * heads.areas).flatMap { area in
      (0..<heads.heads).map { head in
        func firsts(_ shape: Shape, _ runs: ChannelRuns) -> [Int] {
          (area * count..<(area + 1) * count).map {
            $0 * shape.channels + runs.first + head * runs.pitch
          }
        }
        return Area(
          queries: firsts(queriesAndKeys, heads.queries),
          keys: firsts(queriesAndKeys, heads.keys), values: firsts(values, heads.values),
          outputs: firsts(output, ChannelRuns(first: 0, pitch: heads.valueChannels)))
      }
    }
  }

  /// Returns the weights of the pixels of an area for one of its queries.
  private func weights(_ query: Int, _ area: Area, _ map: [Double]) -> [Double] {
    let scores = area.keys.map { key in
      (0..<heads.keyChannels).reduce(0) { $0 + map[query + $1] * map[key + $1] }
        * Double(heads.scale)
    }
    let best = scores.reduce(-.infinity, max)
    let exponentials = scores.map { exp($0 - best) }
    let total = exponentials.reduce(0, +)
    return exponentials.map { $0 / total }
  }

  func output(of inputs: [[Double]]) -> [Double] {
    var output = [Double](repeating: 0, count: self.output.count)
    for area in areas {
      for (query, target) in zip(area.queries, area.outputs) {
        for (weight, value) in zip(weights(query, area, inputs[0]), area.values) {
          for channel in 0..<heads.valueChannels {
            output[target + channel] += weight * inputs[1][value + channel]
          }
        }
      }
    }
    return output
  }

  func gradients(
    of gradient: [Double], inputs: [[Double]], output: [Double]
  ) -> RuleGradients {
    let scale = Double(heads.scale)
    var byMap = [Double](repeating: 0, count: queriesAndKeys.count)
    var byValues = [Double](repeating: 0, count: values.count)
    for area in areas {
      for (query, target) in zip(area.queries, area.outputs) {
        let weights = weights(query, area, inputs[0])
        let byWeights = area.values.map { value in
          (0..<heads.valueChannels).reduce(0) {
            $0 + gradient[target + $1] * inputs[1][value + $1]
          }
        }
        let mean = zip(weights, byWeights).reduce(0) { $0 + $1.0 * $1.1 }
        for (index, weight) in weights.enumerated() {
          let byScore = weight * (byWeights[index] - mean) * scale
          for channel in 0..<heads.keyChannels {
            byMap[query + channel] += byScore * inputs[0][area.keys[index] + channel]
            byMap[area.keys[index] + channel] += byScore * inputs[0][query + channel]
          }
          for channel in 0..<heads.valueChannels {
            byValues[area.values[index] + channel] += weight * gradient[target + channel]
          }
        }
      }
    }
    return RuleGradients(inputs: [byMap, byValues])
  }
}
