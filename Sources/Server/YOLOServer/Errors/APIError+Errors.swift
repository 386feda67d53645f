#if Server
import YOLOOptions
import HTTPTypes
import Hummingbird
import JSONText
import NIOCore
import NIOHTTP1
import YOLO
import YOLOImageIO
import YOLOVideo

extension APIError {
  /// Creates the response to an error of the layers below; nil for one that is a fault.
  init?(_ error: any Error) {
    switch error {
    case let error as APIError: self = error
    case let error as OptionError: self = Self(option: error)
    case let error as ImageIOError: self = Self(image: error)
    case let error as YOLOError:
      guard let failure = Self(runtime: error) else { return nil }
      self = failure
    case let error as PlatformError:
      guard let failure = Self(platform: error) else { return nil }
      self = failure
    case let error as AddressSigner.Refusal: self = Self(address: error)
    case let error as DecodingError: self = Self(decoding: error)
    case let error as HTTPParserError: self = Self(http: error)
    case let error as HTTPError:
      guard let failure = Self(http: error) else { return nil }
      self = failure
    // What the socket reports: the connection was reset or closed while a body was read.
    case is IOError, is ChannelError: self = .clientClosed
    default: return nil
    }
  }

  private init(option error: OptionError) {
    self = .invalidField(
      error.option, given: error.given, expected: error.expected, "\(error)")
  }

  private init(image error: ImageIOError) {
    switch error {
    case .tooManyBytes(_, _, let maximum):
      self = .tooLarge("\(error)", limit: maximum, unit: "bytes")
    case .tooManyPixels(_, _, let maximum):
      self = .tooLarge("\(error)", limit: maximum, unit: "pixels")
    case .tooManyScans(_, let maximum):
      self = .tooLarge("\(error)", limit: maximum, unit: "scans")
    case .empty, .channels, .unsupportedFormat, .missingLibrary, .truncated, .corrupt:
      self = .unsupportedMedia("\(error)")
    case .unreadable, .notAFile, .unknownSuffix, .unencodable, .unwritable:
      self = .fault
    }
  }

  /// Creates the response to an error of a video; `path`, where the video was stored, is not told.
  init(_ error: VideoError, storedAt path: String) {
    let message = "\(error)".replacing(path, with: "file")
    switch error {
    case .notInstalled(let program):
      self = .unsupportedMedia(
        "This server takes images only: it has no program \(program), which videos need.")
    case .noVideo, .noVideoStream, .damaged:
      self = .unsupportedMedia(message)
    case .tooLong(_, let maximum):
      self = .tooLarge(message, limit: Int(maximum), unit: "seconds")
    case .tooManyFrames(_, let maximum):
      self = .tooLarge(message, limit: maximum, unit: "frames")
    case .tooManyPixels(_, let maximum):
      self = .tooLarge(message, limit: maximum, unit: "pixels")
    case .tooManyBytes(_, let maximum):
      self = .tooLarge(message, limit: maximum, unit: "bytes")
    case .timedOut:
      self = .unavailable(message, rejection: .timeout)
    case .endedEarly:
      self = APIError(.internalServerError, "INTERNAL_ERROR", message)
    case .unreadable, .unwritable:
      self = .fault
    }
  }

  private init?(runtime error: YOLOError) {
    switch error.code {
    // The message begins with the option's name.
    case .option:
      self = .invalidField(String(error.message.prefix { $0 != " " }), error.message)
    case .channels: self = .unsupportedMedia(error.message)
    case .tooLarge:
      self = APIError(
        .contentTooLarge, "PAYLOAD_TOO_LARGE", error.message, rejection: .tooLarge)
    default: return nil
    }
  }

  private init?(platform error: PlatformError) {
    switch error {
    case .invalid(let argument, let given, let expected):
      self = .invalidField(argument, given: given, expected: expected, error.sentence)
    // What an account may be told: the names of commands are for operators.
    case .unknownAccount(let name): self = .notFound("There is no account \(name).")
    case .unknownKey(let id): self = .notFound("There is no active key \(id).")
    case .unknownUpload(let id): self = .notFound("There is no upload \(id), or it is over.")
    case .takenName, .tooMany, .repeatedEntry, .redeemedUpload, .changedUpload, .takenSlug,
      .projectInTrash, .unconfirmedDeletion, .activeSubscription, .namesake, .activeTraining,
      .inactiveTraining, .datasetInTraining, .noWeights, .activeExport, .takenDeployment,
      .deploymentState:
      self = .conflict(error.sentence)
    case .emptyDataset: self = APIError(.badRequest, "VALIDATION_ERROR", error.sentence)
    case .unknownResource, .unknownImage, .unknown, .unknownExport, .unknownDeployment:
      self = .notFound(error.sentence)
    case .busyDataset(_, let seconds):
      // Clients try again four times: what has taken long already may take as long again.
      self = APIError(
        .conflict, "CONFLICT", error.sentence, retryAfter: min(max(5, seconds), 60))
    case .changedDataset: self = APIError(.conflict, "CONFLICT", error.sentence, retryAfter: 5)
    case .foreignResource, .planLimit, .boundKey: self = .forbidden(error.sentence)
    case .insufficientCredits: self = .insufficientCredits(error.sentence)
    case .storageFull(let used, _, let limit):
      self = .forbidden(
        error.sentence, details: [JSONMember("used", .int(used)), JSONMember("limit", .int(limit))])
    case .storage(.unknown(let what)): self = .notFound("There is no \(what).")
    // Paths are for operators.
    case .storage(.diskFull), .database(.full):
      self = .unavailable("The server has no room on its disk.", retryAfter: 60)
    case .database(.busy):
      self = .unavailable("The database is locked by another process; try again.")
    case .storage, .database: return nil
    }
  }

  private init(address refusal: AddressSigner.Refusal) {
    switch refusal {
    case .unsigned: self = .forbidden("This address has no valid signature.")
    case .late: self = .forbidden("This address has expired: ask for a new one.")
    }
  }

  /// Creates the response to JSON that is not what a request must have.
  private init(decoding error: DecodingError) {
    func path(_ keys: [any CodingKey]) -> String {
      keys.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    }
    switch error {
    case .keyNotFound(let key, let context):
      let name = path(context.codingPath + [key])
      self = .invalidField(name, expected: "a value", "\(name) is missing.")
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      let name = path(context.codingPath)
      let expected = Self.kind(of: type)
      self = .invalidField(
        name.isEmpty ? "body" : name, expected: expected,
        name.isEmpty ? "The body must be \(expected)." : "\(name) must be \(expected).")
    case .dataCorrupted(let context):
      let name = path(context.codingPath)
      self =
        name.isEmpty
        ? .invalidField("body", expected: "JSON", "The body is no JSON.")
        : .invalidField(name, "\(name) is not what it must be.")
    @unknown default: self = .invalidField("body", "The body is not what it must be.")
    }
  }

  /// What a type is called in JSON.
  private static func kind(of type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a string"
    case is Int.Type: "an integer"
    case is Double.Type: "a number"
    case is Bool.Type: "true or false"
    case is [String].Type, is [Any].Type: "a list"
    default: "an object"
    }
  }

  /// Creates the response to bytes that are no request.
  init(http error: HTTPParserError) {
    switch error {
    case .headerOverflow:
      self = APIError(
        .requestHeaderFieldsTooLarge, "PAYLOAD_TOO_LARGE",
        "The head of the request is larger than the server takes.", rejection: .tooLarge)
    default:
      self = APIError(
        .badRequest, "VALIDATION_ERROR", "This is no request of HTTP/1.1: \(error).")
    }
  }

  private init?(http error: HTTPError) {
    switch error.status {
    case .notFound: self = .notFound("There is nothing at this path.")
    case .badRequest:
      self = APIError(
        .badRequest, "VALIDATION_ERROR", error.body ?? "The request is malformed.")
    default: return nil
    }
  }
}

extension PlatformError {
  /// The description as a sentence, for whoever uses the API.
  fileprivate var sentence: String {
    switch self {
    // It begins with the argument, which is written as it is.
    case .invalid: "\(self)."
    default: "\(description.prefix(1).uppercased())\(description.dropFirst())."
    }
  }
}
#endif
