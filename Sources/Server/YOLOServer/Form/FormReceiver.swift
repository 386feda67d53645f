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
  private var file: UploadedFile?
  private var fileBytes = 0
  /// The name of the first file that is ignored.
  private var ignoredFile: String?
  private var sink = Sink.nothing

  /// Where the bytes of a part go.
  private enum Sink {
    /// To the file; `isUnnamed` if it is none should it have no bytes.
    case file(FileReceiver, isUnnamed: Bool, byteCount: Int)
    case field(name: String, bytes: [UInt8])
    /// Nowhere: the part is ignored.
    case nothing
  }

  init(contentType: String, limits: ServerLimits, reservation: UploadReservation) throws {
    let boundary: MultipartBoundary?
    do {
      boundary = try MultipartBoundary(contentType: contentType)
    } catch {
      throw APIError.malformed(error)
    }
    guard let boundary else { throw APIError.notAForm(contentType) }
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
        "The form has no file: send the image or video as its field file"
          + (ignoredFile.map { ", not as \($0.excerpt())." } ?? "."))
    }
    return UploadForm(fields: fields, file: file, fileBytes: fileBytes, reservation: reservation)
  }

  private mutating func receive(_ event: MultipartParser.Event) async throws {
    switch event {
    case .part(let part):
      sink = try sink(of: part)
    case .data(let bytes):
      try await receive(bytes)
    case .partEnd:
      try await endPart()
    }
  }

  private mutating func sink(of part: MultipartPart) throws(APIError) -> Sink {
    if Self.fileNames.contains(part.name) {
      guard file == nil || part.isUnnamed else { throw Self.secondFile }
      return .file(
        FileReceiver(limits: limits, reservation: reservation), isUnnamed: part.isUnnamed,
        byteCount: 0)
    }
    guard PredictRequest.fieldNames.contains(part.name) else {
      if part.fileNameBytes != nil, ignoredFile == nil { ignoredFile = part.name }
      return .nothing
    }
    guard fields[part.name] == nil else {
      throw .invalidField(part.name, "The form has the field \(part.name) more than once.")
    }
    return .field(name: part.name, bytes: [])
  }

  private mutating func receive(_ bytes: ArraySlice<UInt8>) async throws {
    switch sink {
    case .file(var receiver, let isUnnamed, let byteCount):
      guard file == nil else { throw Self.secondFile }
      sink = .nothing
      fileBytes += bytes.count
      try await receiver.receive(bytes)
      sink = .file(receiver, isUnnamed: isUnnamed, byteCount: byteCount + bytes.count)
    case .field(let name, var text):
      sink = .nothing
      text += bytes
      guard text.count <= limits.fieldBytes else {
        throw APIError.tooLarge(
          "The field \(name) has more than \(limits.fieldBytes) bytes.", limit: limits.fieldBytes,
          unit: "bytes")
      }
      sink = .field(name: name, bytes: text)
    case .nothing:
      break
    }
  }

  private mutating func endPart() async throws {
    switch sink {
    // A file input that was left empty.
    case .file(_, isUnnamed: true, byteCount: 0): break
    case .file(let receiver, _, _): file = try await receiver.finish()
    case .field(let name, let bytes):
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw APIError.invalidField(name, "The field \(name) is not UTF-8.")
      }
      fields[name] = text
    case .nothing: break
    }
    sink = .nothing
  }

  private static let secondFile = APIError.invalidField(
    "file", "The form has more than one file; send one.")
}

extension APIError {
  fileprivate static func malformed(_ error: MultipartError) -> APIError {
    APIError(.badRequest, "VALIDATION_ERROR", "\(error)")
  }
}
#endif
