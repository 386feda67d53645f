public import YOLOTensor

/// The values that a training changes, and their gradients: one run of memory for each, every tensor at
/// an offset of its own.
///
/// Values are in PyTorch's order: a convolution's weight is [output, input / groups, height, width].
/// The store is not synchronized: whoever trains owns it.
public final class ParameterStore: @unchecked Sendable {
  /// What a tensor is for the optimizer.
  public enum Kind: Sendable, Hashable {
    /// A weight, which decays.
    case weight
    /// The scale of a normalization.
    case normalization
    /// A bias, of a normalization too.
    case bias
    /// A statistic of a normalization, which has no gradient: the running mean or variance.
    case statistic
  }

  /// A tensor of the store.
  public struct Entry: Sendable, Hashable {
    /// The key that the checkpoint has: `model.0.conv.weight`.
    public let key: String
    /// The dimensions, outermost first.
    public let shape: [Int]
    /// What it is for the optimizer.
    public let kind: Kind
    /// Whether the training changes it; statistics of frozen layers stay, too.
    public let isTrainable: Bool
    /// The position of the first value, in elements; a multiple of 16.
    public let offset: Int
    /// The number of values.
    public var count: Int { shape.reduce(1, *) }
    /// The positions of the values.
    public var range: Range<Int> { offset..<offset + count }
  }

  /// The tensors, in the order in which they were added.
  public let entries: [Entry]
  /// The number of elements of either run; those between tensors are zero.
  public let count: Int
  /// The first value.
  public let values: UnsafeMutablePointer<Float>
  /// The first gradient.
  public let gradients: UnsafeMutablePointer<Float>

  private let indices: [String: Int]
  private let valueStorage: AlignedStorage
  private let gradientStorage: AlignedStorage

  /// A tensor to be added to a store.
  public struct Description: Sendable {
    /// The key that the checkpoint has.
    public let key: String
    /// The dimensions, outermost first.
    public let shape: [Int]
    /// What it is for the optimizer.
    public let kind: Kind
    /// Whether the training changes it.
    public let isTrainable: Bool

    /// Creates a description.
    public init(key: String, shape: [Int], kind: Kind, isTrainable: Bool = true) {
      self.key = key
      self.shape = shape
      self.kind = kind
      self.isTrainable = isTrainable
    }
  }

  /// Creates a store of zeros; keys are unique.
  ///
  /// - Throws: `AllocationFailure` where the system refuses the memory.
  public init(_ tensors: [Description]) throws(AllocationFailure) {
    var entries = [Entry]()
    var indices = [String: Int]()
    var position = 0
    for tensor in tensors {
      precondition(indices[tensor.key] == nil, "\(tensor.key) is there already")
      indices[tensor.key] = entries.count
      let entry = Entry(
        key: tensor.key, shape: tensor.shape, kind: tensor.kind, isTrainable: tensor.isTrainable,
        offset: position)
      entries.append(entry)
      position += (entry.count + 15) / 16 * 16
    }
    self.entries = entries
    self.indices = indices
    count = position
    valueStorage = try AlignedStorage(mapping: position * MemoryLayout<Float>.stride)
    gradientStorage = try AlignedStorage(mapping: position * MemoryLayout<Float>.stride)
    values = valueStorage.floats
    gradients = gradientStorage.floats
  }

  /// Returns the tensor of a key, if there is one.
  public subscript(key key: String) -> Entry? { indices[key].map { entries[$0] } }

  /// Sets every gradient to zero.
  public func clearGradients() { gradients.update(repeating: 0, count: count) }
}
