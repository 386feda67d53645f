#if Server
/// The file of a form, as it was received.
package enum UploadedFile: Sendable {
  /// The bytes of a JPEG, PNG or WebP file.
  case image([UInt8])
  /// A video on disk.
  case video(TemporaryFile)
  /// Something else; its first bytes, for the message.
  case unknown([UInt8])
}
#endif
