/// What the oracle of training cannot evaluate.
package enum TrainingOracleError: Error, Equatable, CustomStringConvertible {
  /// Sizes that the network cannot take.
  case graph(GraphError)
  /// An operation that has no gradient.
  case notTrainable(at: String, operation: String)
  /// A convolution that a pass of inference fused something into.
  case fused(at: String)
  /// A parameter that a pass of inference computed of others.
  case derivedParameter(at: String, ParameterID)
  /// A parameter of another number of values.
  case parameterCount(key: String, expected: Int, found: Int)
  /// A parameter that is used twice, in different shapes or with different values.
  case ambiguousParameter(key: String)
  /// An input of another number of values.
  case inputCount(expected: Int, found: Int)
  /// A gradient of an output of another number of values, or of a node that there is not.
  case gradientCount(node: Int, expected: Int, found: Int)
  /// Batch statistics of one value, which has no variance.
  case singleValue(at: String)

  /// One sentence for a person.
  package var description: String {
    switch self {
    case .graph(let error): error.description
    case .notTrainable(let path, let operation):
      "\(path): \(operation) cannot be trained"
    case .fused(let path):
      "\(path): a convolution with a fused epilogue cannot be trained; expected the graph as traced"
    case .derivedParameter(let path, let id):
      "\(path): the parameter \(id) was computed of others and cannot be trained; "
        + "expected the graph as traced"
    case .parameterCount(let key, let expected, let found):
      "\(key): expected \(expected) values, found \(found)"
    case .ambiguousParameter(let key):
      "\(key): found twice, with different shapes or values"
    case .inputCount(let expected, let found):
      "the input: expected \(expected) values, found \(found)"
    case .gradientCount(let node, let expected, let found):
      "the gradient of node \(node): expected \(expected) values, found \(found)"
    case .singleValue(let path):
      "\(path): batch statistics need more than one value a channel; "
        + "choose a larger batch or imgsz"
    }
  }
}
