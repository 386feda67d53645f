#if Server
package import NIOCore
package import YOLOServerOptions

/// A form that was received: its fields, and its one file.
package final class UploadForm: Sendable {
  /// The fields that are no file, by name.
  package let fields: [String: String]
  /// The file.
  package let file: UploadedFile
  /// The size of the file.
  package let fileBytes: Int
  /// The part of the budget that the file takes; it is given back with the form.
  private let reservation: UploadReservation

  init(fields: [String: String], file: UploadedFile, fileBytes: Int, reservation: UploadReservation)
  {
    self.fields = fields
    self.file = file
    self.fileBytes = fileBytes
    self.reservation = reservation
  }

  /// Receives a form.
  ///
  /// - Parameters:
  ///   - body: The body of the request.
  ///   - contentType: The header `Content-Type`.
  ///   - contentLength: The header `Content-Length`; a body that is said to be too large is not read.
  ///   - limits: How large everything may be.
  ///   - budget: What all uploads together may take.
  /// - Returns: The form, with a file.
  /// - Throws: `APIError` of status 400 for a form that is malformed or has no file, 413 for one
  ///   that is too large, 415 for another type of content, 503 if the budget is used up; or what `body`
  ///   throws.
  package static func read(
    from body: some AsyncSequence<ByteBuffer, any Error>, contentType: String?,
    contentLength: Int?, limits: ServerLimits, budget: UploadBudget
  ) async throws -> UploadForm {
    guard let contentType else { throw APIError.notAForm("none") }
    var receiver = try FormReceiver(
      contentType: contentType, limits: limits, reservation: UploadReservation(of: budget))
    if let contentLength, contentLength > limits.bodyBytes {
      throw APIError.bodyTooLarge(limit: limits.bodyBytes)
    }
    for try await chunk in body { try await receiver.receive(chunk) }
    return try await receiver.finish()
  }
}

extension APIError {
  static func notAForm(_ type: String) -> APIError {
    .unsupportedMedia(
      "The body must be a form, Content-Type: multipart/form-data, with the image or video as its "
        + "field file; the type of this one is \(type).")
  }

  static func bodyTooLarge(limit: Int) -> APIError {
    .tooLarge("The body of the request has more than \(limit) bytes.", limit: limit, unit: "bytes")
  }
}

/// The file of a form, as it was received.
package enum UploadedFile: Sendable {
  /// The bytes of a file of an image's format.
  case image([UInt8])
  /// A video on disk.
  case video(TemporaryFile)
  /// Something else; its first bytes, for the message.
  case unknown([UInt8])
}
#endif
