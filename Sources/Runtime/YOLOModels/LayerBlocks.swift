import YOLOGraph
import YOLOKernels
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

/// One value of a list, as the layer before gives it.
struct Index: Block {
  let path: String
  private let index: Int

  init(_ record: ModuleRecord) throws {
    path = record.path
    index = try record.count("index", in: -(1 << 16)...1 << 16)
  }

  func callAsFunction(_ inputs: [Value]) throws -> Value {
    let position = index < 0 ? index + inputs.count : index
    guard inputs.indices.contains(position) else {
      throw ModelError.unsupported(
        path: path, setting: "index", found: "\(index)",
        supported: "an index into the \(inputs.count) values of its input")
    }
    return inputs[position].named(path)
  }

  func layer(_ inputs: [[Value]]) throws -> [Value] {
    guard inputs.count == 1 else {
      throw ModelError.inputCount(at: path, expected: 1, found: inputs.count)
    }
    return [try self(inputs[0])]
  }
}

/// Upsampling: of nearest neighbors by an integer factor, or bilinear.
struct Upsample: UnaryBlock {
  private enum Form: Sendable {
    case nearest(Int)
    case bilinear(Interpolation)
  }

  let path: String
  private let form: Form

  init(_ record: ModuleRecord) throws {
    path = record.path
    let mode = try record.string("mode")
    switch mode {
    case "nearest": form = .nearest(try Self.nearestFactor(record))
    case "bilinear": form = .bilinear(try Self.interpolation(record))
    default:
      throw ModelError.unsupported(
        path: path, setting: "mode", found: mode, supported: "nearest, bilinear")
    }
  }

  private static func nearestFactor(_ record: ModuleRecord) throws -> Int {
    guard !record.hasAttribute("size") else {
      throw ModelError.unsupported(
        path: record.path, setting: "size", found: "set", supported: "scale_factor where nearest")
    }
    let factors = try record.doubles("scale_factor")
    guard factors.count <= 2, let factor = factors.first, factors.allSatisfy({ $0 == factor }),
      let scale = Int(exactly: factor), (1...8).contains(scale)
    else {
      throw ModelError.unsupported(
        path: record.path, setting: "scale_factor", found: ModelError.excerpt(factors),
        supported: "an integer from 1 to 8")
    }
    return scale
  }

  private static func interpolation(_ record: ModuleRecord) throws -> Interpolation {
    let alignsCorners = try record.bool("align_corners", default: false)
    if record.hasAttribute("size") {
      let size = try record.pair("size", in: 1...1 << 12, default: 1)
      return Interpolation(
        to: .size(height: size.0, width: size.1), alignsCorners: alignsCorners)
    }
    let factors = try record.doubles("scale_factor")
    let isRecomputed = try record.bool("recompute_scale_factor", default: false)
    guard (1...2).contains(factors.count), factors.allSatisfy({ (0.125...8).contains($0) }),
      !isRecomputed || factors.allSatisfy({ $0 == $0.rounded() })
    else {
      throw ModelError.unsupported(
        path: record.path, setting: "scale_factor", found: ModelError.excerpt(factors),
        supported: "0.125 to 8, an integer where recompute_scale_factor is set")
    }
    return Interpolation(
      to: .factors(height: factors[0], width: factors[factors.count - 1]),
      alignsCorners: alignsCorners)
  }

  func callAsFunction(_ x: Value) throws -> Value {
    switch form {
    case .nearest(let scale): x.upsampled(by: scale, at: path).named(path)
    case .bilinear(let interpolation): x.interpolated(by: interpolation, at: path).named(path)
    }
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
