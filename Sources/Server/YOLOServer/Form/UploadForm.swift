#if Server
package import HTTPTypes
package import NIOCore
import Synchronization
package import YOLOServerOptions
import YOLOSystem

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
  ///   - headers: The headers of the request; a body that is said to be too large is not read.
  ///   - limits: How large everything may be.
  ///   - budget: What all uploads together may take.
  ///   - onReady: Called once nothing in the headers is against the body, before it is read.
  /// - Returns: The form, with a file.
  /// - Throws: `APIError` of status 400 for a form that is malformed or has no file, 413 for one
  ///   that is too large, 415 for another type of content, 503 if the budget is used up; or what
  ///   `body` or `onReady` throws.
  package static func read(
    from body: some AsyncSequence<ByteBuffer, any Error>, headers: HTTPFields,
    limits: ServerLimits, budget: UploadBudget, onReady: () async throws -> Void = {}
  ) async throws -> UploadForm {
    if let coding = headers[.contentEncoding], !["", "identity"].contains(coding.lowercased()) {
      throw APIError.unsupportedMedia(
        "The body is encoded as \(coding.excerpt()), which this server does not decode: send it "
          + "without Content-Encoding.")
    }
    guard let contentType = headers[.contentType] else { throw APIError.notAForm(nil) }
    var receiver = try FormReceiver(
      contentType: contentType, limits: limits, reservation: UploadReservation(of: budget))
    if let length = headers[.contentLength].flatMap({ Int($0) }), length > limits.bodyBytes {
      throw APIError.bodyTooLarge(limit: limits.bodyBytes)
    }
    try await onReady()
    for try await chunk in body { try await receiver.receive(chunk) }
    return try await receiver.finish()
  }
}

extension APIError {
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

/// Bounds the bytes of all files that are being received, wait, or are worked on.
package final class UploadBudget: Sendable {
  /// The bytes in all.
  package let limit: Int
  private let used = Mutex(0)

  package init(limit: Int) { self.limit = limit }

  /// The bytes that are held now.
  package var usedBytes: Int { used.withLock { $0 } }

  fileprivate func take(_ count: Int) throws(APIError) {
    let isTaken = used.withLock {
      guard $0 + count <= limit else { return false }
      $0 += count
      return true
    }
    guard isTaken else {
      throw .unavailable("The server holds as many files as it may, of \(limit) bytes in all.")
    }
  }

  fileprivate func give(_ count: Int) { used.withLock { $0 -= count } }
}

/// The bytes of one upload; they are given back when the last reference goes.
package final class UploadReservation: Sendable {
  private let budget: UploadBudget
  private let count = Mutex(0)

  package init(of budget: UploadBudget) { self.budget = budget }

  deinit { budget.give(count.withLock { $0 }) }

  /// Adds bytes.
  ///
  /// - Throws: `APIError` of status 503 if there are no more for anybody.
  package func grow(by bytes: Int) throws(APIError) {
    try budget.take(bytes)
    count.withLock { $0 += bytes }
  }
}
#endif
