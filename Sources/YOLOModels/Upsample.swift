import YOLOGraph
import YOLOWeights

/// Nearest-neighbor enlargement by an integer factor.
struct Upsample: UnaryBlock {
  let path: String
  private let scale: Int

  init(_ record: ModuleRecord) throws {
    path = record.path
    let mode = try record.string("mode")
    guard mode == "nearest" else {
      throw ModelError.unsupported(
        path: path, setting: "mode", found: mode, supported: "nearest")
    }
    let factors = try record.doubles("scale_factor")
    guard let factor = factors.first, factors.allSatisfy({ $0 == factor }),
      let scale = Int(exactly: factor), (1...8).contains(scale)
    else {
      throw ModelError.unsupported(
        path: path, setting: "scale_factor", found: "\(factors)",
        supported: "an integer from 1 to 8")
    }
    self.scale = scale
  }

  func callAsFunction(_ x: Value) throws -> Value {
    x.upsampled(by: scale, at: path).named(path)
  }
}
