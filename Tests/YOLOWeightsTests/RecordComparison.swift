import YOLOTensor
import YOLOWeights

/// The differences of two record trees, as paths and what differs there; empty where there are
/// none.
///
/// `ignoring` are the keys of attributes that may differ. Tensors are compared in type, shape and
/// every byte.
func differences(
  _ first: ModuleRecord, _ second: ModuleRecord, ignoring: Set<String> = []
) -> [String] {
  var found: [String] = []
  let path = first.path.isEmpty ? "model" : first.path
  if first.qualifiedName != second.qualifiedName {
    found.append("\(path): class \(first.qualifiedName), \(second.qualifiedName)")
  }
  for key in Set(first.attributes.keys).union(second.attributes.keys).sorted()
  where !ignoring.contains(key) {
    guard let one = first.attributes[key], let two = second.attributes[key] else {
      found.append("\(path).\(key) is only in one")
      continue
    }
    if !isEqual(one, two) { found.append("\(path).\(key): \(one), \(two)") }
  }
  if first.tensorNames != second.tensorNames {
    found.append("\(path): tensors \(first.tensorNames), \(second.tensorNames)")
  }
  for name in first.tensorNames {
    guard let one = first.tensors[name], let two = second.tensors[name] else { continue }
    if !isEqual(one, two) { found.append("\(first.key(of: name)): \(one), \(two)") }
  }
  if first.children.map(\.name) != second.children.map(\.name) {
    found.append("\(path): \(first.children.map(\.name)), \(second.children.map(\.name))")
    return found
  }
  for (one, two) in zip(first.children, second.children) {
    found += differences(one, two, ignoring: ignoring)
  }
  return found
}

/// Whether two values are the same, of tensors every byte, of numbers every bit.
func isEqual(_ first: AttributeValue, _ second: AttributeValue) -> Bool {
  switch (first, second) {
  case (.none, .none): true
  case (.bool(let one), .bool(let two)): one == two
  case (.int(let one), .int(let two)): one == two
  case (.float(let one), .float(let two)): one.bitPattern == two.bitPattern
  case (.string(let one), .string(let two)): one == two
  case (.opaque(let one), .opaque(let two)): one == two
  case (.list(let one), .list(let two)), (.tuple(let one), .tuple(let two)):
    one.count == two.count && zip(one, two).allSatisfy { isEqual($0, $1) }
  case (.dictionary(let one), .dictionary(let two)):
    one.count == two.count
      && zip(one, two).allSatisfy { isEqual($0.key, $1.key) && isEqual($0.value, $1.value) }
  case (.tensor(let one), .tensor(let two)): isEqual(one, two)
  case (.record(let one), .record(let two)):
    one.qualifiedName == two.qualifiedName && one.attributes.count == two.attributes.count
      && one.arguments.count == two.arguments.count
      && zip(one.arguments, two.arguments).allSatisfy { isEqual($0, $1) }
      && one.attributes.allSatisfy { key, value in
        two.attributes[key].map { isEqual(value, $0) } ?? false
      }
  default: false
  }
}

/// Whether two tensors are the same, every byte.
func isEqual(_ first: WeightTensor, _ second: WeightTensor) -> Bool {
  guard first.elementType == second.elementType, first.shape == second.shape else { return false }
  func bytes(_ tensor: WeightTensor) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
    bytes.withUnsafeMutableBytes { tensor.readBytes(into: $0) }
    return bytes
  }
  return bytes(first) == bytes(second)
}
