/// The forward pass of training and its gradients in double precision, by plain loops: what the
/// kernels of training are compared with.
///
/// The graph is evaluated as it was traced, nothing fused. Activations are
/// [batch, height, width, channels]; parameters are in PyTorch's order. All activations of a pass
/// are kept: this is for tests, on small inputs.
package struct TrainingOracle: Sendable {
  /// The network.
  package let graph: Graph
  /// The values of the parameters by key, those of running statistics included.
  package private(set) var parameters: [String: [Double]] = [:]
  /// The fraction of a batch's statistics that goes into the running ones.
  package let momentum: Double

  /// The shape of each parameter by key.
  private var shapes: [String: [Int]] = [:]
  /// The nodes of normalizations by batch statistics.
  private let batchNormalizations: Set<Int>

  /// Creates an oracle with the parameters that the graph reads.
  ///
  /// - Parameters:
  ///   - graph: The network as it was traced.
  ///   - momentum: The fraction of a batch's statistics that goes into the running ones.
  ///   - usesBatchStatistics: Whether the normalization of a path, `model.0.bn`, is by the batch's
  ///     statistics; by the running ones otherwise, as in frozen layers.
  /// - Throws: `TrainingOracleError` for what has no gradient.
  package init(
    _ graph: Graph, momentum: Double = 0.03,
    usesBatchStatistics: (_ path: String) -> Bool = { _ in true }
  ) throws(TrainingOracleError) {
    self.graph = graph
    self.momentum = momentum
    var normalizations = Set<Int>()
    for (index, node) in graph.nodes.enumerated() {
      if let operation = node.operation.untrainable {
        throw .notTrainable(at: node.path, operation: operation)
      }
      guard node.epilogue == .none else { throw .fused(at: node.path) }
      if case .batchNormalization = node.operation, usesBatchStatistics(node.path) {
        normalizations.insert(index)
      }
    }
    batchNormalizations = normalizations
    for node in graph.nodes {
      for parameter in node.operation.oracleParameters {
        let key = try parameter.storedKey(at: node.path)
        let values = parameter.values().map(Double.init)
        if let known = parameters[key] {
          // Values that are not numbers are different from themselves, so bits are compared.
          guard shapes[key] == parameter.shape,
            known.map(\.bitPattern) == values.map(\.bitPattern)
          else { throw .ambiguousParameter(key: key) }
        }
        parameters[key] = values
        shapes[key] = parameter.shape
      }
    }
  }

  /// Sets the values of a parameter.
  ///
  /// - Throws: `TrainingOracleError.parameterCount` if the network has no such parameter, or one of
  ///   another number of values.
  package mutating func setParameter(
    _ key: String, to values: [Double]
  ) throws(TrainingOracleError) {
    let expected = parameters[key]?.count ?? 0
    guard expected > 0, values.count == expected else {
      throw .parameterCount(key: key, expected: expected, found: values.count)
    }
    parameters[key] = values
  }

  /// Evaluates the network.
  ///
  /// - Parameters:
  ///   - input: [batch, height, width, channels].
  ///   - batch: The number of images.
  ///   - height: The rows of an image.
  ///   - width: The columns of an image.
  /// - Returns: The activations, and what is needed for the gradients.
  /// - Throws: `TrainingOracleError`.
  package func forward(
    _ input: [Double], batch: Int, height: Int, width: Int
  ) throws(TrainingOracleError) -> Pass {
    let shapes: [Shape]
    do { shapes = try graph.shapes(batch: batch, height: height, width: width) } catch {
      throw .graph(error)
    }
    var pass = Pass(oracle: self)
    for (index, node) in graph.nodes.enumerated() {
      let shape = shapes[index]
      let rule = try node.operation.rule(
        RuleContext(
          path: node.path, inputs: node.inputs.map { shapes[$0] }, output: shape,
          usesBatchStatistics: batchNormalizations.contains(index), oracle: self))
      let inputs = node.inputs.map { pass.activations[$0] }
      let values: [Double]
      if let rule {
        values = rule.output(of: inputs)
      } else {
        guard input.count == shape.count else {
          throw .inputCount(expected: shape.count, found: input.count)
        }
        values = input
      }
      pass.activations.append(values)
      pass.shapes.append(shape)
      pass.rules.append(rule)
      if let rule = rule as? BatchNormalizationRule, rule.usesBatchStatistics {
        try pass.update(rule, node: index, input: inputs[0])
      }
    }
    return pass
  }

  /// Returns the values of a parameter of the node at a path.
  func values(
    of parameter: Parameter, at path: String
  ) throws(TrainingOracleError) -> OracleParameter {
    let key = try parameter.storedKey(at: path)
    let values = parameters[key] ?? []
    guard values.count == parameter.count else {
      throw .parameterCount(key: key, expected: parameter.count, found: values.count)
    }
    return OracleParameter(key: key, values: values)
  }
}

/// A parameter as the rules use it.
struct OracleParameter: Sendable {
  let key: String
  let values: [Double]
}

extension Shape {
  /// The number of values.
  var count: Int { batch * height * width * channels }
  /// The pixels of an image.
  var pixels: Int { height * width }
}

extension Parameter {
  /// Returns the checkpoint's key.
  fileprivate func storedKey(at path: String) throws(TrainingOracleError) -> String {
    guard case .stored(let key) = id else { throw .derivedParameter(at: path, id) }
    return key
  }
}
