import YOLOGraph
import YOLOWeights

/// A module of a network: made from its record, called on values.
///
/// A block is a `Sendable` struct that reads as its paper does. To add one: a file with the struct,
/// and a row in `BlockTable`. What goes wrong inside is a `WeightError`, `GraphError` or
/// `ModelError`; `Network` is where they become one type.
protocol Block: Sendable {
  /// The module's path.
  var path: String { get }

  /// Reads the module's attributes and takes its tensors.
  init(_ record: ModuleRecord) throws

  /// Appends what the module does to the graph, and names the result by the module's path.
  func callAsFunction(_ inputs: [Value]) throws -> Value

  /// Appends what the module does as a layer, whose inputs and output may be lists of values.
  ///
  /// Only the layers that give or take a list implement this.
  func layer(_ inputs: [[Value]]) throws -> [Value]
}

extension Block {
  func layer(_ inputs: [[Value]]) throws -> [Value] {
    let single = try inputs.map { values in
      guard values.count == 1 else {
        throw ModelError.inputCount(at: path, expected: 1, found: values.count)
      }
      return values[0]
    }
    return [try self(single)]
  }
}

/// A block with one input.
protocol UnaryBlock: Block {
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
