public import JSONText

/// Writes the answer of the HUB inference API, `{"images":[…],"metadata":{…}}`, image by image.
public struct ResultReport: Sendable {
  private var json = JSONWriter()
  private let isNormalized: Bool

  /// Opens a report.
  ///
  /// - Parameter isNormalized: Whether coordinates are divided by an image's width and height.
  public init(isNormalized: Bool = false) {
    self.isNormalized = isNormalized
    json.beginObject()
    json.key("images")
    json.beginArray()
  }

  /// Adds an image's result.
  public mutating func append(_ image: Prediction) {
    image.write(to: &json, isNormalized: isNormalized)
  }

  /// Closes the report; nothing may be added after that.
  public mutating func finish(metadata: [JSONMember]) {
    json.endArray()
    json.key("metadata")
    json.value(.object(metadata))
    json.endObject()
  }

  /// Returns what has been written since the last call.
  public mutating func takeBytes() -> [UInt8] { json.takeBytes() }
}
