public import YOLOWeights

/// What a training sets on the network of its task, beside the classes.
extension TrainingNetwork {
  /// Sets how a classifier's images are prepared, which its file keeps, and the fraction of its
  /// features that the training drops.
  ///
  /// - Parameters:
  ///   - size: The height and width of the input, in pixels.
  ///   - dropout: The probability that a feature is dropped.
  /// - Throws: `WeightError` where the file cannot keep it.
  public mutating func setClassifierInput(size: Int, dropout: Double = 0) throws(WeightError) {
    try edit { document throws(WeightError) in
      let transforms = try Self.transforms(size: size, in: &document)
      document.setAttribute("transforms", of: document.network, to: transforms)
      for module in try document.modules() where module.className == "Dropout" {
        document.setAttribute("p", of: module.value, to: .float(dropout))
      }
    }
  }

  /// Sets what the dataset of a pose estimator says of its keypoints.
  ///
  /// - Parameters:
  ///   - names: The names of the keypoints of each class, if there are any.
  ///   - spreads: The spread of each keypoint that their similarity is measured with, if the
  ///     dataset has its own.
  /// - Throws: `WeightError` where the file cannot keep it.
  public mutating func setKeypoints(
    names: [[String]]?, spreads: [Double]?
  ) throws(WeightError) {
    try edit { document throws(WeightError) in
      let spreads = try document.value(
        spreads.map { .list($0.map(AttributeValue.float)) } ?? .none)
      document.setAttribute("kpt_oks_sigmas", of: document.network, to: spreads)
      guard let names else { return }
      let entries = names.enumerated().map { index, list in
        AttributeEntry(
          key: .int(index), value: .list(list.map(AttributeValue.string)))
      }
      let value = try document.value(.dictionary(entries))
      document.setAttribute("kpt_names", of: document.network, to: value)
    }
  }

  /// The transforms of torchvision that lead to an input of the size: the shorter side, the square
  /// in the middle, numbers from 0 to 1.
  private static func transforms(
    size: Int, in document: inout TorchDocument
  ) throws(WeightError) -> PickleValue {
    let package = "torchvision.transforms.transforms"
    let bilinear = document.string("bilinear")
    let interpolation = try document.instance(
      of: "torchvision.transforms.functional.InterpolationMode", arguments: [bilinear],
      state: .none, isCalled: true)
    let resize = try document.module(
      of: "\(package).Resize",
      attributes: [
        ("size", .int(size)), ("max_size", .none), ("interpolation", interpolation),
        ("antialias", .bool(true)),
      ])
    let square = document.tuple([.int(size), .int(size)])
    let crop = try document.module(of: "\(package).CenterCrop", attributes: [("size", square)])
    let numbers = try document.instance(of: "\(package).ToTensor", state: .none)
    let mean = try document.tensor([0, 0, 0], shape: [3])
    let deviation = try document.tensor([1, 1, 1], shape: [3])
    let normalize = try document.module(
      of: "\(package).Normalize",
      attributes: [("mean", mean), ("std", deviation), ("inplace", .bool(false))])
    let list = document.list([resize, crop, numbers, normalize])
    return try document.instance(
      of: "\(package).Compose", state: try document.dictionary([("transforms", list)]))
  }
}
