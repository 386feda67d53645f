import YOLOSystem
import YOLOTensor

/// Reads what `torch.save` wrote before torch 1.6, and still writes where it is told so: five
/// pickles in a row (a number that marks the format, its version, the machine, the object, the keys
/// of the storages), then each storage with its length before it.
enum LegacyTorchReader {
  /// The version of the format that is read, the only one there is.
  private static let version = 1001

  static func read(_ file: MappedFile) throws(WeightError) -> Checkpoint {
    let (graph, storages) = try content(of: file)
    return try TorchReader.checkpoint(graph, storages, format: .legacyTorch)
  }

  /// Returns the outcome of the pickle and where the storages lie.
  static func content(
    of file: MappedFile, keepsOrigins: Bool = false
  ) throws(WeightError) -> (graph: PickleGraph, storages: StorageTable) {
    defer { withExtendedLifetime(file) {} }
    var offset = 0
    func next(_ entry: String) throws(WeightError) -> PickleGraph {
      // A view of the rest: the pickle says itself where it ends.
      let rest = file.bytes.count - offset
      guard let bytes = file.bytes.slice(at: offset, count: min(rest, PickleLimits.bytes)) else {
        throw .invalidPickle(file: file.name, entry: entry, offset: 0, reason: "it is missing")
      }
      let (graph, count) = try PickleMachine.runPrefix(
        of: bytes, file: file.name, entry: entry, keepsOrigins: keepsOrigins)
      offset += count
      return graph
    }
    // The number that marks the format told the file's kind.
    _ = try next("format mark")
    let version = try next("format version")
    guard version.root == .int(Self.version) else {
      throw .invalidPickle(
        file: file.name, entry: "format version", offset: 0,
        reason: "the version is not \(Self.version)")
    }
    let machine = try next("machine")
    if let entry = machine.entries(machine.root)?.first(where: { $0.key == "little_endian" }),
      entry.value != .bool(true)
    {
      throw .invalidModel(file: file.name, at: "machine", reason: "the byte order is not little")
    }
    let graph = try next("object")
    let keys = try next("storage keys")
    let ranges = try storages(of: graph, in: file, keys, from: offset)
    return (graph, StorageTable(file, ranges: ranges))
  }

  /// Finds the storages behind the pickles: each has its number of elements before its bytes.
  private static func storages(
    of graph: PickleGraph, in file: MappedFile, _ keys: PickleGraph, from start: Int
  ) throws(WeightError) -> [String: Range<Int>] {
    func damaged(_ reason: String, _ key: String = "") -> WeightError {
      .invalidModel(
        file: file.name, at: key.isEmpty ? "storage keys" : "storage \(key)", reason: reason)
    }
    var sizes: [String: (count: Int, size: Int)] = [:]
    for object in graph.objects where object.kind == .storage {
      guard let key = object.items.first.flatMap(graph.string), object.items.count >= 2,
        case .int(let count) = object.items[1],
        case .storage(let type) = graph.globals[Int(object.global)].role
      else { continue }
      sizes[key] = (count, type.size)
    }
    guard let list = keys.items(keys.root, .list, .tuple) else {
      throw damaged("they are not a list")
    }
    var ranges: [String: Range<Int>] = [:]
    var offset = start
    for item in list {
      guard let key = keys.string(item), let (count, size) = sizes[key] else {
        throw damaged("a storage that no tensor refers to")
      }
      guard let stated = file.bytes.uint64(at: offset), stated == UInt64(count) else {
        throw damaged("its length is not \(count) elements, or the file is truncated", key)
      }
      offset += 8
      let (bytes, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow, bytes <= file.count - offset else {
        throw damaged("its \(count) elements reach beyond the end of the file", key)
      }
      guard ranges.updateValue(offset..<offset + bytes, forKey: key) == nil else {
        throw damaged("it is there twice", key)
      }
      offset += bytes
    }
    return ranges
  }
}
