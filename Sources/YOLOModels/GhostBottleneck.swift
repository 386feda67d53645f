import YOLOGraph
import YOLOWeights

/// Two ghost convolutions, the shortcut added (Han et al., "GhostNet", 2020).
struct GhostBottleneck: UnaryBlock {
  let path: String
  private let conv: Sequential
  private let shortcut: any Block

  init(_ record: ModuleRecord) throws {
    path = record.path
    conv = try Sequential(record.child("conv", of: "Sequential"))
    shortcut = try BlockTable.block(record.child("shortcut"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try conv(x).adding(shortcut([x]), at: path).named(path)
  }
}
