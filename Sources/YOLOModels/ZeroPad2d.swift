import YOLOGraph
import YOLOWeights

/// Zeros around its input.
struct ZeroPad2d: UnaryBlock {
  let path: String
  private let amounts: Padding

  init(_ record: ModuleRecord) throws {
    path = record.path
    // Left, right, top, bottom.
    let padding = try record.ints("padding", count: 4)
    guard padding.allSatisfy((0...64).contains) else {
      throw ModelError.unsupported(
        path: path, setting: "padding", found: "\(padding)", supported: "0 to 64")
    }
    amounts = Padding(top: padding[2], bottom: padding[3], left: padding[0], right: padding[1])
  }

  func callAsFunction(_ x: Value) throws -> Value { x.padded(by: amounts, at: path).named(path) }
}
