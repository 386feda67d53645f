import YOLOTensor
import YOLOTestSupport

/// A Python value, to be assembled into a pickle of protocol 2: what `torch.save` writes, and what
/// an attacker would.
indirect enum Python {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case text(String)
  case list([Python])
  case tuple([Python])
  case dictionary([(Python, Python)])
  case global(String, String)
  /// REDUCE.
  case call(Python, [Python])
  /// NEWOBJ and BUILD.
  case object(module: String, name: String, state: Python)
  /// BINPERSID.
  case persistent(Python)
  /// Instructions as they are; they leave one value.
  case raw([UInt8])

  static func entries(_ entries: [(String, Python)]) -> Python {
    .dictionary(entries.map { (.text($0.0), $0.1) })
  }

  static func storage(_ type: String, key: String, count: Int) -> Python {
    .persistent(
      .tuple([.text("storage"), .global("torch", type), .text(key), .text("cpu"), .int(count)]))
  }

  /// A tensor as torch writes it; `strides` are row-major unless given.
  static func tensor(
    _ type: String = "FloatStorage", key: String, storageCount: Int? = nil, offset: Int = 0,
    shape: [Int], strides: [Int]? = nil
  ) -> Python {
    var packed: [Int] = []
    var count = 1
    for dimension in shape.reversed() {
      packed.insert(count, at: 0)
      count = count.multipliedReportingOverflow(by: dimension).partialValue
    }
    return .call(
      .global("torch._utils", "_rebuild_tensor_v2"),
      [
        .storage(type, key: key, count: storageCount ?? count), .int(offset),
        .tuple(shape.map(Python.int)), .tuple((strides ?? packed).map(Python.int)), .bool(false),
        .call(.global("collections", "OrderedDict"), []),
      ])
  }

  /// A module as torch writes it.
  static func module(
    _ path: String, attributes: [(String, Python)] = [], tensors: [(String, Python)] = [],
    children: [(String, Python)] = []
  ) -> Python {
    let dot = path.lastIndex(of: ".") ?? path.startIndex
    return .object(
      module: String(path[..<dot]), name: String(path[path.index(after: dot)...]),
      state: .entries(
        [
          ("training", .bool(false)), ("_parameters", .entries(tensors)),
          ("_buffers", .entries([])),
          ("_modules", .entries(children)), ("_forward_hooks", .entries([])),
        ] + attributes))
  }

  /// A whole model of one layer whose module is given.
  static func model(
    _ layer: Python, attributes: [(String, Python)] = []
  ) -> Python {
    module(
      "ultralytics.nn.tasks.DetectionModel",
      attributes: [("names", .dictionary([(.int(0), .text("thing"))]))] + attributes,
      children: [
        ("model", module("torch.nn.modules.container.Sequential", children: [("0", layer)]))
      ]
    )
  }

  /// The stream, from PROTO to STOP.
  var pickle: [UInt8] {
    var bytes: [UInt8] = [0x80, 2]
    append(to: &bytes)
    return bytes + [0x2E]
  }

  private func append(to bytes: inout [UInt8]) {
    switch self {
    case .none: bytes.append(0x4E)
    case .bool(let value): bytes.append(value ? 0x88 : 0x89)
    case .int(let value):
      if let small = Int32(exactly: value) {
        bytes.append(0x4A)
        bytes += little(UInt64(UInt32(bitPattern: small)), count: 4)
      } else {
        bytes += [0x8A, 8] + little(UInt64(bitPattern: Int64(value)), count: 8)
      }
    case .float(let value): bytes += [0x47] + little(value.bitPattern, count: 8).reversed()
    case .text(let value):
      bytes += [0x58] + little(UInt64(value.utf8.count), count: 4) + Array(value.utf8)
    case .list(let values):
      bytes += [0x5D, 0x28]
      for value in values { value.append(to: &bytes) }
      bytes.append(0x65)
    case .tuple(let values):
      bytes.append(0x28)
      for value in values { value.append(to: &bytes) }
      bytes.append(0x74)
    case .dictionary(let entries):
      bytes += [0x7D, 0x28]
      for (key, value) in entries {
        key.append(to: &bytes)
        value.append(to: &bytes)
      }
      bytes.append(0x75)
    case .global(let module, let name): bytes += [0x63] + Array("\(module)\n\(name)\n".utf8)
    case .call(let callable, let arguments):
      callable.append(to: &bytes)
      Python.tuple(arguments).append(to: &bytes)
      bytes.append(0x52)
    case .object(let module, let name, let state):
      Python.global(module, name).append(to: &bytes)
      bytes += [0x29, 0x81]
      state.append(to: &bytes)
      bytes.append(0x62)
    case .persistent(let identifier):
      identifier.append(to: &bytes)
      bytes.append(0x51)
    case .raw(let instructions): bytes += instructions
    }
  }
}

/// The bytes of 32-bit floating-point numbers.
func floatBytes(_ values: [Float]) -> [UInt8] {
  values.flatMap { little(UInt64($0.bitPattern), count: 4) }
}
