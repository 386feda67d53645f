import YOLOTensor

/// Writes a graph as a pickle of protocol 2, as Python's pickler would have it for `torch.save`.
///
/// Composites, strings and names that are referred to again are memorized as they are there, so
/// that what was shared stays shared. Cycles through lists, dictionaries and the state of instances
/// are written; such through tuples and arguments, which no instruction can make at once, are not.
/// Depth is bounded; the size is that of the graph. Source: the opcode descriptions in Python's
/// `pickletools` documentation.
package struct PickleWriter {
  /// The composites inside one another that are written.
  ///
  /// A large model has some 60, and a level takes less than a kilobyte of stack.
  static let depthLimit = 256

  /// A storage that the pickle refers to: `data/N` has the position in `storages` for N.
  package struct Storage: Sendable {
    /// The key that the graph has.
    package let key: String
    /// The part of it, in elements, if it is not the whole.
    package let part: Range<Int>?
    /// The bytes of an element.
    package let elementSize: Int
    /// The number of elements.
    package let count: Int
  }

  /// The stream.
  package private(set) var bytes: [UInt8] = []
  /// The storages, in the order of their first mention.
  package private(set) var storages: [Storage] = []

  private let graph: PickleGraph
  private let file: String
  private var storageNumbers: [String: Int] = [:]
  private var memoCount: UInt32 = 0
  private var stringMemo: [Int32: UInt32] = [:]
  private var globalMemo: [Int32: UInt32] = [:]
  private var objectMemo: [Int32: UInt32] = [:]
  /// Names and texts that are written without being in the graph.
  private var ownMemo: [String: UInt32] = [:]
  private var open: Set<Int32> = []
  private var depth = 0

  private init(graph: PickleGraph, file: String) {
    self.graph = graph
    self.file = file
  }

  /// Writes a graph; `file` is for messages.
  ///
  /// - Throws: `WeightError.invalidModel` where a composite has no form that can be written,
  ///   `limitExceeded` where it is nested too deeply or larger than what is read.
  package static func write(
    _ graph: PickleGraph, file: String
  ) throws(WeightError) -> (bytes: [UInt8], storages: [Storage]) {
    var writer = PickleWriter(graph: graph, file: file)
    writer.bytes = [PickleOpcode.proto.rawValue, 2]
    try writer.write(graph.root)
    writer.emit(.stop)
    guard writer.bytes.count <= PickleLimits.bytes else {
      throw .limitExceeded(
        file: file, at: "data.pkl", what: "bytes of pickle", limit: PickleLimits.bytes)
    }
    return (writer.bytes, writer.storages)
  }

  // MARK: - Values

  private mutating func write(_ value: PickleValue) throws(WeightError) {
    switch value {
    case .none: emit(.none)
    case .bool(let value): emit(value ? .newTrue : .newFalse)
    case .int(let value): write(integer: value)
    case .float(let value):
      emit(.binFloat)
      bytes.append(little: value.bitPattern.byteSwapped)
    case .string(let index):
      if let known = stringMemo[index] { return recall(known) }
      write(text: graph.strings[Int(index)])
      stringMemo[index] = memorize()
    case .global(let index):
      if let known = globalMemo[index] { return recall(known) }
      let global = graph.globals[Int(index)]
      try writeGlobal(global.module, global.name)
      globalMemo[index] = memorize()
    case .object(let index):
      if let known = objectMemo[index] { return recall(known) }
      depth += 1
      defer { depth -= 1 }
      guard depth <= Self.depthLimit else {
        throw .limitExceeded(
          file: file, at: "data.pkl", what: "objects inside one another",
          limit: Self.depthLimit)
      }
      guard open.insert(index).inserted else {
        throw unwritable("an object that is made with itself")
      }
      try write(graph.objects[Int(index)], index)
      open.remove(index)
    }
  }

  private mutating func write(_ object: PickleObject, _ index: Int32) throws(WeightError) {
    let origin = graph.origins[index] ?? PickleOrigin()
    switch object.kind {
    case .list:
      emit(.emptyList)
      keep(index)
      try append(object.items, .appends)
    case .tuple:
      if case .global = origin.callable {
        try write(origin.callable)
        try writeTuple(object.items)
        emit(.tuple1)
        emit(.reduce)
      } else {
        try writeTuple(object.items)
      }
      // An empty tuple is as short as a recall of one.
      if !object.items.isEmpty { keep(index) }
    case .set:
      if let name = setName(origin.callable) {
        try write(name)
      } else {
        try writeOwn("__builtin__", "set")
      }
      emit(.emptyList)
      try append(object.items, .appends)
      emit(.tuple1)
      emit(.reduce)
      keep(index)
    case .dictionary:
      try beginDictionary(origin)
      keep(index)
      try append(object.items, .setItems)
      try writeState(object.state)
    case .instance: try writeInstance(object, origin, index)
    case .bytes:
      try writeBytes(object)
      keep(index)
    case .largeInteger:
      try writeLargeInteger(object)
      keep(index)
    case .storage: try writeStorage(object)
    case .tensor: try writeTensor(object, origin, index)
    }
  }

  // MARK: - Composites

  private mutating func writeTuple(_ items: [PickleValue]) throws(WeightError) {
    if items.count > 3 { emit(.mark) }
    for item in items { try write(item) }
    switch items.count {
    case 0: emit(.emptyTuple)
    case 1: emit(.tuple1)
    case 2: emit(.tuple2)
    case 3: emit(.tuple3)
    default: emit(.tuple)
    }
  }

  /// Appends items to the composite on the top of the stack, a thousand at a time.
  private mutating func append(
    _ items: [PickleValue], _ opcode: PickleOpcode
  ) throws(WeightError) {
    var start = 0
    while start < items.count {
      let end = min(start + 1000, items.count)
      emit(.mark)
      for item in items[start..<end] { try write(item) }
      emit(opcode)
      start = end
    }
  }

  private mutating func beginDictionary(_ origin: PickleOrigin) throws(WeightError) {
    // A class that `copyreg` was to construct is its first argument.
    var (callable, arguments) = (origin.callable, origin.arguments)
    if graph.global(callable)?.role == .construct {
      callable = arguments.first ?? .none
      arguments = []
    }
    guard case .global = callable, graph.global(callable)?.role == .dictionary,
      graph.global(callable)?.name != "dict"
    else { return emit(.emptyDictionary) }
    try write(callable)
    // The class of its defaults, if it has any; what it was filled with are items by now.
    switch arguments.first {
    case .global?, PickleValue.none?: try writeTuple(Array(arguments.prefix(1)))
    case .bool, .int, .float, .string, .object, nil: emit(.emptyTuple)
    }
    emit(.reduce)
  }

  private mutating func writeInstance(
    _ object: PickleObject, _ origin: PickleOrigin, _ index: Int32
  ) throws(WeightError) {
    guard case .global = origin.callable else {
      let name = object.global < 0 ? "unknown" : graph.globals[Int(object.global)].qualifiedName
      throw unwritable("an object of the class \(printable(name)) without its origin")
    }
    try write(origin.callable)
    try writeTuple(origin.arguments)
    emit(origin.isNewObject ? .newObject : .reduce)
    keep(index)
    try append(origin.elements, .appends)
    try append(origin.entries, .setItems)
    try writeState(object.state)
  }

  private mutating func writeState(_ state: PickleValue) throws(WeightError) {
    guard state != .none else { return }
    try write(state)
    emit(.build)
  }

  private mutating func writeTensor(
    _ object: PickleObject, _ origin: PickleOrigin, _ index: Int32
  ) throws(WeightError) {
    let isParameter = if case .global = origin.parameter { true } else { false }
    if isParameter {
      try write(origin.parameter)
      if origin.parameterArguments.count > 3 { emit(.mark) }
    }
    guard case .global = origin.callable else {
      throw unwritable("a tensor without its origin")
    }
    try write(origin.callable)
    // Storage, offset, shape and strides are those of the object, which may have been changed.
    try writeTuple(object.items + origin.arguments.dropFirst(object.items.count))
    emit(.reduce)
    if isParameter {
      for argument in origin.parameterArguments.dropFirst() { try write(argument) }
      switch origin.parameterArguments.count {
      case ...1: emit(.tuple1)
      case 2: emit(.tuple2)
      case 3: emit(.tuple3)
      default: emit(.tuple)
      }
      emit(.reduce)
    }
    keep(index)
    try writeState(object.state)
  }

  private mutating func writeStorage(_ object: PickleObject) throws(WeightError) {
    guard object.items.count >= 2, let key = object.items.first.flatMap(graph.string),
      case .int(let count) = object.items[1], object.global >= 0
    else { throw unwritable("a storage without key and size") }
    let global = graph.globals[Int(object.global)]
    let size: Int
    switch global.role {
    case .storage(let type): size = type.size
    case .otherStorage(let bytes): size = bytes
    default: throw unwritable("a storage of the class \(printable(global.qualifiedName))")
    }
    var part: Range<Int>?
    if object.items.count == 4 {
      guard case .int(let first) = object.items[2], case .int(let length) = object.items[3],
        first >= 0, length >= 0, first <= count, length <= count - first
      else { throw unwritable("a part of data/\(printable(key)) that reaches outside of it") }
      part = first..<first + length
    }
    let identity = part.map { "\(key) \($0)" } ?? key
    let number = storageNumbers[identity] ?? storages.count
    if number == storages.count {
      storageNumbers[identity] = number
      storages.append(
        Storage(key: key, part: part, elementSize: size, count: part?.count ?? count))
    }
    emit(.mark)
    writeOwn(text: "storage")
    try write(.global(object.global))
    writeOwn(text: String(number))
    writeOwn(text: "cpu")
    write(integer: part?.count ?? count)
    emit(.tuple)
    emit(.binPersistentID)
  }

  private mutating func writeBytes(_ object: PickleObject) throws(WeightError) {
    guard let text = object.items.first.flatMap(graph.string), !text.isEmpty else {
      try writeOwn("__builtin__", "bytes")
      emit(.emptyTuple)
      return emit(.reduce)
    }
    try writeOwn("_codecs", "encode")
    try write(object.items[0])
    writeOwn(text: "latin1")
    emit(.tuple2)
    emit(.reduce)
  }

  private mutating func writeLargeInteger(_ object: PickleObject) throws(WeightError) {
    if object.items.count == 2, let digits = graph.string(object.items[1]) {
      emit(.long)
      bytes += Array(digits.utf8) + Array("L\n".utf8)
      return
    }
    guard let text = object.items.first.flatMap(graph.string), !text.isEmpty else {
      throw unwritable("an integer beyond 64 bits whose digits were not kept")
    }
    let digits = text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    if digits.count <= 255 {
      emit(.long1)
      bytes.append(UInt8(digits.count))
    } else {
      emit(.long4)
      bytes.append(little: UInt32(digits.count))
    }
    bytes += digits
  }

  private func setName(_ callable: PickleValue) -> PickleValue? {
    guard case .global = callable, graph.global(callable)?.role == .set else { return nil }
    return callable
  }

  // MARK: - Scalars, names, memo

  private mutating func emit(_ opcode: PickleOpcode) { bytes.append(opcode.rawValue) }

  private mutating func write(integer value: Int) {
    if let byte = UInt8(exactly: value) {
      emit(.binInt1)
      bytes.append(byte)
    } else if let short = UInt16(exactly: value) {
      emit(.binInt2)
      bytes.append(little: short)
    } else if let int = Int32(exactly: value) {
      emit(.binInt)
      bytes.append(little: int)
    } else {
      emit(.long1)
      bytes.append(8)
      bytes.append(little: value)
    }
  }

  private mutating func write(text: String) {
    emit(.binUnicode)
    bytes.append(little: UInt32(text.utf8.count))
    bytes += Array(text.utf8)
  }

  private mutating func writeGlobal(_ module: String, _ name: String) throws(WeightError) {
    guard !module.utf8.contains(0x0A), !name.utf8.contains(0x0A) else {
      throw unwritable("a name with a line break, \(printable("\(module).\(name)"))")
    }
    emit(.global)
    bytes += Array("\(module)\n\(name)\n".utf8)
  }

  private mutating func writeOwn(_ module: String, _ name: String) throws(WeightError) {
    let key = "\(module)\n\(name)"
    if let index = ownMemo[key] { return recall(index) }
    try writeGlobal(module, name)
    ownMemo[key] = memorize()
  }

  private mutating func writeOwn(text: String) {
    if let index = ownMemo[text] { return recall(index) }
    write(text: text)
    ownMemo[text] = memorize()
  }

  private mutating func keep(_ index: Int32) {
    objectMemo[index] = memorize()
    open.remove(index)
  }

  /// Memorizes what is on the top of the stack, and returns its index there.
  private mutating func memorize() -> UInt32 {
    if memoCount <= 255 {
      emit(.binPut)
      bytes.append(UInt8(memoCount))
    } else {
      emit(.longBinPut)
      bytes.append(little: memoCount)
    }
    memoCount += 1
    return memoCount - 1
  }

  private mutating func recall(_ index: UInt32) {
    if index <= 255 {
      emit(.binGet)
      bytes.append(UInt8(index))
    } else {
      emit(.longBinGet)
      bytes.append(little: index)
    }
  }

  private func unwritable(_ what: String) -> WeightError {
    .invalidModel(file: file, at: "data.pkl", reason: "\(what) cannot be written again")
  }
}
