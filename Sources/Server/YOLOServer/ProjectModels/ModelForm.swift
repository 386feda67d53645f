#if Server
import HTTPTypes
import Hummingbird
import NIOCore
import YOLOSystem

/// A form with a model's file, which is stored piece by piece as it comes.
struct ModelForm: Sendable {
  /// The maximum size of a file in bytes.
  static let fileLimit = 1 << 30
  /// The maximum size of everything else.
  private static let restLimit = 1 << 20
  /// The maximum number of parts.
  private static let partLimit = 32
  /// The fields that are read; others are ignored.
  private static let names: Set = ["projectId", "name", "description", "model"]
  /// The bytes that are written at once.
  private static let pieceSize = 256 << 10

  /// The fields that are no file, by name; those that are empty count as not given.
  let fields: [String: String]
  /// The file.
  let file: StagedObject
  /// What the client calls the file.
  let fileName: String

  /// Receives a form; the file counts as one of the account from its first byte on.
  ///
  /// - Throws: `APIError` of status 400 for a form that is malformed or has no file, 413 for one that
  ///   is too large, 415 for another type of content; or what the body or the store throws.
  static func receive(
    _ request: Request, _ context: ServerContext, into store: ObjectStore, of account: Account
  ) async throws -> ModelForm {
    if let coding = request.headers[.contentEncoding],
      !["", "identity"].contains(coding.lowercased())
    {
      throw APIError.unsupportedMedia(
        "The body is encoded as \(coding.excerpt()), which this server does not decode: send it "
          + "without Content-Encoding.")
    }
    let boundary: MultipartBoundary?
    do throws(MultipartError) {
      boundary = try MultipartBoundary(contentType: request.headers[.contentType] ?? "")
    } catch {
      throw APIError.malformedForm(error)
    }
    guard let boundary else { throw APIError.notAForm(request.headers[.contentType]) }
    let limit = fileLimit + restLimit
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
      throw APIError.bodyTooLarge(limit: limit)
    }
    var receiver = Receiver(
      parser: MultipartParser(boundary: boundary, partLimit: partLimit),
      writer: try await store.begin(for: account))
    try await context.channel.beginTransfer()
    if request.headers[.expect] != nil { try await context.channel.inviteBody() }
    for try await chunk in request.body { try await receiver.receive(chunk) }
    return try await receiver.finish()
  }

  /// Puts a form together from the chunks of its body.
  private struct Receiver {
    var parser: MultipartParser
    let writer: ObjectWriter
    var fields: [String: String] = [:]
    var fileName: String?
    var rest = 0
    var waiting = ByteBuffer()
    var sink = Sink.nothing

    /// Where the bytes of a part go.
    enum Sink {
      case file
      case field(name: String, bytes: [UInt8])
      case nothing
    }

    mutating func receive(_ chunk: ByteBuffer) async throws {
      var events: [MultipartParser.Event] = []
      do {
        try parser.feed(chunk) { events.append($0) }
      } catch let error as MultipartError {
        throw APIError.malformedForm(error)
      }
      for event in events {
        switch event {
        case .part(let part): sink = try sink(of: part)
        case .data(let bytes): try append(bytes)
        case .partEnd: try endPart()
        }
      }
      if waiting.readableBytes >= ModelForm.pieceSize { try await write() }
    }

    mutating func finish() async throws -> ModelForm {
      do throws(MultipartError) {
        try parser.finish()
      } catch {
        throw APIError.malformedForm(error)
      }
      try await write()
      guard let fileName, writer.bytes > 0 else {
        throw APIError.invalidField(
          "file", expected: "a checkpoint, a .pt file",
          fileName == nil
            ? "The form has no file: send the .pt file as its field file." : "file: is empty.")
      }
      return ModelForm(
        fields: fields.filter { !$0.value.isEmpty }, file: try await writer.finish(),
        fileName: fileName)
    }

    private mutating func write() async throws {
      let piece = waiting
      waiting = ByteBuffer()
      if piece.readableBytes > 0 { try await writer.append([piece]) }
    }

    private mutating func sink(of part: MultipartPart) throws(APIError) -> Sink {
      if part.name == "file" {
        guard fileName == nil else {
          throw .invalidField("file", "The form has more than one file; send one.")
        }
        fileName = part.fileName ?? ""
        return .file
      }
      guard ModelForm.names.contains(part.name) else { return .nothing }
      guard fields[part.name] == nil else {
        throw .invalidField(part.name, "The form has the field \(part.name) more than once.")
      }
      return .field(name: part.name, bytes: [])
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) throws(APIError) {
      if case .file = sink {
        guard writer.bytes + waiting.readableBytes + bytes.count <= ModelForm.fileLimit else {
          throw .tooLarge(
            "The file has more than \(ModelForm.fileLimit) bytes.", limit: ModelForm.fileLimit,
            unit: "bytes")
        }
        waiting.writeBytes(bytes)
        return
      }
      rest += bytes.count
      guard rest <= ModelForm.restLimit else {
        throw .tooLarge(
          "The parts of the form besides its file have more than \(ModelForm.restLimit) bytes.",
          limit: ModelForm.restLimit, unit: "bytes")
      }
      guard case .field(let name, var text) = sink else { return }
      sink = .nothing
      text += bytes
      sink = .field(name: name, bytes: text)
    }

    private mutating func endPart() throws(APIError) {
      if case .field(let name, let bytes) = sink {
        guard let text = String(validating: bytes, as: UTF8.self) else {
          throw .invalidField(name, "The field \(name) is not UTF-8.")
        }
        fields[name] = text
      }
      sink = .nothing
    }
  }
}

extension APIError {
  /// 400: a form is not what RFC 7578 wants.
  fileprivate static func malformedForm(_ error: MultipartError) -> APIError {
    APIError(.badRequest, "VALIDATION_ERROR", "\(error)")
  }
}
#endif
