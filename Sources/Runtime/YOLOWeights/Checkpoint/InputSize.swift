/// The image size that a model was trained at, in pixels.
public struct InputSize: Sendable, Hashable {
  /// The height.
  public let height: Int
  /// The width.
  public let width: Int

  /// Creates a size.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// Reads Python's `imgsz`: a number, a number as text, or a list of height and width.
  init?(_ value: AttributeValue) {
    func side(_ value: AttributeValue) -> Int? {
      let number: Int? =
        switch value {
        case .string(let text): Int(text)
        case .float(let real): Int(exactly: real)
        case .int(let integer): integer
        case .none, .bool, .list, .tuple, .dictionary, .tensor, .record, .opaque: nil
        }
      return number.flatMap { (1...65_536).contains($0) ? $0 : nil }
    }
    let sides = (value.elements ?? [value]).compactMap(side)
    guard (1...2).contains(sides.count), sides.count == value.elements?.count ?? 1 else {
      return nil
    }
    self.init(height: sides[0], width: sides[sides.count - 1])
  }
}
