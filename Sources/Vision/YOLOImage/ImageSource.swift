/// An image that is still to be decoded: a name, and how the image is created.
///
///     let upload = ImageSource("upload 17") { try ImageReader.decode(bytes, named: "upload 17") }
///
/// A list of sources is small, however large the images are: each is decoded where and when it is
/// predicted. `YOLOImageIO` creates sources of files and of encoded bytes.
public struct ImageSource: Sendable {
  /// What results and errors call the image.
  public let name: String
  private let decode: @Sendable (Int) throws -> Image

  /// Creates a source.
  ///
  /// - Parameters:
  ///   - name: What results and errors call the image.
  ///   - decode: Creates the image; it may block, and is called on the thread of the prediction.
  public init(_ name: String, decode: @escaping @Sendable () throws -> Image) {
    self.init(decoding: name) { _ in try decode() }
  }

  /// Creates a source whose image is decoded to a number of channels.
  package init(
    decoding name: String, decode: @escaping @Sendable (_ channels: Int) throws -> Image
  ) {
    self.name = name
    self.decode = decode
  }

  /// Creates a source of an image that is there already.
  public init(_ image: Image, named name: String = "image") {
    self.init(name) { image }
  }

  /// Creates the image; blocks the calling thread as long as that takes.
  ///
  /// Files and encoded bytes are decoded to the number of channels; an image that is there already,
  /// and what another closure creates, has the channels that it has.
  public func image(channels: Int = 3) throws -> Image { try decode(channels) }
}

extension ImageSource: CustomStringConvertible {
  /// The name.
  public var description: String { name }
}
