extension PickleGlobal {
  /// Whether this is a class of storages.
  package var isStorage: Bool {
    switch role {
    case .storage, .otherStorage: true
    case .inert, .set, .list, .tuple, .dictionary, .rebuildTensor, .rebuildParameter, .encode,
      .bytes, .numpyScalar, .boundMethod, .construct:
      false
    }
  }
}

/// What stands in for the calls that a pickle asks for. None of them runs anything.
extension PickleMachine {
  /// Pushes the inert outcome of calling a global.
  mutating func call(
    _ callable: PickleValue, _ arguments: [PickleValue]
  ) throws(WeightError) {
    guard case .global(let index) = callable else {
      throw damaged("a call of something that is not a named object")
    }
    let global = graph.globals[Int(index)]
    switch global.role {
    case .inert:
      if let date = date(global, arguments) {
        try push(try string(date))
      } else {
        try pushObject(.instance, arguments, global: index)
      }
    case .set: try pushObject(.set, try elements(arguments, of: global))
    case .list: try pushObject(.list, try elements(arguments, of: global))
    case .tuple: try pushObject(.tuple, try elements(arguments, of: global))
    case .dictionary: try pushObject(.dictionary, try pairs(arguments))
    case .rebuildTensor: try pushTensor(arguments)
    case .rebuildParameter:
      guard let tensor = arguments.first, graph.items(tensor, .tensor) != nil else {
        throw damaged("a parameter that is not a tensor")
      }
      try push(tensor)
    case .bytes:
      guard arguments.isEmpty else { throw damaged("bytes with arguments") }
      try pushObject(.bytes, [try string("")])
    case .encode:
      guard let text = arguments.first, let content = graph.string(text), arguments.count == 2,
        graph.string(arguments[1]) == "latin1"
      else { throw damaged("an encoding other than latin1") }
      // The same text can be encoded again and again at a few bytes of stream a time.
      try count(content.utf8.count / 16)
      guard content.unicodeScalars.allSatisfy({ $0.value < 256 }) else {
        throw damaged("bytes beyond latin1")
      }
      try pushObject(.bytes, [text])
    case .numpyScalar:
      if let number = NumpyScalar.decode(arguments, in: graph) {
        try push(number)
      } else if let text = NumpyScalar.text(arguments, in: graph) {
        try count(text.utf8.count / 16)
        try push(try string(text))
      } else {
        try pushObject(.instance, arguments, global: index)
      }
    case .boundMethod:
      guard arguments.count == 2, let name = graph.string(arguments[1]), name.hasPrefix("forward")
      else { throw forbidden(global.qualifiedName) }
      try pushObject(.instance, [], global: index)
    case .construct:
      guard let first = arguments.first, case .global(let index) = first else {
        throw damaged("\(global.qualifiedName) of something that is not a class")
      }
      // A class with a stand-in of its own is built by that; the state follows in BUILD.
      guard graph.globals[Int(index)].role == .inert else {
        return try call(first, [])
      }
      try pushObject(.instance, Array(arguments.dropFirst()), global: index)
    case .storage, .otherStorage: throw damaged("a call of \(global.qualifiedName)")
    }
  }

  /// Keeps what made the composite on the top of the stack, where that is wanted.
  mutating func keepOrigin(
    _ callable: PickleValue, _ arguments: [PickleValue], isNewObject: Bool
  ) {
    guard keepsOrigins, case .object(let index)? = stack.last, case .global(let global) = callable
    else { return }
    if graph.globals[Int(global)].role == .rebuildParameter {
      graph.origins[index, default: PickleOrigin()].parameter = callable
      graph.origins[index, default: PickleOrigin()].parameterArguments = arguments
    } else if graph.origins[index] == nil {
      graph.origins[index] = PickleOrigin(
        callable: callable, arguments: arguments, isNewObject: isNewObject)
    }
  }

  /// The text of a `datetime.date`, which YAML makes of a class that is named as one, or nil.
  private func date(_ global: PickleGlobal, _ arguments: [PickleValue]) -> String? {
    guard global.module == "datetime", global.name == "date", arguments.count == 1,
      let bytes = graph.items(arguments[0], .bytes)?.first.flatMap(graph.string)?.unicodeScalars
        .map({ Int($0.value) }), bytes.count == 4
    else { return nil }
    // Year in two bytes, month, day, as Python prints them.
    func digits(_ number: Int, _ count: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, count - text.count)) + text
    }
    return [digits(bytes[0] << 8 | bytes[1], 4), digits(bytes[2], 2), digits(bytes[3], 2)]
      .joined(separator: "-")
  }

  /// Pushes the storage that a persistent id names.
  mutating func pushStorage() throws(WeightError) {
    let parts = graph.items(try pop(), .tuple) ?? []
    if isLegacy, parts.count >= 2, graph.string(parts[0]) == "module", case .global = parts[1] {
      // The class of a module; its source code, which may follow, is passed over.
      return try push(parts[1])
    }
    guard (5...(isLegacy ? 6 : 5)).contains(parts.count), graph.string(parts[0]) == "storage",
      case .global(let index) = parts[1], graph.globals[Int(index)].isStorage,
      let key = graph.string(parts[2]), key.utf8.count <= PickleLimits.name,
      case .int(let count) = parts[4], count >= 0
    else { throw damaged("a persistent id that does not name a storage of a known type") }
    var items = [parts[2], parts[4]]
    if parts.count == 6, parts[5] != .none {
      // A part of a storage: its own key, offset and number of elements.
      guard let view = graph.items(parts[5], .tuple), view.count == 3, case .int = view[1],
        case .int = view[2]
      else { throw damaged("a part of a storage without offset and size") }
      items += view[1...]
    }
    try pushObject(.storage, items, global: index)
  }

  private mutating func pushTensor(_ arguments: [PickleValue]) throws(WeightError) {
    guard arguments.count >= 4, graph.items(arguments[0], .storage) != nil,
      case .int = arguments[1], graph.items(arguments[2], .tuple, .list) != nil,
      graph.items(arguments[3], .tuple, .list) != nil
    else { throw damaged("a tensor without storage, offset, shape and strides") }
    try pushObject(.tensor, Array(arguments.prefix(4)))
  }

  private func elements(
    _ arguments: [PickleValue], of global: PickleGlobal
  ) throws(WeightError) -> [PickleValue] {
    guard let source = arguments.first else { return [] }
    guard arguments.count == 1, let items = graph.items(source, .list, .tuple, .set) else {
      throw damaged("unusable arguments of \(global.qualifiedName)")
    }
    return items
  }

  /// The entries of a dictionary made from another one or from a list of pairs.
  private func pairs(_ arguments: [PickleValue]) throws(WeightError) -> [PickleValue] {
    guard let source = arguments.last else { return [] }
    // `defaultdict` names the class of its default, or None.
    switch source {
    case .global, .none: return []
    case .object, .string, .bool, .int, .float: break
    }
    if let items = graph.items(source, .dictionary) { return items }
    guard let list = graph.items(source, .list, .tuple) else {
      throw damaged("a dictionary made from something else than pairs")
    }
    var items: [PickleValue] = []
    for element in list {
      guard let pair = graph.items(element, .list, .tuple), pair.count == 2 else {
        throw damaged("a dictionary made from something else than pairs")
      }
      items += pair
    }
    return items
  }
}
