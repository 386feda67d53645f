package import YOLOTensor
package import YOLOTestSupport
package import YOLOWeights

/// A module of a checkpoint that can be changed at will: it may hold what no checkpoint should, and
/// the same module may be in several places or inside itself.
package final class ModuleSketch {
  /// The class with its module path, such as `ultralytics.nn.modules.block.C2f`.
  package var qualifiedName: String
  /// The attributes in order.
  package var attributes: [(key: String, value: ValueSketch)]
  /// The parameters and buffers in order.
  package var tensors: [(name: String, tensor: TensorSketch)]
  /// The child modules in order.
  package var children: [(name: String, module: ModuleSketch)]

  /// The class alone, such as `C2f`.
  package var className: String {
    qualifiedName.split(separator: ".", omittingEmptySubsequences: false).last.map(String.init)
      ?? qualifiedName
  }

  /// Creates a module.
  package init(
    _ qualifiedName: String, attributes: [(key: String, value: ValueSketch)] = [],
    tensors: [(name: String, tensor: TensorSketch)] = [],
    children: [(name: String, module: ModuleSketch)] = []
  ) {
    self.qualifiedName = qualifiedName
    self.attributes = attributes
    self.tensors = tensors
    self.children = children
  }

  /// Copies a record with all that is below it.
  package convenience init(_ record: ModuleRecord) {
    self.init(
      record.qualifiedName,
      attributes: record.attributes.filter { Self.keys.contains($0.key) }
        .sorted { $0.key < $1.key }.map { ($0.key, ValueSketch($0.value)) },
      tensors: record.tensorNames.filter { $0 != "num_batches_tracked" }
        .compactMap { name in record.tensors[name].map { (name, TensorSketch($0)) } },
      children: record.children.map { ($0.name, ModuleSketch($0)) })
  }

  /// The attributes that a block, a head or the checkpoint itself reads.
  ///
  /// Others are left out of copies, so that damage meets what matters.
  package static let keys: Set<String> = {
    var keys: Set = [
      "f", "names", "stride", "task", "args", "affine", "xyxy", "return_indices", "size",
      "transforms",
    ]
    for row in AttributeTable.classes.values {
      keys.formUnion(row.filter { $0.value == .used }.keys)
    }
    return keys
  }()

  /// Returns a copy with copies of all that is below; what is shared or inside itself stays so.
  package func copy() -> ModuleSketch {
    var copies = [ObjectIdentifier: ModuleSketch]()
    func copy(_ module: ModuleSketch) -> ModuleSketch {
      if let known = copies[ObjectIdentifier(module)] { return known }
      let result = ModuleSketch(
        module.qualifiedName, attributes: module.attributes, tensors: module.tensors)
      copies[ObjectIdentifier(module)] = result
      result.children = module.children.map { ($0.name, copy($0.module)) }
      return result
    }
    return copy(self)
  }

  /// This module and all below it, each once, with the path that it is first met at.
  package var all: [(path: String, module: ModuleSketch)] {
    var seen = Set<ObjectIdentifier>()
    var result = [(path: String, module: ModuleSketch)]()
    func visit(_ module: ModuleSketch, _ path: String) {
      guard seen.insert(ObjectIdentifier(module)).inserted else { return }
      result.append((path, module))
      for (name, child) in module.children {
        visit(child, path.isEmpty ? name : "\(path).\(name)")
      }
    }
    visit(self, "")
    return result
  }

  /// The module at a path below this one.
  package subscript(path: String) -> ModuleSketch? {
    var module = self
    for component in path.split(separator: ".") {
      guard let child = module.children.last(where: { $0.name == component }) else { return nil }
      module = child.module
    }
    return module
  }

  /// An attribute; setting nil removes it.
  package subscript(attribute key: String) -> ValueSketch? {
    get { attributes.first { $0.key == key }?.value }
    set {
      guard let newValue else { return attributes.removeAll { $0.key == key } }
      if let index = attributes.firstIndex(where: { $0.key == key }) {
        attributes[index].value = newValue
      } else {
        attributes.append((key, newValue))
      }
    }
  }

  /// Replaces or appends a tensor.
  package func setTensor(_ name: String, _ tensor: TensorSketch) {
    if let index = tensors.firstIndex(where: { $0.name == name }) {
      tensors[index].tensor = tensor
    } else {
      tensors.append((name, tensor))
    }
  }
}

/// An attribute of a `ModuleSketch`: a Python value.
package indirect enum ValueSketch {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case list([ValueSketch])
  case tuple([ValueSketch])
  case dictionary([(key: ValueSketch, value: ValueSketch)])
  case tensor(TensorSketch)
  case object(className: String, attributes: [(key: String, value: ValueSketch)])

  /// Copies an attribute.
  package init(_ value: AttributeValue) {
    switch value {
    case .none, .opaque: self = .none
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .float(let value): self = .float(value)
    case .string(let value): self = .string(value)
    case .list(let values): self = .list(values.map(ValueSketch.init))
    case .tuple(let values): self = .tuple(values.map(ValueSketch.init))
    case .dictionary(let entries):
      self = .dictionary(entries.map { (ValueSketch($0.key), ValueSketch($0.value)) })
    case .tensor(let tensor): self = .tensor(TensorSketch(tensor))
    case .record(let record):
      self = .object(
        className: record.qualifiedName,
        attributes: record.attributes.sorted { $0.key < $1.key }
          .map { ($0.key, ValueSketch($0.value)) })
    }
  }

  /// A single integer, or the first of a list or tuple.
  package var int: Int? {
    switch self {
    case .int(let value): value
    case .list(let values), .tuple(let values): values.first?.int
    default: nil
    }
  }

  /// The integers of a list or tuple, or a single one.
  package var ints: [Int]? {
    switch self {
    case .int(let value): [value]
    case .list(let values), .tuple(let values):
      values.allSatisfy { $0.int != nil } ? values.compactMap(\.int) : nil
    default: nil
    }
  }
}

/// A tensor of a `ModuleSketch`: a view of bytes that need not be enough for it.
package struct TensorSketch {
  /// Bytes that several tensors may share.
  package final class Storage {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }
  }

  /// The type of the elements.
  package var elementType: ElementType
  /// The declared shape.
  package var shape: [Int]
  /// The distances between neighbors of each dimension; nil for row-major order.
  package var strides: [Int]?
  /// The first element in the storage.
  package var offset = 0
  /// The elements.
  package var storage: Storage

  /// Copies a tensor.
  package init(_ tensor: WeightTensor) {
    elementType = tensor.elementType
    shape = tensor.shape
    storage = Storage(
      [UInt8](unsafeUninitializedCapacity: tensor.byteCount) { buffer, initialized in
        // SAFETY: the buffer has room for exactly the tensor's bytes.
        tensor.readBytes(
          into: UnsafeMutableRawBufferPointer(
            start: buffer.baseAddress, count: tensor.byteCount))
        initialized = tensor.byteCount
      })
  }

  /// Creates a tensor of 32-bit floating-point numbers.
  package init(shape: [Int], values: [Float]) {
    elementType = .float32
    self.shape = shape
    storage = Storage(values.withUnsafeBytes { Array($0) })
  }

  /// Creates a tensor of small arbitrary numbers around a mean; nil for more than `limit` elements.
  package init?(
    shape: [Int], around mean: Float, upTo deviation: Float, limit: Int = 1 << 18,
    using random: inout SplitMix64
  ) {
    guard let count = Self.count(shape), count <= limit else { return nil }
    // As many as a period of the pattern has, which is enough of a variety.
    let pattern = (0..<min(count, 509)).map { _ in
      mean + Float.random(in: -deviation...deviation, using: &random)
    }
    self.init(shape: shape, values: (0..<count).map { pattern[$0 % pattern.count] })
  }

  /// The number of elements that a shape declares; nil for negative ones, and where it overflows.
  package static func count(_ shape: [Int]) -> Int? {
    var count = 1
    for length in shape {
      guard length >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: length)
      guard !overflow else { return nil }
      count = product
    }
    return count
  }

  /// Returns the elements in row-major order, as many as the shape declares.
  ///
  /// Where the view reaches beyond the storage it goes on from the storage's start. Nil for more
  /// than `limit` bytes.
  func rowMajorBytes(limit: Int) -> [UInt8]? {
    let size = elementType.size
    guard let count = Self.count(shape), count <= limit / size else { return nil }
    let available = storage.bytes.count / size
    if strides == nil, offset == 0, count == available { return storage.bytes }
    guard available > 0 else { return count == 0 ? [] : nil }
    var packed = [Int]()
    var step = 1
    for length in shape.reversed() {
      packed.insert(step, at: 0)
      step = step &* length
    }
    let strides = strides ?? packed
    guard strides.count == shape.count else { return nil }
    var result = [UInt8]()
    result.reserveCapacity(count * size)
    for index in 0..<count {
      var rest = index
      var position = offset
      for (length, stride) in zip(shape, strides).reversed() {
        position = position &+ (rest % length) &* stride
        rest /= length
      }
      let element = (position % available + available) % available
      result += storage.bytes[element * size..<(element + 1) * size]
    }
    return result
  }
}
