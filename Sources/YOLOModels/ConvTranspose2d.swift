import YOLOGraph
import YOLOWeights

/// A transposed convolution alone.
struct ConvTranspose2d: UnaryBlock {
  let path: String
  private let convolution: TransposedConvolution

  init(_ record: ModuleRecord) throws {
    path = record.path
    convolution = try record.transposedConvolution()
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try x.convolved(by: convolution, at: path).named(path)
  }
}
