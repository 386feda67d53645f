import YOLOWeights

extension ModuleRecord {
  /// The maximum number of channels of a network's input.
  static let inputChannelLimit = 512

  /// Returns the channels that a model's first convolution reads, which are those of the images; 3
  /// where none is found.
  ///
  /// The `channels` of its yaml decide nothing.
  ///
  /// - Throws: `ModelError.unsupported` for more than any image has.
  func inputChannels() throws -> Int {
    for layer in children {
      guard let convolution = layer.firstConvolution else { continue }
      guard let channels = convolution.attributes["in_channels"]?.int else { return 3 }
      // Focus moves each 2 × 2 pixels into the channels of one.
      let isFocus = layer.className == "Focus" && channels % 4 == 0
      let found = isFocus ? channels / 4 : channels
      guard (1...Self.inputChannelLimit).contains(found) else {
        throw ModelError.unsupported(
          path: convolution.path, setting: "in_channels", found: "\(channels)",
          supported: "images of 1 to \(Self.inputChannelLimit) channels")
      }
      return found
    }
    return 3
  }

  /// The first convolution of a module in the order of the file, itself included.
  private var firstConvolution: ModuleRecord? {
    if className == "Conv2d" { return self }
    for child in children {
      if let found = child.firstConvolution { return found }
    }
    return nil
  }
}
