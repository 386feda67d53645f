import YOLOGraph
import YOLOWeights

/// Blocks one after the other.
struct Sequential: UnaryBlock {
  let path: String
  let blocks: [any Block]

  init(_ record: ModuleRecord) throws {
    path = record.path
    blocks = try record.children.map { try BlockTable.block($0) }
  }

  func callAsFunction(_ x: Value) throws -> Value {
    try blocks.reduce(x) { try $1([$0]) }.named(path)
  }
}

/// A module that changes nothing in inference: Identity, Dropout.
struct Identity: UnaryBlock {
  let path: String

  init(_ record: ModuleRecord) throws { path = record.path }

  func callAsFunction(_ x: Value) throws -> Value { x.named(path) }
}

/// Joins its inputs along the channels.
struct Concat: Block {
  let path: String

  init(_ record: ModuleRecord) throws {
    path = record.path
    let dimension = try record.int("d", default: 1)
    // Counted from the front or from the back of four.
    guard dimension == 1 || dimension == -3 else {
      throw ModelError.unsupported(
        path: path, setting: "d", found: "\(dimension)", supported: "1, the channels")
    }
  }

  func callAsFunction(_ inputs: [Value]) throws -> Value {
    try concat(inputs, at: path).named(path)
  }
}

/// Nearest-neighbor upsampling by an integer factor.
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
    guard factors.count <= 2, let factor = factors.first, factors.allSatisfy({ $0 == factor }),
      let scale = Int(exactly: factor), (1...8).contains(scale)
    else {
      throw ModelError.unsupported(
        path: path, setting: "scale_factor", found: ModelError.excerpt(factors),
        supported: "an integer from 1 to 8")
    }
    self.scale = scale
  }

  func callAsFunction(_ x: Value) throws -> Value {
    x.upsampled(by: scale, at: path).named(path)
  }
}

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
