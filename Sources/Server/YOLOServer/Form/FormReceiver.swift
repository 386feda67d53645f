#if Server
import YOLOSystem
import YOLOServerOptions
import HTTPTypes
import NIOCore

/// Puts a form together from the chunks of its body.
struct FormReceiver {
  /// What the file may be called: the HUB API's name, and that of its older clients.
  static let fileNames: Set = ["file", "image"]

  private var parser: MultipartParser
  private let limits: ServerLimits
  private let reservation: UploadReservation

  private var bodyBytes = 0
  private var fields: [String: String] = [:]
  private var field: (name: String, bytes: [UInt8])?
  private var file: UploadedFile?
  private var intake: FileReceiver?
  private var fileBytes = 0

  init(contentType: String, limits: ServerLimits, reservation: UploadReservation) throws {
    let boundary: MultipartBoundary?
    do {
      boundary = try MultipartBoundary(contentType: contentType)
    } catch {
      throw APIError.malformed(error)
    }
    guard let boundary else { throw APIError.notAForm(contentType.excerpt()) }
    parser = MultipartParser(boundary: boundary, partLimit: limits.parts)
    self.limits = limits
    self.reservation = reservation
  }

  /// Consumes the next chunk of the body.
  mutating func receive(_ chunk: ByteBuffer) async throws {
    bodyBytes += chunk.readableBytes
    guard bodyBytes <= limits.bodyBytes else {
      throw APIError.bodyTooLarge(limit: limits.bodyBytes)
    }
    var events: [MultipartParser.Event] = []
    do {
      try parser.feed(chunk) { events.append($0) }
    } catch let error as MultipartError {
      throw APIError.malformed(error)
    }
    for event in events { try await receive(event) }
  }

  /// Ends the form.
  mutating func finish() async throws -> UploadForm {
    do {
      try parser.finish()
    } catch {
      throw APIError.malformed(error)
    }
    guard let file else {
      throw APIError.invalidField(
        "file", expected: "an image or a video",
        "The form has no file: send the image or video as its field file.")
    }
    return UploadForm(fields: fields, file: file, fileBytes: fileBytes, reservation: reservation)
  }

  private mutating func receive(_ event: MultipartParser.Event) async throws {
    switch event {
    case .part(let part):
      if Self.fileNames.contains(part.name) {
        guard file == nil else {
          throw APIError.invalidField("file", "The form has more than one file; send one.")
        }
        intake = FileReceiver(limits: limits, reservation: reservation)
      } else {
        guard fields[part.name] == nil else {
          let name = part.name.excerpt()
          throw APIError.invalidField(name, "The form has the field \(name) more than once.")
        }
        field = (part.name, [])
      }
    case .data(let bytes):
      if intake != nil {
        fileBytes += bytes.count
        try await intake?.receive(bytes)
      } else {
        field?.bytes += bytes
        guard field?.bytes.count ?? 0 <= limits.fieldBytes else {
          throw APIError.tooLarge(
            "The field \((field?.name ?? "").excerpt()) has more than \(limits.fieldBytes) bytes.",
            limit: limits.fieldBytes, unit: "bytes")
        }
      }
    case .partEnd:
      if let intake {
        file = try await intake.finish()
        self.intake = nil
      } else if let field {
        guard let text = String(validating: field.bytes, as: UTF8.self) else {
          let name = field.name.excerpt()
          throw APIError.invalidField(name, "The field \(name) is not UTF-8.")
        }
        fields[field.name] = text
        self.field = nil
      }
    }
  }
}

extension APIError {
  fileprivate static func malformed(_ error: MultipartError) -> APIError {
    APIError(.badRequest, "VALIDATION_ERROR", "\(error)")
  }
}
#endif
