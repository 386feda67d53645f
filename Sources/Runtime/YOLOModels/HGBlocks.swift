import YOLOGraph
import YOLOKernels
import YOLOWeights

/// The first layers of PaddlePaddle's HGNetV2: convolutions beside a pooling, joined.
struct HGStem: UnaryBlock {
  let path: String
  private let stem1: Conv
  private let stem2a: Conv
  private let stem2b: Conv
  private let stem3: Conv
  private let stem4: Conv
  private let pool: MaxPool2d
  /// What keeps the size under windows of 2; it is not in the records.
  private static let padding = Padding(top: 0, bottom: 1, left: 0, right: 1)

  init(_ record: ModuleRecord) throws {
    path = record.path
    stem1 = try record.conv("stem1")
    stem2a = try record.conv("stem2a")
    stem2b = try record.conv("stem2b")
    stem3 = try record.conv("stem3")
    stem4 = try record.conv("stem4")
    pool = try MaxPool2d(record.child("pool", of: "MaxPool2d"))
  }

  func callAsFunction(_ x: Value) throws -> Value {
    let y = try stem1(x).padded(by: Self.padding, at: path)
    let narrow = try stem2b(stem2a(y).padded(by: Self.padding, at: path))
    return try stem4(stem3(concat([pool(y), narrow], at: path))).named(path)
  }
}

/// A block of PaddlePaddle's HGNetV2: convolutions in a chain, all outputs joined and squeezed; the
/// input added where the record says so.
struct HGBlock: UnaryBlock {
  let path: String
  private let m: [any Block]
  private let sc: Conv
  private let ec: Conv
  private let add: Bool

  init(_ record: ModuleRecord) throws {
    path = record.path
    m = try record.child("m", of: "ModuleList").children.map { try BlockTable.block($0) }
    sc = try record.conv("sc")
    ec = try record.conv("ec")
    add = try record.bool("add")
  }

  func callAsFunction(_ x: Value) throws -> Value {
    var levels = [x]
    for block in m { levels.append(try block([levels[levels.count - 1]])) }
    let y = try ec(sc(concat(levels, at: path)))
    return try (add ? y.adding(x, at: path) : y).named(path)
  }
}
