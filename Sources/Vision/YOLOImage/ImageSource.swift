/// An image that is still to be decoded: a name, and how the image is created.
///
///     let upload = ImageSource("upload 17") { try ImageReader.decode(bytes, named: "upload 17") }
///
/// A list of sources is small, however large the images are: each is decoded where and when it is
/// predicted. `YOLOImageIO` creates sources of files and of encoded bytes.
public struct ImageSource: Sendable {
  /// What results and errors call the image.
  public let name: String
  private let decode: @Sendable () throws -> Image

  /// Creates a source.
  ///
  /// - Parameters:
  ///   - name: What results and errors call the image.
  ///   - decode: Creates the image; it may block, and is called on the thread of the prediction.
  public init(_ name: String, decode: @escaping @Sendable () throws -> Image) {
    self.name = name
    self.decode = decode
  }

  /// Creates a source of an image that is there already.
  public init(_ image: Image, named name: String = "image") {
    self.init(name) { image }
  }

  /// Creates the image; blocks the calling thread as long as that takes.
  public func image() throws -> Image { try decode() }
}

extension ImageSource: CustomStringConvertible {
  /// The name.
  public var description: String { name }
}
