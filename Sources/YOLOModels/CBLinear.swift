import YOLOGraph
import YOLOWeights

/// A convolution whose output is cut into runs of channels for the `CBFuse` layers that read them
/// (Wang et al., "YOLOv9", 2024).
struct CBLinear: UnaryBlock {
  let path: String
  private let conv: Conv2d
  private let lengths: [Int]

  init(_ record: ModuleRecord) throws {
    path = record.path
    conv = try Conv2d(record.child("conv", of: "Conv2d"))
    lengths = try record.ints("c2s")
  }

  func callAsFunction(_ x: Value) throws -> Value { try conv(x).named(path) }

  func layer(_ inputs: [[Value]]) throws -> [Value] {
    try self(inputs.flatMap { $0 }).split(lengths, at: path)
  }
}
