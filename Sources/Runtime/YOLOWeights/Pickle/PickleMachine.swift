package import YOLOSystem

/// Runs a pickle without Python: the stack machine of the format, with inert records in place of
/// every object that the stream would have Python import or call.
///
/// Nothing named by the file is looked up, imported or called. A name is either on the allow list
/// of `PickleGlobal`, which also says what stands in for a call, or the stream is refused at the
/// place where it names it. Time and memory are linear in the stream and bounded by `PickleLimits`.
/// Protocols 1 to 5 are read, without the text instructions that only protocol 0 has.
/// Source: the opcode descriptions in Python's `pickletools` documentation.
package struct PickleMachine {
  var graph = PickleGraph()
  var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [PickleValue?] = []
  private var globalIndices: [String: Int32] = [:]
  private var stringIndices: [String: Int32] = [:]
  private var itemCount = 0
  private var offset = 0
  private let bytes: ByteView
  private let file: String
  private let entry: String
  /// Whether the stream is one of several of a file that is no archive.
  let isLegacy: Bool
  /// Whether the graph keeps how its composites were made.
  let keepsOrigins: Bool

  private init(
    bytes: ByteView, file: String, entry: String, isLegacy: Bool = false,
    keepsOrigins: Bool = false
  ) {
    self.bytes = bytes
    self.file = file
    self.entry = entry
    self.isLegacy = isLegacy
    self.keepsOrigins = keepsOrigins
  }

  /// Runs the stream to its end.
  ///
  /// `file` and `entry` are for messages.
  ///
  /// - Throws: `WeightError.invalidPickle`, `forbiddenGlobal` or `limitExceeded`.
  package static func run(
    _ bytes: ByteView, file: String, entry: String
  ) throws(WeightError) -> PickleGraph {
    try run(bytes, file: file, entry: entry, keepsOrigins: false)
  }

  /// As `run(_:file:entry:)`; the graph also keeps what `PickleWriter` needs to write it again.
  ///
  /// Dates and numbers that numpy boxed become text and plain numbers all the same.
  ///
  /// - Throws: As `run(_:file:entry:)`, and `invalidPickle` for an object made with named
  ///   arguments.
  package static func runKeepingOrigins(
    _ bytes: ByteView, file: String, entry: String
  ) throws(WeightError) -> PickleGraph {
    try run(bytes, file: file, entry: entry, keepsOrigins: true)
  }

  private static func run(
    _ bytes: ByteView, file: String, entry: String, keepsOrigins: Bool
  ) throws(WeightError) -> PickleGraph {
    var machine = PickleMachine(
      bytes: bytes, file: file, entry: entry, keepsOrigins: keepsOrigins)
    guard bytes.count <= PickleLimits.bytes else {
      throw machine.exceeded("bytes of pickle", PickleLimits.bytes)
    }
    try machine.run()
    return machine.graph
  }

  /// Runs the stream at the start of some bytes, one of several in a legacy torch file; returns
  /// also how many bytes it has.
  ///
  /// - Throws: As `run(_:file:entry:)`.
  package static func runPrefix(
    of bytes: ByteView, file: String, entry: String, keepsOrigins: Bool = false
  ) throws(WeightError) -> (graph: PickleGraph, count: Int) {
    var machine = PickleMachine(
      bytes: bytes, file: file, entry: entry, isLegacy: true, keepsOrigins: keepsOrigins)
    try machine.run()
    return (machine.graph, machine.offset)
  }

  private mutating func run() throws(WeightError) {
    var instructions = 0
    while true {
      instructions += 1
      guard instructions <= PickleLimits.instructions else {
        throw exceeded("instructions", PickleLimits.instructions)
      }
      let code = try number(UInt8.self)
      guard let opcode = PickleOpcode(rawValue: code) else {
        throw damaged("unsupported instruction 0x\(String(code, radix: 16))")
      }
      if opcode == .stop { break }
      try perform(opcode)
    }
    guard stack.count == 1, marks.isEmpty else {
      throw damaged("the stream ends with \(stack.count) values on the stack instead of one")
    }
    graph.root = stack[0]
  }

  private mutating func perform(_ opcode: PickleOpcode) throws(WeightError) {
    switch opcode {
    case .stop: break
    case .proto:
      let version = try number(UInt8.self)
      guard version <= 5 else { throw damaged("protocol \(version) is unknown") }
    case .frame: _ = try number(UInt64.self)
    case .mark:
      guard marks.count < PickleLimits.marks else {
        throw exceeded("open marks", PickleLimits.marks)
      }
      marks.append(stack.count)
    case .pop:
      // Python's pickler writes POP for recursive tuples; on a mark it removes the mark.
      if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
    case .popMark: _ = try popToMark()
    case .duplicate: try push(try top())
    case .none: try push(.none)
    case .newTrue: try push(.bool(true))
    case .newFalse: try push(.bool(false))
    case .int: try pushDecimal(isLong: false)
    case .long: try pushDecimal(isLong: true)
    case .binInt: try push(.int(Int(try number(Int32.self))))
    case .binInt1: try push(.int(Int(try number(UInt8.self))))
    case .binInt2: try push(.int(Int(try number(UInt16.self))))
    case .binFloat:
      try push(.float(Double(bitPattern: UInt64(bigEndian: try number(UInt64.self)))))
    case .long1: try pushInteger(byteCount: Int(try number(UInt8.self)))
    case .long4: try pushInteger(byteCount: try length(UInt32.self))
    case .shortBinUnicode: try pushString(byteCount: Int(try number(UInt8.self)))
    case .binUnicode: try pushString(byteCount: try length(UInt32.self))
    // Text of Python 2.
    case .shortBinString: try pushString(byteCount: Int(try number(UInt8.self)))
    case .binString: try pushString(byteCount: try length(UInt32.self))
    case .binUnicode8: try pushString(byteCount: try length(UInt64.self))
    case .shortBinBytes: try pushBytes(byteCount: Int(try number(UInt8.self)))
    case .binBytes: try pushBytes(byteCount: try length(UInt32.self))
    case .binBytes8, .byteArray8: try pushBytes(byteCount: try length(UInt64.self))
    case .emptyList: try pushObject(.list, [])
    case .emptyTuple: try pushObject(.tuple, [])
    case .emptyDictionary: try pushObject(.dictionary, [])
    case .emptySet: try pushObject(.set, [])
    case .tuple1: try pushObject(.tuple, try pop(count: 1))
    case .tuple2: try pushObject(.tuple, try pop(count: 2))
    case .tuple3: try pushObject(.tuple, try pop(count: 3))
    case .tuple: try pushObject(.tuple, try popToMark())
    case .list: try pushObject(.list, try popToMark())
    case .frozenSet: try pushObject(.set, try popToMark())
    case .dictionary:
      let items = try popToMark()
      guard items.count.isMultiple(of: 2) else { throw damaged("a key without a value") }
      try pushObject(.dictionary, items)
    case .append: try extend(with: try pop(count: 1), .list)
    case .appends: try extend(with: try popToMark(), .list)
    case .setItem: try extend(with: try pop(count: 2), .dictionary)
    case .setItems: try extend(with: try popToMark(), .dictionary)
    case .addItems: try extend(with: try popToMark(), .set)
    case .binPut: try memorize(at: Int(try number(UInt8.self)))
    case .longBinPut: try memorize(at: Int(try number(UInt32.self)))
    case .memoize: try memorize(at: memo.count)
    case .binGet: try recall(Int(try number(UInt8.self)))
    case .longBinGet: try recall(Int(try number(UInt32.self)))
    case .global: try push(try global(module: try line(), name: try line()))
    case .stackGlobal:
      let parts = try pop(count: 2)
      guard let module = graph.string(parts[0]), let name = graph.string(parts[1]) else {
        throw damaged("a global whose name is not text")
      }
      try push(try global(module: module, name: name))
    case .instance:
      let callable = try global(module: try line(), name: try line())
      let arguments = try popToMark()
      try call(callable, arguments)
      keepOrigin(callable, arguments, isNewObject: false)
    case .object:
      let parts = try popToMark()
      guard let callable = parts.first else { throw damaged("an object without a class") }
      try call(callable, Array(parts.dropFirst()))
      keepOrigin(callable, Array(parts.dropFirst()), isNewObject: false)
    case .reduce, .newObject:
      let parts = try pop(count: 2)
      guard let arguments = graph.items(parts[1], .tuple) else {
        throw damaged("the arguments of a call are not a tuple")
      }
      try call(parts[0], arguments)
      keepOrigin(parts[0], arguments, isNewObject: opcode == .newObject)
    case .newObjectEx:
      let parts = try pop(count: 3)
      guard let arguments = graph.items(parts[1], .tuple) else {
        throw damaged("the arguments of a call are not a tuple")
      }
      guard !keepsOrigins || graph.items(parts[2], .dictionary)?.isEmpty == true else {
        throw damaged("an object made with named arguments, which is not written again")
      }
      try call(parts[0], arguments)
      keepOrigin(parts[0], arguments, isNewObject: true)
    case .build: try build()
    case .binPersistentID: try pushStorage()
    }
  }
}

// MARK: - Stack and memo

extension PickleMachine {
  mutating func push(_ value: PickleValue) throws(WeightError) {
    guard stack.count < PickleLimits.stack else { throw exceeded("stack", PickleLimits.stack) }
    stack.append(value)
  }

  /// The values above the innermost mark belong to it: nothing below is reachable until it is
  /// closed.
  private var available: Int { stack.count - (marks.last ?? 0) }

  private func top() throws(WeightError) -> PickleValue {
    guard available > 0, let value = stack.last else { throw damaged("the stack is empty") }
    return value
  }

  mutating func pop() throws(WeightError) -> PickleValue {
    guard available > 0, let value = stack.popLast() else { throw damaged("the stack is empty") }
    return value
  }

  private mutating func pop(count: Int) throws(WeightError) -> [PickleValue] {
    guard available >= count else { throw damaged("the stack is empty") }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws(WeightError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw damaged("no mark is open") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func memorize(at index: Int) throws(WeightError) {
    guard index < PickleLimits.memo else { throw exceeded("memo places", PickleLimits.memo) }
    let value = try top()
    while memo.count <= index { memo.append(nil) }
    memo[index] = value
  }

  private mutating func recall(_ index: Int) throws(WeightError) {
    guard index < memo.count, let value = memo[index] else {
      throw damaged("memo place \(index) is empty")
    }
    try push(value)
  }

  mutating func pushObject(
    _ kind: PickleObject.Kind, _ items: [PickleValue], global: Int32 = -1
  ) throws(WeightError) {
    guard graph.objects.count < PickleLimits.objects else {
      throw exceeded("objects", PickleLimits.objects)
    }
    try count(items.count)
    try push(.object(Int32(graph.objects.count)))
    graph.objects.append(PickleObject(kind: kind, global: global, items: items))
  }

  /// Counts items against their bound.
  mutating func count(_ items: Int) throws(WeightError) {
    itemCount += items
    guard itemCount <= PickleLimits.items else { throw exceeded("items", PickleLimits.items) }
  }

  /// Appends to the container on the top of the stack.
  ///
  /// Items of an inert instance (a subclass of `list` or `dict`) are dropped: nothing that a model
  /// needs is stored so.
  private mutating func extend(
    with items: [PickleValue], _ kind: PickleObject.Kind
  ) throws(WeightError) {
    guard case .object(let index) = try top() else { throw damaged("items for a scalar") }
    if kind == .dictionary, !items.count.isMultiple(of: 2) {
      throw damaged("a key without a value")
    }
    let target = graph.objects[Int(index)].kind
    if target == .instance {
      guard keepsOrigins else { return }
      try count(items.count)
      if kind == .dictionary {
        graph.origins[index, default: PickleOrigin()].entries += items
      } else {
        graph.origins[index, default: PickleOrigin()].elements += items
      }
      return
    }
    guard target == kind else { throw damaged("items for an object of another kind") }
    try count(items.count)
    graph.objects[Int(index)].items.append(contentsOf: items)
  }

  private mutating func build() throws(WeightError) {
    let state = try pop()
    guard case .object(let index) = try top() else { throw damaged("state for a scalar") }
    switch graph.objects[Int(index)].kind {
    case .instance: graph.objects[Int(index)].state = state
    // A state dict carries its version numbers as an attribute; a parameter may carry attributes.
    case .dictionary, .tensor:
      if keepsOrigins { graph.objects[Int(index)].state = state }
    case .list, .tuple, .set, .bytes, .largeInteger, .storage:
      throw damaged("state for an object that has none")
    }
  }
}

// MARK: - Scalars and names

extension PickleMachine {
  private mutating func take(_ count: Int) throws(WeightError) -> ByteView {
    guard let view = bytes.slice(at: offset, count: count) else {
      throw damaged("the stream is truncated")
    }
    offset += count
    return view
  }

  private mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(
    _ type: Number.Type
  ) throws(WeightError) -> Number {
    let view = try take(MemoryLayout<Number>.size)
    // SAFETY: the view has exactly the bytes of a number; the load has no alignment demand.
    return Number(littleEndian: view.base.loadUnaligned(as: Number.self))
  }

  private mutating func length<Number: FixedWidthInteger & BitwiseCopyable>(
    _ type: Number.Type
  ) throws(WeightError) -> Int {
    guard let length = Int(exactly: try number(type)), length <= bytes.count - offset else {
      throw damaged("a length reaches outside the stream")
    }
    guard length <= PickleLimits.string else {
      throw exceeded("bytes of a string", PickleLimits.string)
    }
    return length
  }

  mutating func string(_ text: String) throws(WeightError) -> PickleValue {
    if let index = stringIndices[text] { return .string(index) }
    guard graph.strings.count < PickleLimits.strings else {
      throw exceeded("different strings", PickleLimits.strings)
    }
    let index = Int32(graph.strings.count)
    graph.strings.append(text)
    stringIndices[text] = index
    return .string(index)
  }

  private mutating func pushString(byteCount: Int) throws(WeightError) {
    // Python writes lone surrogates as malformed UTF-8: they are replaced.
    try push(try string(try take(byteCount).repairedText()))
  }

  private mutating func pushBytes(byteCount: Int) throws(WeightError) {
    let view = try take(byteCount)
    var text = ""
    for index in 0..<view.count { text.unicodeScalars.append(Unicode.Scalar(view[index])) }
    try pushObject(.bytes, [try string(text)])
  }

  private mutating func pushInteger(byteCount: Int) throws(WeightError) {
    let view = try take(byteCount)
    guard byteCount <= 8 else {
      var text = ""
      if keepsOrigins {
        for index in 0..<byteCount { text.unicodeScalars.append(Unicode.Scalar(view[index])) }
      }
      return try pushObject(.largeInteger, keepsOrigins ? [try string(text)] : [])
    }
    var bits: UInt64 = 0
    for index in 0..<byteCount { bits |= UInt64(view[index]) << UInt64(8 * index) }
    // Two's complement of `byteCount` bytes: move the sign up, then back with copies of it.
    let spare = UInt64(64 - 8 * byteCount)
    try push(.int(byteCount == 0 ? 0 : Int(Int64(bitPattern: bits << spare) >> Int64(spare))))
  }

  /// Pushes a number that is written as a line of text; one that does not fit 64 bits is kept
  /// without its value, and the numbers 00 and 01 stand for false and true, as protocol 1 has it.
  private mutating func pushDecimal(isLong: Bool) throws(WeightError) {
    var text = try line()
    if !isLong, text == "00" || text == "01" { return try push(.bool(text == "01")) }
    if isLong, text.hasSuffix("L") { text.removeLast() }
    if let value = Int(text) { return try push(.int(value)) }
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      throw damaged("a number that is not decimal")
    }
    try pushObject(.largeInteger, keepsOrigins ? [.bool(true), try string(text)] : [])
  }

  private mutating func line() throws(WeightError) -> String {
    let start = offset
    while try number(UInt8.self) != UInt8(ascii: "\n") {
      guard offset - start <= PickleLimits.name else {
        throw exceeded("bytes of a name", PickleLimits.name)
      }
    }
    guard let text = bytes.slice(at: start, count: offset - 1 - start)?.text() else {
      throw damaged("a name is not text")
    }
    return text
  }

  private mutating func global(module: String, name: String) throws(WeightError) -> PickleValue {
    guard module.utf8.count <= PickleLimits.name, name.utf8.count <= PickleLimits.name else {
      throw exceeded("bytes of a name", PickleLimits.name)
    }
    let key = "\(module)\n\(name)"
    if let index = globalIndices[key] { return .global(index) }
    guard let global = PickleGlobal(module: module, name: name) else {
      throw forbidden("\(module).\(name)")
    }
    guard graph.globals.count < PickleLimits.globals else {
      throw exceeded("named objects", PickleLimits.globals)
    }
    let index = Int32(graph.globals.count)
    graph.globals.append(global)
    globalIndices[key] = index
    return .global(index)
  }

  func damaged(_ reason: String) -> WeightError {
    .invalidPickle(file: file, entry: entry, offset: offset, reason: reason)
  }

  func exceeded(_ what: String, _ limit: Int) -> WeightError {
    .limitExceeded(file: file, at: entry, what: what, limit: limit)
  }

  func forbidden(_ name: String) -> WeightError {
    .forbiddenGlobal(file: file, entry: entry, name: name)
  }
}
