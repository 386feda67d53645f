/// Numbers that numpy boxed: training metrics are often such.
enum NumpyScalar {
  /// The number in `scalar(dtype, bytes)`, or nil if it is of another type.
  static func decode(_ arguments: [PickleValue], in graph: PickleGraph) -> PickleValue? {
    guard arguments.count == 2, let type = graph.object(arguments[0]), type.kind == .instance,
      graph.global(arguments[0])?.qualifiedName == "numpy.dtype",
      let code = type.items.first.flatMap(graph.string),
      // The state of a dtype is (version, byte order, …); ">" would be big-endian.
      graph.items(type.state, .tuple)?.dropFirst().first.flatMap(graph.string) != ">",
      let content = graph.items(arguments[1], .bytes)?.first.flatMap(graph.string)
    else { return nil }
    var bits: UInt64 = 0
    var count = 0
    for scalar in content.unicodeScalars {
      guard count < 8 else { return nil }
      bits |= UInt64(scalar.value & 0xFF) << UInt64(8 * count)
      count += 1
    }
    switch (code, count) {
    case ("f8", 8): return .float(Double(bitPattern: bits))
    case ("f4", 4): return .float(Double(Float(bitPattern: UInt32(bits))))
    case ("f2", 2): return .float(Double(HalfConversion.float(UInt16(bits))))
    case ("i8", 8): return .int(Int(Int64(bitPattern: bits)))
    case ("i4", 4): return .int(Int(Int32(truncatingIfNeeded: bits)))
    case ("i2", 2): return .int(Int(Int16(truncatingIfNeeded: bits)))
    case ("i1", 1): return .int(Int(Int8(truncatingIfNeeded: bits)))
    case ("u1", 1), ("u2", 2), ("u4", 4): return .int(Int(bits))
    case ("b1", 1): return .bool(bits != 0)
    default: return nil
    }
  }

  /// The text in `scalar(dtype, bytes)` of a `U` type, four bytes a character, or nil if it is of
  /// another type.
  static func text(_ arguments: [PickleValue], in graph: PickleGraph) -> String? {
    guard arguments.count == 2, let type = graph.object(arguments[0]), type.kind == .instance,
      graph.global(arguments[0])?.qualifiedName == "numpy.dtype",
      let code = type.items.first.flatMap(graph.string), code.hasPrefix("U"),
      graph.items(type.state, .tuple)?.dropFirst().first.flatMap(graph.string) != ">",
      let content = graph.items(arguments[1], .bytes)?.first.flatMap(graph.string)
    else { return nil }
    let bytes = content.unicodeScalars.map { UInt32($0.value & 0xFF) }
    guard bytes.count.isMultiple(of: 4), bytes.count <= 1 << 16 else { return nil }
    var text = ""
    for index in stride(from: 0, to: bytes.count, by: 4) {
      let value =
        bytes[index] | bytes[index + 1] << 8 | bytes[index + 2] << 16 | bytes[index + 3] << 24
      // Shorter texts are filled up with zeros.
      guard value != 0 else { continue }
      text.unicodeScalars.append(Unicode.Scalar(value) ?? "\u{FFFD}")
    }
    return text
  }
}
