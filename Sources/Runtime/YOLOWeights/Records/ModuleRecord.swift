/// A module of a checkpoint as it was saved: its class, attributes, tensors and children.
///
/// Records are inert and immutable; a graph is built from them. Every record knows its path, so
/// that weight keys, tap names and messages are one string.
public final class ModuleRecord: Sendable {
  /// The maximum number of modules inside one another.
  package static let depthLimit = 32

  /// The class with its present module path, such as `ultralytics.nn.modules.block.C2f`.
  public let qualifiedName: String
  /// The class alone, such as `C2f`.
  public let className: String
  /// The place in the model, such as `model.2.m.0`; empty for the root.
  public let path: String
  /// The last component of the path: the name inside the parent.
  public let name: String
  /// The attributes: everything but tensors, children and hooks.
  public let attributes: [String: AttributeValue]
  /// The parameters and buffers by name.
  public let tensors: [String: WeightTensor]
  /// The names of the parameters, then of the buffers, in the order of the file.
  public let tensorNames: [String]
  /// The child modules in the order of the file.
  public let children: [ModuleRecord]
  package let usage: UsageTracker
  private let positions: [String: Int]

  init(
    qualifiedName: String, path: String, name: String, attributes: [String: AttributeValue],
    tensors: [String: WeightTensor], tensorNames: [String], children: [ModuleRecord],
    usage: UsageTracker
  ) {
    self.qualifiedName = qualifiedName
    className = ClassPath.lastComponent(of: qualifiedName)
    self.path = path
    self.name = name
    self.attributes = attributes
    self.tensors = tensors
    self.tensorNames = tensorNames
    self.children = children
    self.usage = usage
    positions = Dictionary(
      children.indices.map { (children[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The record at a path below this one, such as `cv1.conv`, or nil; the empty path is this
  /// record.
  public subscript(path: String) -> ModuleRecord? {
    var record = self
    for component in path.split(separator: ".") {
      guard let position = record.positions[String(component)] else { return nil }
      record = record.children[position]
    }
    return record
  }

  /// Whether there is a child of this name.
  public func hasChild(_ name: String) -> Bool { positions[name] != nil }

  /// Returns the child of a name.
  ///
  /// - Throws: `WeightError.missingChild`.
  public func child(_ name: String) throws(WeightError) -> ModuleRecord {
    guard let position = positions[name] else {
      throw .missingChild(file: usage.file, record: label, key: name)
    }
    return children[position]
  }

  /// The key of a tensor of this record, such as `model.0.conv.weight`.
  public func key(of tensor: String) -> String { path.isEmpty ? tensor : "\(path).\(tensor)" }

  /// What messages call this record: its path and class.
  var label: String { path.isEmpty ? "the model (\(className))" : "\(path) (\(className))" }
}

/// The bounds of a record tree.
///
/// They hold for the tree with everything shared written out, because whoever walks it meets shared
/// parts again and again; a large model stays below a tenth of each.
package enum RecordLimits {
  /// The modules.
  package static let modules = 20_000
  /// The attribute values, and one for every 64 bytes of text.
  package static let values = 1_000_000
  /// The values that are converted, whether kept or not.
  package static let conversions = 1_000_000
  /// The attribute values inside one another; deeper ones become opaque.
  package static let depth = 16
  /// The bytes of all tensors beyond twice those of the file.
  package static let tensorBytes = 64 << 20
  /// The bytes of a module's or tensor's name inside its parent.
  package static let name = 128

  /// Whether a text can be one component of a path.
  static func isUsableName(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.count <= Self.name && !name.utf8.contains(UInt8(ascii: "."))
  }
}
