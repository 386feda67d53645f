public import YOLOWeights

extension ModuleRecord {
  /// The numbers in the weights and biases of this module and those below it; statistics of
  /// normalization do not count.
  public var parameterCount: Int {
    let own = tensors.filter { $0.key == "weight" || $0.key == "bias" }
    return own.values.reduce(0) { $0 + $1.count } + children.reduce(0) { $0 + $1.parameterCount }
  }
}
