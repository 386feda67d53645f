/// An object from a checkpoint that is not a module of the model: its class and its parts.
public struct AttributeRecord: Sendable {
  /// The class with its module path, such as `torchvision.transforms.transforms.Resize`.
  public let qualifiedName: String
  /// What it was constructed with.
  public let arguments: [AttributeValue]
  /// Its attributes.
  public let attributes: [String: AttributeValue]

  /// The class alone, such as `Resize`.
  public var className: String { ClassPath.lastComponent(of: qualifiedName) }

  /// Creates a record.
  public init(
    qualifiedName: String, arguments: [AttributeValue], attributes: [String: AttributeValue]
  ) {
    self.qualifiedName = qualifiedName
    self.arguments = arguments
    self.attributes = attributes
  }
}
