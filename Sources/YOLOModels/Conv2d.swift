import YOLOGraph
import YOLOWeights

/// A convolution alone, as at the end of a head's branches.
struct Conv2d: UnaryBlock {
  let path: String
  private let convolution: Convolution

  init(_ record: ModuleRecord) throws {
    path = record.path
    convolution = try record.convolution()
  }

  /// The channels of the output.
  var outputChannels: Int { convolution.outputChannels }

  func callAsFunction(_ x: Value) throws -> Value {
    try x.convolved(by: convolution, at: path).named(path)
  }
}
