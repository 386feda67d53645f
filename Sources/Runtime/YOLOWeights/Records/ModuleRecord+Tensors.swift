extension ModuleRecord {
  /// Whether there is a parameter or buffer of this name.
  public func hasTensor(_ name: String) -> Bool { tensors[name] != nil }

  /// Returns a parameter or buffer of the given shape and counts it as used.
  ///
  /// - Throws: `WeightError.missingTensor` or `WeightError.shapeMismatch`, which the checkpoint's
  ///   usage report then shows as well.
  public func tensor(_ name: String, shape: [Int]) throws(WeightError) -> WeightTensor {
    let key = key(of: name)
    guard let tensor = tensors[name] else {
      usage.miss(key)
      throw .missingTensor(file: usage.file, tensor: key, expected: shape)
    }
    guard tensor.shape == shape else {
      usage.mismatch(ShapeMismatch(key: key, expected: shape, found: tensor.shape))
      throw .shapeMismatch(
        file: usage.file, tensor: key, expected: shape, found: tensor.shape)
    }
    usage.use(key)
    return tensor
  }

  /// Returns a parameter or buffer of the given shape and counts it as used, or nil if there is
  /// none, such as the bias of a convolution that batch normalization follows.
  ///
  /// - Throws: `WeightError.shapeMismatch`.
  public func tensorIfPresent(_ name: String, shape: [Int]) throws(WeightError) -> WeightTensor? {
    hasTensor(name) ? try tensor(name, shape: shape) : nil
  }

  /// Counts every tensor of this record and below as used: for branches that only training needs.
  public func markUsed() {
    var keys: [String] = []
    func visit(_ record: ModuleRecord) {
      keys += record.tensorNames.map { record.key(of: $0) }
      for child in record.children { visit(child) }
    }
    visit(self)
    usage.use(keys)
  }
}
