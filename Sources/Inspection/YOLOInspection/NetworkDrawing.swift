import YOLOGraph
import YOLOSystem

/// A network as a drawing: a box a top-level module, arrows for what it reads.
public struct NetworkDrawing: Sendable {
  /// What a module is for.
  package enum Part: Int {
    case backbone
    case neck
    case head
  }

  package let table: ModuleTable
  package let title: String
  /// The top-level modules.
  package let layers: [ModuleTable.Row]
  /// What each is for: the last is the head, the first upsampling begins the neck.
  package let parts: [Part]
  /// The arrows: from a module, or the input as -1, to one after it.
  package let arrows: [(from: Int, to: Int)]

  /// Prepares the drawing; `title` is the name of the model.
  public init(_ table: ModuleTable, title: String) {
    self.table = table
    self.title = title
    let layers = table.layers
    let strides = layers.map(\.receptiveField.stride)
    let neck =
      layers.firstIndex { layer in
        layer.sources.allSatisfy { $0 >= 0 && strides[$0] > layer.receptiveField.stride }
      } ?? layers.count
    self.layers = layers
    parts = layers.indices.map {
      $0 == layers.count - 1 ? .head : $0 >= neck ? .neck : .backbone
    }
    arrows = layers.enumerated().flatMap { index, layer in layer.sources.map { ($0, index) } }
  }

  /// Returns the shape of an output without the batch: 64×80×80.
  package static func shape(_ output: [Int]) -> String {
    output.dropFirst().map { "\($0)" }.joined(separator: "×")
  }

  /// Returns a count in thousands or millions: 49.7 k.
  package static func short(_ count: Int) -> String {
    switch count {
    case ..<1000: "\(count)"
    case ..<1_000_000: (Double(count) / 1e3).fixed(1) + " k"
    default: (Double(count) / 1e6).fixed(2) + " M"
    }
  }
}
