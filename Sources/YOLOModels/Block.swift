import YOLOGraph
import YOLOWeights

/// A module of a network: made from its record, called on values.
///
/// A block is a `Sendable` struct that reads as its paper does. To add one: a file with the struct,
/// and a row in `BlockTable`. What goes wrong inside is a `WeightError`, `GraphError` or
/// `ModelError`; `Network` is where they become one type.
protocol Block: Sendable {
  /// Reads the module's attributes and takes its tensors.
  init(_ record: ModuleRecord) throws

  /// Appends what the module does to the graph, and names the result by the module's path.
  func callAsFunction(_ inputs: [Value]) throws -> Value
}

/// A block with one input.
protocol UnaryBlock: Block {
  /// The module's path.
  var path: String { get }

  func callAsFunction(_ x: Value) throws -> Value
}

extension UnaryBlock {
  func callAsFunction(_ inputs: [Value]) throws -> Value {
    guard inputs.count == 1 else {
      throw ModelError.inputCount(at: path, expected: 1, found: inputs.count)
    }
    return try self(inputs[0])
  }
}
