import YOLOGraph
package import YOLOModels
package import YOLOTestSupport
import YOLOWeights

extension CheckpointSketch {
  /// Mends what an error complains of, if it is that modules do not fit each other, so that damage
  /// elsewhere gets further: into planning, packing and the kernels.
  ///
  /// - Returns: Whether something was changed.
  package mutating func heal(_ error: ModelError, using random: inout SplitMix64) -> Bool {
    switch error {
    case .graph(.channelMismatch(let path, let expected, let found)):
      return fit(path, expected: expected, found: found, using: &random)
    case .weights(.missingTensor(_, let key, let shape)),
      .weights(.shapeMismatch(_, let key, let shape, _)):
      return setTensor(key, shape: shape, using: &random)
    case .inputCount(let path, let expected, _):
      guard let module = root[path], (1...64).contains(expected),
        module[attribute: "f"] != nil, module[attribute: "f"]?.ints?.count != expected
      else { return false }
      module[attribute: "f"] = .list([ValueSketch](repeating: .int(-1), count: expected))
      return true
    default: return false
    }
  }

  private func fit(
    _ path: String, expected: Int, found: Int, using random: inout SplitMix64
  ) -> Bool {
    guard (1...4096).contains(found), let module = root[path] else { return false }
    let convolutions = ["Conv2d", "ConvTranspose2d", "DWConvTranspose2d"]
    if convolutions.contains(module.className), let input = module[attribute: "in_channels"]?.int,
      input != found
    {
      module.setInputChannels(found, using: &random)
      fitNormalization(beside: path, of: module, using: &random)
      return true
    }
    if module.className == "Linear", let input = module[attribute: "in_features"]?.int,
      input != found
    {
      module[attribute: "in_features"] = .int(found)
      module.fitTensors(using: &random)
      return true
    }
    // The last convolution of a branch gives what the head expects.
    guard (1...4096).contains(expected),
      let last = module.all.last(where: { convolutions.contains($0.module.className) })?.module
    else { return false }
    guard last[attribute: "out_channels"]?.int != expected else { return false }
    last[attribute: "out_channels"] = .int(expected)
    last[attribute: "groups"] = .int(1)
    last.fitTensors(using: &random)
    return true
  }

  /// A depthwise convolution changes its output with its input: its normalization follows.
  private func fitNormalization(
    beside path: String, of module: ModuleSketch, using random: inout SplitMix64
  ) {
    guard let dot = path.lastIndex(of: ".") else { return }
    root[String(path[..<dot])]?["bn"]?.fitTensors(
      channels: module[attribute: "out_channels"]?.int, using: &random)
  }

  private func setTensor(_ key: String, shape: [Int], using random: inout SplitMix64) -> Bool {
    guard let dot = key.lastIndex(of: "."), let module = root[String(key[..<dot])] else {
      return false
    }
    let name = String(key[key.index(after: dot)...])
    let mean: Float = name == "running_var" || name == "gamma" ? 1 : 0
    guard let tensor = TensorSketch(shape: shape, around: mean, upTo: 0.3, using: &random) else {
      return false
    }
    module.setTensor(name, tensor)
    return true
  }
}

extension ModuleSketch {
  /// Sets a convolution to other input channels, and weights for them.
  func setInputChannels(_ channels: Int, using random: inout SplitMix64) {
    let input = self[attribute: "in_channels"]?.int
    let groups = self[attribute: "groups"]?.int ?? 1
    self[attribute: "in_channels"] = .int(channels)
    if groups == input, groups > 1 {
      self[attribute: "groups"] = .int(channels)
      self[attribute: "out_channels"] = .int(channels)
    } else if groups > 1, channels % groups != 0 {
      self[attribute: "groups"] = .int(1)
    }
    fitTensors(using: &random)
  }
}
